/*
 * Runs a program of a mail and shows where its reader looks: look PROGRAM FILE OFFSET GIVEN..., where GIVEN are the words
 * that the mail has for its arguments. Behind what it printed come the physical address of the window, the list of
 * memory types and the kernel's log since it began.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_CLEAR 4

/* Where the window begins in memory: a BAR's file says so in a file beside it. */
static unsigned long long window(const char *path, unsigned long long offset)
{
	unsigned long long start = 0;
	char list[256];
	FILE *file;

	if (!strcmp(path, "/dev/mem"))
		return offset;
	snprintf(list, sizeof(list), "%.*s/resource", (int)(strrchr(path, '/') - path), path);
	file = fopen(list, "r");
	for (int bar = 0; file && bar <= 2; bar++)
		if (fscanf(file, "%llx %*s %*s", &start) != 1)
			exit(3);
	if (!file || fclose(file))
		exit(3);
	return start + offset;
}

static void show(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		fputs(line, stdout);
	if (!file || fclose(file))
		exit(3);
}

int main(int argc, char **argv)
{
	static char address[32], log[1 << 18];
	char *given[8] = { argc > 3 ? argv[1] : NULL };
	unsigned long long base;
	int status, once;

	if (argc < 4 || argc > 8)
		return 3;
	base = window(argv[2], strtoull(argv[3], NULL, 0));
	snprintf(address, sizeof(address), "%#llx", base);
	for (int i = 4; i < argc; i++)
		given[i - 3] = !strcmp(argv[i], "ADDRESS") ? address : !strcmp(argv[i], "OFFSET") ? argv[3] : argv[2];
	/* What warns once a boot may warn for each program. */
	once = open("/sys/kernel/debug/clear_warn_once", O_WRONLY);
	if (once < 0 || write(once, "1", 1) != 1 || klogctl(READ_CLEAR, log, sizeof(log)) < 0)
		return 3;
	if (fork() == 0) {
		execv(given[0], given);
		_exit(127);
	}
	wait(&status);
	memset(log, 0, sizeof(log));
	printf("status %d\nbase %s\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, address);
	show("/sys/kernel/debug/x86/pat_memtype_list");
	printf("log\n");
	if (klogctl(READ_CLEAR, log, sizeof(log) - 1) < 0)
		return 3;
	fputs(log, stdout);
	return 0;
}
