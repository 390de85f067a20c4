/*
 * What the kernel lets a process have: VMAs, and memory that it may one day need.
 *
 * vm.max_map_count counts all VMAs of a process, its own program's included. All processes of a
 * trace are copies of one program, so one number leaves each of them the same room.
 *
 * A fork fails late where a VMA above the window cannot be had twice. For that every process has a
 * large private mapping that is never touched. It costs nothing while overcommit_memory is 1; with
 * 2 and a limit half-way, the window is copied, its private mappings too, and then not this one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "guest.h"

#define LARGE_BYTES (64UL << 30)
#define LARGE_ADDRESS ((void *)0x200000000000)
#define NO_LIMIT 65530 /* the kernel's default */

/* How many VMAs the process of the first spawn had; 0 before it. */
static int own;

static const char *write_number(const char *path, long number)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld", number);
	int fd = open(path, O_WRONLY);
	ssize_t written = fd < 0 ? -1 : write(fd, text, (size_t)length);

	close(fd);
	return written == length ? NULL : "cannot write a number under /proc/sys/vm";
}

/* The lines of /proc/PID/maps; -1 when it cannot be read. The last may be the vsyscall page. */
static int count_maps(pid_t pid)
{
	static char text[16384];
	size_t used = 0;
	ssize_t n;
	int count = 0;

	snprintf(text, sizeof(text), "/proc/%d/maps", pid);
	int fd = open(text, O_RDONLY);

	while (fd >= 0 && used < sizeof(text) - 1 &&
	       (n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	if (fd < 0 || used == sizeof(text) - 1)
		return -1;
	text[used] = 0;
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	/* It lies in the kernel's half and is no VMA. */
	return strstr(text, "[vsyscall]") ? count - 1 : count;
}

/* Leaves a process that has not done anything yet room for so many VMAs. */
const char *limits_room(pid_t pid, int maps)
{
	int count = count_maps(pid);

	if (count <= 0)
		return "cannot count the VMAs of a process";
	if (own == 0) {
		own = count;
		return write_number("/proc/sys/vm/max_map_count", own + maps);
	}
	return count == own ? NULL : "the processes of a trace do not have equally many VMAs";
}

const char *limits_lift(void)
{
	own = 0;
	return write_number("/proc/sys/vm/max_map_count", NO_LIMIT);
}

/* What all processes together may need, in kB; -1 when it cannot be read. */
static long committed(void)
{
	char text[4096];
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *line;

	close(fd);
	text[n < 0 ? 0 : n] = 0;
	line = strstr(text, "Committed_AS:");
	return line ? strtol(line + strlen("Committed_AS:"), NULL, 10) : -1;
}

const char *limits_commit(int limited)
{
	const char *failure = NULL;

	if (!limited)
		return write_number("/proc/sys/vm/overcommit_memory", 1);
	long now = committed();

	if (now < 0)
		return "cannot read how much memory is committed";
	failure = write_number("/proc/sys/vm/overcommit_kbytes", now + (long)(LARGE_BYTES >> 11));
	return failure ? failure : write_number("/proc/sys/vm/overcommit_memory", 2);
}

const char *limits_setup(void)
{
	const char *failure = limits_commit(0);

	if (!failure && mmap(LARGE_ADDRESS, LARGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return "cannot map what makes a fork fail late";
	return failure;
}
