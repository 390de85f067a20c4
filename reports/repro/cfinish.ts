/** How every program of ours ends: a word, a reason, kselftest's exit code. */
export const FINISH = `enum { PASS = 0, FAIL = 1, SKIP = 4 };

static void finish(int status, const char *why)
{
	static const char *const words[] = { "PASS", "FAIL", "", "", "SKIP" };

	printf("%s: %s\\n", words[status], why);
	exit(status);
}
`;
