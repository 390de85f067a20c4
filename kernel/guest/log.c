/* What the kernel logs while a trace runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "guest.h"

static int log_fd;
static int has_warned; /* whether the trace met a warning */

const char *log_setup(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	return log_fd < 0 ? "cannot open /dev/kmsg" : NULL;
}

/* The text of every record of the kernel itself since the last call, as records of a type; 0: of none. */
const char *log_observe(uint32_t type)
{
	char line[8192];

	for (;;) {
		ssize_t n = read(log_fd, line, sizeof(line) - 1);

		if (n < 0 && errno == EAGAIN)
			return NULL;
		if (n < 0)
			return errno == EPIPE ? "the kernel log overran the guest" : "cannot read /dev/kmsg";
		line[n] = 0;
		char *message = strchr(line, ';');

		if (!message || strtoul(line, NULL, 10) >> 3 != 0)
			continue;
		message++;
		has_warned |= strncmp(message, "WARNING: ", 9) == 0;
		if (type)
			record(type, NULL, 0, message, strcspn(message, "\n"));
	}
}

/*
 * The kernel says most warnings once a boot. Where the last trace met one, the next may again: debugfs has a file
 * that makes it so.
 */
const char *log_forget(void)
{
	const char *failure = log_observe(0);
	const int was = has_warned;
	int fd = was ? open("/sys/kernel/debug/clear_warn_once", O_WRONLY) : -1;
	int failed = was && (fd < 0 || write(fd, "1", 1) != 1);

	close(fd);
	has_warned = 0;
	if (failure)
		return failure;
	return failed ? "warnings that come once cannot be had again" : NULL;
}
