// SPDX-License-Identifier: GPL-2.0
// Says what it is, then answers requests until there are no more.
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "host.h"

#define PIPE_BYTES (1 << 20)
#define RAM 0x200000000000UL
#define MEMORY_MAP 0x300000000000UL

static void *area_at(unsigned long at, size_t size, int protection)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
	void *area = mmap((void *)at, size, protection, flags, -1, 0);

	if (area == MAP_FAILED) {
		perror("pfntree: mmap");
		exit(1);
	}
	return area;
}

// The pipes come open both ways, and whoever holds an end for writing never sees the other end go.
static void open_one_way(int fd, int mode)
{
	char name[32];
	int one;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	one = open(name, mode | O_CLOEXEC);
	// A batch of traces and its answer fit: neither side waits for the other within one.
	if (one >= 0)
		fcntl(one, F_SETPIPE_SZ, PIPE_BYTES);
	if (one < 0 || dup2(one, fd) < 0) {
		perror("pfntree: pipe");
		exit(1);
	}
	close(one);
}

// A program begins with no right to any protection key but the first; processes of traces have all rights.
static void allow_keys(void)
{
	unsigned int a, b, c, d;

	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_OSPKE))
		__asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(0), "c"(0), "d"(0)); /* wrpkru */
}

static int *request;
static size_t request_room;

static int read_request(int *length)
{
	if (!read_words(length, 1))
		return 0;
	if ((size_t)*length > request_room) {
		request_room = (size_t)*length;
		request = realloc(request, request_room * sizeof(*request));
		if (!request)
			return 0;
	}
	return read_words(request, *length);
}

// Answers requests. Returns 1 where a trace has left something behind, 0 when there are no more of them.
static int serve(void)
{
	int length;

	while (read_request(&length)) {
		int goes_on = 1;

		answer_begin();
		trouble_in_trace = 1;
		for (const int *at = request; goes_on && at < request + length;) {
			struct trace trace = {
				.vpages = at[1], .maps = at[3], .ops = at[4], .has_pat = !(at[2] & 8),
				.is_watched = at[2] >> 1 & 1, .has_keys = at[2] >> 4 & 1, .isa = at[2] >> 8,
				.regions = { { (unsigned long)at[0], at[2] & 1 } },
			};
			const int *ops = at + TRACE_WORDS;
			const int *more = ops + (long)trace.ops * OP_WORDS;
			struct race race;

			for (int i = 1; i < PFNDIFF_REGIONS; i++)
				trace.regions[i] = (struct pfndiff_region){ (unsigned long)at[4 + i], at[2] >> (4 + i) & 1 };
			trouble_clock(trace.ops);
			if (at[2] & 4) {
				race = (struct race){ more[0], { more[1], more[2] }, more[3], more[4], more[5], more[6],
						      more[7], more + RACE_WORDS };
				trace.race = &race;
				more += RACE_WORDS + race.stops * 2;
			}
			if (trace.race && race.mode != RACE_RUN)
				search(&trace, ops);
			else
				goes_on = trace_run(&trace, ops);
			at = more;
		}
		trouble_in_trace = 0;
		answer_send();
		if (!goes_on)
			return 1;
	}
	return 0;
}

// Copies of a process that has run no trace do the work: one that ends with its answer has another in its place at
// once. Where one is killed without a word, this process ends too, and so do the pipes.
static int serve_by_copies(void)
{
	for (;;) {
		const pid_t worker = fork();
		int status;

		if (!worker) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (__gcov_reset)
				__gcov_reset();
			status = serve() ? STATUS_SPENT : 0;
			if (__gcov_dump)
				__gcov_dump();
			_exit(status);
		}
		if (worker < 0 || waitpid(worker, &status, 0) != worker)
			return 1;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS_SPENT)
			return !WIFEXITED(status) || WEXITSTATUS(status);
	}
}

int main(void)
{
	const int hello[] = { HELLO_MAGIC, WIRE_VERSION, (int)k_version(), k_has_vm_pat() };

	open_one_way(STDIN_FILENO, O_RDONLY);
	open_one_way(STDOUT_FILENO, O_WRONLY);
	allow_keys();
	trouble_setup();
	memory_setup();
	area_at(RAM, PFNDIFF_RAM_PAGES * PFNDIFF_PAGE, PROT_READ | PROT_WRITE);
	// Nobody looks at the bytes of drivers' RAM or of a device's memory, but the kernel flushes them from caches.
	area_at(RAM + PFNDIFF_DRIVER_RAM * PFNDIFF_PAGE, PFNDIFF_DRIVER_RAM_PAGES * PFNDIFF_PAGE, PROT_READ);
	area_at(RAM + PFNDIFF_APERTURE, PFNDIFF_APERTURE_BYTES, PROT_READ);
	area_at(MEMORY_MAP, 1UL << 36, PROT_READ | PROT_WRITE);
	// What a write to a private mapping copies: nobody looks at the bytes of a device.
	area_at(PFNDIFF_WINDOW, PFNDIFF_WINDOW_PAGES * PFNDIFF_PAGE, PROT_READ);
	area_at(PFNDIFF_AREAS, PFNDIFF_AREAS_BYTES, PROT_READ);
	k_init(RAM, MEMORY_MAP);
	if (write(STDOUT_FILENO, hello, sizeof(hello)) != sizeof(hello))
		return 1;
	return serve_by_copies();
}
