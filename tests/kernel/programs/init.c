/*
 * The init of a machine that runs programs one after another: each line of /programs is a command,
 * and the answer on the second serial line is what it printed, each line after a bar, then its number,
 * its exit status (or 128 and the signal) and its last line. It ends the machine when all have run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define APERTURE "/sys/bus/pci/devices/0000:00:05.0/"
#define MOST_ARGUMENTS 8
#define OUTPUT "/output"

static int answers;

static void mount_all(void)
{
	static const char *const types[][2] = { { "proc", "/proc" },
						{ "sysfs", "/sys" },
						{ "devtmpfs", "/dev" },
						{ "debugfs", "/sys/kernel/debug" } };

	for (int i = 0; i < 4; i++) {
		mkdir(types[i][1], 0755);
		/* EBUSY: the kernel mounted devtmpfs itself. */
		if (mount(types[i][0], types[i][1], types[i][0], 0, NULL) < 0 && errno != EBUSY)
			perror(types[i][1]);
	}
}

static int open_answers(void)
{
	struct termios line;
	int fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &line) < 0)
		return -1;
	cfmakeraw(&line);
	cfsetspeed(&line, B115200);
	tcsetattr(fd, TCSANOW, &line);
	return fd;
}

/* Writes to a file that is there. */
static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		perror(path);
	close(fd);
}

/*
 * Firmware puts all BARs above 4 GiB, where the default type is write-back, if it must put one there:
 * what is to be uncached gets an MTRR, which goes when the file is closed.
 */
static void make_uncached(void)
{
	FILE *file = fopen(APERTURE "resource", "r");
	int mtrr = open("/proc/mtrr", O_WRONLY);
	unsigned long long start = 0, end = 0;

	for (int bar = 0; file && bar <= 2; bar++)
		if (fscanf(file, "%llx %llx %*x", &start, &end) != 2)
			start = end = 0;
	if (!end || dprintf(mtrr, "base=0x%llx size=0x%llx type=uncachable\n", start, end - start + 1) < 0)
		perror("cannot add an MTRR");
}

/* Runs a command with its output in a file; the exit status, or 128 and the signal. */
static int run(char **arguments)
{
	int status = 0;
	pid_t gone, pid = fork();

	if (pid == 0) {
		int fd = open(OUTPUT, O_CREAT | O_TRUNC | O_WRONLY, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execv(arguments[0], arguments);
		perror(arguments[0]);
		_exit(127);
	}
	/* Processes that a program leaves behind become ours. */
	do
		gone = wait(&status);
	while (gone != pid && gone > 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void answer(int number, int status)
{
	char line[512], last[512] = "";
	FILE *output = fopen(OUTPUT, "r");

	while (output && fgets(line, sizeof(line), output)) {
		strcpy(last, line);
		dprintf(answers, "|%s%s", line, strchr(line, '\n') ? "" : "\n");
	}
	if (output)
		fclose(output);
	last[strcspn(last, "\n")] = 0;
	dprintf(answers, "%d %d %s\n", number, status, last);
}

int main(void)
{
	char line[512];
	FILE *programs;

	mount_all();
	/* Where each distribution's loader looks by itself differs. */
	setenv("LD_LIBRARY_PATH", "/lib64", 1);
	answers = open_answers();
	set(APERTURE "enable", "1");
	set("/sys/bus/pci/devices/0000:00:07.0/enable", "1");
	make_uncached();
	programs = fopen("/programs", "r");
	if (answers < 0 || !programs)
		return 1;
	for (int number = 0; fgets(line, sizeof(line), programs); number++) {
		char *arguments[MOST_ARGUMENTS + 1] = { NULL }, *rest = line;
		int count = 0;

		while (count < MOST_ARGUMENTS && (arguments[count] = strtok(rest, " \n"))) {
			rest = NULL;
			count++;
		}
		answer(number, run(arguments));
	}
	dprintf(answers, "done\n");
	tcdrain(answers);
	reboot(RB_AUTOBOOT);
}
