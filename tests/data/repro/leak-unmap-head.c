// SPDX-License-Identifier: MIT
/*
 * fixed:leak:unmap-head
 *
 * leak shows at step 4
 *
 * PASS: After step 4 no reservation covers pages [0,8).
 * FAIL on the model legacy@6.12.
 * PASS on the model modern@7.2.
 *
 * Usage: repro RESOURCE-FILE|/dev/mem [OFFSET]
 * As root, with debugfs mounted; OFFSET (bytes, 0x for hex) is where a
 * window of 8 pages begins that nothing else uses.
 * Kernels up to 6.15 leak for good: take another place for another run.
 * Exit status: 0 PASS, 1 FAIL, 4 SKIP.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define AT(page) ((void *)(0x10000000000UL + (page) * PAGE))
#define PAGES 8 /* of the window */
#define LIST "/sys/kernel/debug/x86/pat_memtype_list"

static int is_mem, resource;
static unsigned long long base, offset; /* in memory, in the file */

enum { PASS = 0, FAIL = 1, SKIP = 4 };

static void finish(int status, const char *why)
{
	static const char *const words[] = { "PASS", "FAIL", "", "", "SKIP" };

	printf("%s: %s\n", words[status], why);
	exit(status);
}

/* Tells what a step came to; it has to be as recorded on a side. */
static void done(int number, int error, int before, int after)
{
	printf("# %d: %s\n", number, error ? strerror(error) : "ok");
	if (error != before && error != after)
		finish(SKIP, "the last step ended as on neither recorded side");
}

/* Where BAR N begins: line N of the file beside resourceN; 0 if none. */
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

/* Counts the reservations over pages [start, end), all or of one type. */
static int reserved(unsigned long start, unsigned long end,
		    const char *type)
{
	FILE *list = fopen(LIST, "r");
	unsigned long long from, to;
	char line[256], name[20];
	int count = 0;

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "PAT: [mem %llx-%llx] %19s", &from, &to, name) == 3 &&
		    from < base + end * PAGE && to > base + start * PAGE)
			count += !type || !strcmp(name, type);
	if (list)
		fclose(list);
	return list ? count : -1;
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;
	const char *where = argc > 2 ? argv[2] : NULL;
	char *rest = "";
	int status;

	alarm(60); /* a kernel that hangs must not hang the test */
	is_mem = path && !strcmp(path, "/dev/mem");
	if (!path || (is_mem && !where))
		finish(SKIP, "usage: repro RESOURCE-FILE|/dev/mem [OFFSET]");
	offset = where ? strtoull(where, &rest, 0) : 0;
	if (*rest || offset % PAGE)
		finish(SKIP, "the offset is no multiple of 4096");
	base = offset + (is_mem ? 0 : bar_address(path));
	if (base == offset && !is_mem)
		finish(SKIP, "the file is no PCI resource file");
	resource = open(path, O_RDWR | (is_mem ? O_SYNC : 0));
	if (resource < 0)
		finish(SKIP, "a file cannot be opened");
	if (reserved(0, PAGES, NULL))
		finish(SKIP, "the window is in use, or the list cannot be read");
	if (fork() == 0) {
		/* 1: mmap p0 [0,2) = pfn [0,2) resource rw shared */
		done(1, mmap(AT(0), 2 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_FIXED, resource, offset) ==
		     MAP_FAILED ? errno : 0, 0, 0);

		/* 2: munmap p0 [0,1) */
		done(2, munmap(AT(0), PAGE) ? errno : 0, 0, 0);

		/* 3: munmap p0 [1,2) */
		done(3, munmap(AT(1), PAGE) ? errno : 0, 0, 0);
		exit(PASS);
	}
	if (wait(&status) < 0 || status)
		finish(SKIP, "the process did not get to its end");

	/* What must hold: no reservation covers pages [0,8). */
	if (reserved(0, 8, NULL))
		finish(FAIL, "fixed:leak:unmap-head");
	finish(PASS, "fixed:leak:unmap-head");
}
