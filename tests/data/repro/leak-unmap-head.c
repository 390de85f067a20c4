// SPDX-License-Identifier: MIT
/*
 * fixed:leak:unmap-head
 *
 * leak shows at step 4
 *
 * PASS: After step 4 no reservation covers pages [0,8).
 * Recorded: FAIL on legacy@6.12; PASS on modern@7.2.
 *
 * Usage: repro RESOURCE-FILE|/dev/mem [OFFSET]
 * As root, with debugfs mounted; OFFSET (bytes, 0x for hex) is where 8 pages begin
 * that nothing else uses. Kernels up to 6.15 leak for good: take another OFFSET for
 * another run.
 * Exit status: 0 PASS, 1 FAIL, 4 SKIP.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 8UL /* of the window, from OFFSET on */
#define AT(page) ((void *)(0x10000000000UL + (page) * PAGE)) /* a virtual page of a process */
#define LIST "/sys/kernel/debug/x86/pat_memtype_list"
#define STEPS 5
#define PROCS 1

enum { RESOURCE, VIAS };

static int fds[VIAS];
static off_t offsets[VIAS];
static unsigned long long base; /* physical address of the window */

enum { PASS = 0, FAIL = 1, SKIP = 4 };

static void __attribute__((noreturn)) finish(int status, const char *why)
{
	printf("%s: %s\n", status == PASS ? "PASS" : status == FAIL ? "FAIL" : "SKIP", why);
	exit(status);
}

/* Ends the test if something it needs is not there. */
static void need(const char *why)
{
	if (why)
		finish(SKIP, why);
}

/* The address of BAR N, from line N of the file `resource` beside resourceN; 0 if none. */
static unsigned long long bar_address(const char *path)
{
	const char *name = strrchr(path, '/');
	unsigned long long start = 0;
	char list[4096];
	FILE *file;
	int bar;

	if (!name || sscanf(name, "/resource%d", &bar) != 1)
		return 0;
	snprintf(list, sizeof(list), "%.*s/resource", (int)(name - path), path);
	file = fopen(list, "r");
	for (int i = 0; file && i <= bar; i++)
		if (fscanf(file, "%llx %*s %*s", &start) != 1)
			start = 0;
	if (file)
		fclose(file);
	return start;
}

static const char *open_as(int via, const char *path, int flags, off_t offset)
{
	static char why[512];

	fds[via] = open(path, O_RDWR | flags);
	offsets[via] = offset;
	snprintf(why, sizeof(why), "cannot open %.400s: %s", path, strerror(errno));
	return fds[via] < 0 ? why : NULL;
}

/* Opens the files; NULL, or why the test cannot run. */
static const char *open_files(const char *path, unsigned long long offset)
{
	const char *why = NULL;
	int is_mem = strcmp(path, "/dev/mem") == 0;

	base = is_mem ? offset : bar_address(path) + offset;
	if (base == offset && !is_mem)
		return "FILE is neither /dev/mem nor a PCI resource file";
	why = why ? why : open_as(RESOURCE, path, is_mem ? O_SYNC : 0, offset);
	return why;
}

struct entry {
	unsigned long start, end; /* pages of the window, end not included */
	char type[20];
};

static struct entry list[1024];
static int entries;

/* Reads the reservations over the window; NULL, or why it cannot. */
static const char *read_list(void)
{
	unsigned long long start, end, bytes = PAGES * PAGE;
	FILE *file = fopen(LIST, "r");
	char line[256], type[20];

	entries = 0;
	if (!file)
		return "cannot read " LIST " (root, debugfs and PAT are needed)";
	while (entries < 1024 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "PAT: [mem %llx-%llx] %19s", &start, &end, type) != 3)
			continue;
		if (end <= base || start >= base + bytes)
			continue;
		list[entries].start = start < base ? 0 : (start - base) / PAGE;
		list[entries].end = (end - base) / PAGE;
		strcpy(list[entries++].type, type);
	}
	fclose(file);
	return NULL;
}

/* Whether the list read last reserves a page of [start, end). */
static int any_entry(unsigned long start, unsigned long end)
{
	for (int i = 0; i < entries; i++)
		if (list[i].start < end && start < list[i].end)
			return 1;
	return 0;
}

enum kind { SPAWN, FORK, EXIT, CALL };

