/*
 * vm.max_map_count counts all VMAs of a process, its own program's included. All processes of a
 * trace are copies of one program, so one number leaves each of them the same room.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "guest.h"

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
