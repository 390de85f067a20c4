/** How every program of ours ends: a word, a reason, kselftest's exit code. */
export const FINISH = `enum { PASS = 0, FAIL = 1, SKIP = 4 };

static void finish(int status, const char *why)
{
	printf("%s: %s\\n", status == PASS ? "PASS" : status == FAIL ? "FAIL" : "SKIP",
	       why);
	exit(status);
}
`;