/* Who performs a step, whom a fork brings to life, and the errno recorded on each side. */
static const struct step {
	enum kind kind;
	int proc, child;
	int before, after;
	const char *text;
} steps[STEPS] = {
	{ SPAWN, 0, -1, 0, 0, "spawn p0" },
	{ CALL, 0, -1, 0, 0, "mmap p0 [0,2) = pfn [0,2) resource rw shared" },
	{ CALL, 0, -1, 0, 0, "munmap p0 [0,1)" },
	{ CALL, 0, -1, 0, 0, "munmap p0 [1,2)" },
	{ EXIT, 0, -1, 0, 0, "exit p0" },
};

/* Maps pages of the window from page `pfn` on at virtual page `at`. */
static int map(unsigned long at, unsigned long pages, int via, unsigned long pfn, int prot,
	       int share)
{
	void *address = AT(at);
	off_t offset = offsets[via] + (off_t)(pfn * PAGE);

	if (mmap(address, pages * PAGE, prot, share | MAP_FIXED, fds[via], offset) != MAP_FAILED)
		return 0;
	/* A refused mapping is EINVAL from a PCI file; /dev/mem may stand for one. */
	return via == RESOURCE && errno == EAGAIN ? EINVAL : errno;
}

/* What each step does, in the process that does it; 0 or an errno. */
static int perform(int step)
{
	switch (step) {
	case 1:
		return map(0, 2, RESOURCE, 0, PROT_READ | PROT_WRITE, MAP_SHARED);
	case 2:
		return munmap(AT(0), PAGE) ? errno : 0;
	case 3:
		return munmap(AT(1), PAGE) ? errno : 0;
	case 4:
		_exit(0);
	}
	return ENOSYS;
}

/* The processes act in lockstep: each is told a step and answers with its errno. */
static int orders[PROCS][2], answers[PROCS][2], alive[PROCS];

static void live(int proc)
{
	int step, error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(orders[proc][0], &step, sizeof(step)) == sizeof(step)) {
		error = perform(step);
		if (write(answers[proc][1], &error, sizeof(error)) != sizeof(error))
			break;
	}
	_exit(1);
}

/* Has a step performed; 0, the errno it failed with, or -1 if the process was lost. */
static int run(int step)
{
	const struct step *s = &steps[step];
	int error = -1;

	if (s->kind == SPAWN) {
		if (fork() == 0)
			live(s->proc);
		alive[s->proc] = 1;
		return 0;
	}
	if (!alive[s->proc])
		return ESRCH;
	if (write(orders[s->proc][1], &step, sizeof(step)) != sizeof(step))
		return -1;
	if (s->kind == EXIT) {
		alive[s->proc] = 0;
		return waitpid(-1, NULL, 0) < 0 ? -1 : 0;
	}
	if (read(answers[s->proc][0], &error, sizeof(error)) != sizeof(error))
		return -1;
	return error;
}

/* The pipes of all processes: whoever is forked later inherits them. */
static const char *open_pipes(void)
{
	for (int i = 0; i < PROCS; i++)
		if (pipe(orders[i]) || pipe(answers[i]))
			return "cannot make pipes";
	return NULL;
}

/* Whether the symptom shows. What must hold: no reservation covers pages [0,8). */
#define CHECKED 4

static int symptom_shows(void)
{
	need(read_list());
	return any_entry(0, 8);
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: %s RESOURCE-FILE|/dev/mem [OFFSET]\n", argv[0]);
		return SKIP;
	}
	alarm(60); /* a kernel that hangs must not hang the test */
	need(open_files(argv[1], argc == 3 ? strtoull(argv[2], NULL, 0) : 0));
	need(open_pipes());
	need(read_list());
	if (entries)
		finish(SKIP, "something has reserved pages of the window: take another OFFSET");
	for (int step = 0; step < STEPS; step++) {
		int error = run(step);

		printf("# %d: %s: %s\n", step, steps[step].text, error ? strerror(error) : "ok");
		if (step == CHECKED && symptom_shows())
			finish(FAIL, "step 4 shows fixed:leak:unmap-head");
		if (error != steps[step].before && error != steps[step].after)
			finish(SKIP, "the last step ended as on neither recorded side");
	}
	finish(PASS, "After step 4 no reservation covers pages [0,8).");
}
