import { cExpression, stepKind } from "./calls.ts";
import { bornBy } from "../../src/trace/op.ts";
import { forks, hasKey, peeks, type Placed, touches } from "./chelpers.ts";
import { isLimited, limitHelpers } from "./climits.ts";
import { literal, statement } from "./ctext.ts";
import { outcomeName } from "./expectation.ts";
import type { Program, ProgramStep } from "./program.ts";

/** The table of steps: who performs each, and what was recorded. */
export function stepTable(program: Program): string {
  return `enum kind { SPAWN, FORK, EXIT, CALL };

/* Who performs a step, whom a fork brings to life, the errnos recorded. */
static const struct step {
	enum kind kind;
	int proc, child;
	int before, after;
	const char *text;
} steps[STEPS] = {
${program.steps.map((step) => `\t${tableRow(step)},\n`).join("")}};
`;
}

function tableRow({ op, text, before, after }: ProgramStep): string {
  const child = stepKind(op) === "FORK" ? bornBy(op) : -1;
  const fields = [stepKind(op), op.proc, child, outcomeName(before), outcomeName(after)];
  return `{ ${fields.join(", ")}, ${literal(text)} }`;
}

/** What each step does, in the process that does it, with the helpers it needs. */
export function performing(program: Program): string {
  const cases = program.steps
    .filter(({ op }) => op.op !== "spawn")
    .map(({ index, op }) => {
      const lines = statement(`return ${cExpression(op)};`);
      return `\tcase ${index}:\n${lines.map((line) => `\t\t${line}\n`).join("")}`;
    });
  const asks = program.expectation.kind === "mapping";
  const parts = [
    program.vias.length > 0 ? map(program) : "",
    ...touching(program),
    peeks(program) ? PEEK : "",
    forks(program) ? `static void live(int proc);\n\n${FORK}` : "",
  ];
  return `${parts
    .filter((part) => part !== "")
    .map((part) => `${part}\n`)
    .join("")}/* What each step does, in the process that does it; 0 or an errno. */
static int perform(int step)
{
	switch (step) {
${cases.join("")}	}
	return -1;
}

${live(asks)}
${isLimited(program) ? `${limitHelpers(program)}\n` : ""}${run(program)}${asks ? `\n${IS_MAPPED}` : ""}`;
}

/** Maps pages of the window. */
export const map = (
  program: Pick<Program, "vias">,
) => `/* Maps pages of the window from page \`pfn\` on at virtual page \`at\`. */
static int map(unsigned long at, unsigned long pages, int via,
	       unsigned long pfn, int prot, int share)
{
	void *address = AT(at);
	off_t offset = offsets[via] + (off_t)(pfn * PAGE);

	if (mmap(address, pages * PAGE, prot, share | MAP_FIXED, fds[via],
		 offset) != MAP_FAILED)
		return 0;
	${program.vias.includes("resource") ? "/* A PCI file refuses with EINVAL; /dev/mem may stand for one. */\n\treturn via == RESOURCE && errno == EAGAIN ? EINVAL : errno;" : "return errno;"}
}
`;

/** What touches a byte of a page, and what allocates a protection key, as far as any step does. */
export function touching(program: Placed): string[] {
  const key = hasKey(program) ? [OWN_KEY] : [];
  return touches(program) ? [...key, touch(key.length > 0)] : key;
}

const OWN_KEY = `/* A protection key with every right to it; children have it too. */
static int own_key(void)
{
	static int key = -1;

	if (key < 0)
		key = (int)syscall(SYS_pkey_alloc, 0, 0);
	return key;
}

/* A signal handler that is left by a jump leaves its own rights behind. */
static void allow_keys(void)
{
	if (own_key() > 0) /* wrpkru */
		__asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(0), "c"(0), "d"(0));
}
`;

const touch = (isKeyed: boolean) => `static sigjmp_buf fault;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(fault, EFAULT);
}

static int touch(char *byte, int write)
{
	int fails = sigsetjmp(fault, 1);

	if (fails)
		return fails;
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
${isKeyed ? "\tallow_keys();\n" : ""}	if (write)
		__atomic_store_n(byte, 1, __ATOMIC_RELAXED);
	else
		__atomic_load_n(byte, __ATOMIC_RELAXED);
	return 0;
}
`;

export const PEEK = `/* Reads a byte as a debugger does: the kernel maps the page for itself. */
static int peek(void *at)
{
	int fd = open("/proc/self/mem", O_RDONLY);
	char byte;
	int error = fd < 0 || pread(fd, &byte, 1, (off_t)at) != 1 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}
`;

const FORK = `/* CLONE_PARENT: the test stays the parent of all and waits for each. */
static int fork_to(int child)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		live(child);
	return pid < 0 ? errno : 0;
}
`;

/** The processes' half of the lockstep; `asks` when the check asks what they map. */
const live = (
  asks: boolean,
) => `/* The processes act in lockstep: each is told a step, and answers. */
static int orders[PROCS][2], answers[PROCS][2], alive[PROCS];
${asks ? PROBE : ""}
static void live(int proc)
{
	int step, error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(orders[proc][0], &step, sizeof(step)) == sizeof(step)) {
		error = ${asks ? "step < 0 ? probe(-1 - step) : perform(step)" : "perform(step)"};
		if (write(answers[proc][1], &error, sizeof(error)) != sizeof(error))
			break;
	}
	_exit(1);
}
`;

const PROBE = `
/* msync() of a page that nothing maps is ENOMEM. */
static int probe(int page)
{
	return msync(AT((unsigned long)page), PAGE, MS_ASYNC) ? errno : 0;
}
`;

const IS_MAPPED = `/* Whether a process maps a virtual page. */
static int is_mapped(int proc, int page)
{
	int order = -1 - page, error;

	if (!alive[proc] || write(orders[proc][1], &order, sizeof(order)) != sizeof(order))
		return 0;
	return read(answers[proc][0], &error, sizeof(error)) == sizeof(error) && error == 0;
}
`;

/** The director's half of the lockstep. */
function run(program: Program): string {
  const born = forks(program)
    ? "\tif (s->kind == FORK && error == 0)\n\t\talive[s->child] = 1;\n"
    : "";
  const room = isLimited(program) ? "\t\tif (limit_maps())\n\t\t\treturn -1;\n" : "";
  return `/* Has a step performed; 0, its errno, or -1 if the process was lost. */
static int run(int step)
{
	const struct step *s = &steps[step];
	int error = -1;

	if (s->kind == SPAWN) {
${room}		if (fork() == 0)
			live(s->proc);
		alive[s->proc] = 1;
		return 0;
	}
	if (!alive[s->proc]) {
		error = ESRCH;
		return error;
	}
	if (write(orders[s->proc][1], &step, sizeof(step)) != sizeof(step))
		return -1;
	if (s->kind == EXIT) {
		alive[s->proc] = 0;
		return waitpid(-1, NULL, 0) < 0 ? -1 : 0;
	}
	if (read(answers[s->proc][0], &error, sizeof(error)) != sizeof(error))
		return -1;
${born}	return error;
}

/* The pipes of all processes: whoever is forked later inherits them. */
static const char *open_pipes(void)
{
	for (int i = 0; i < PROCS; i++)
		if (pipe(orders[i]) || pipe(answers[i]))
			return "cannot make pipes";
	return NULL;
}
`;
}
