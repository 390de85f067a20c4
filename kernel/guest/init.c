/*
 * The guest's init: sets the machine up, tells the host what it runs on, then takes batches of
 * traces from the mailbox and answers them. It never returns; a failure it cannot report ends
 * init, which is a panic that the host sees.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>
#include "guest.h"

#define DOORBELL "/dev/ttyS1"

static struct region regions[REGIONS];
static volatile uint8_t *mailbox;
static int doorbell;

static void mount_all(void)
{
	static const char *const types[][2] = { { "proc", "/proc" },
						{ "sysfs", "/sys" },
						{ "debugfs", "/sys/kernel/debug" } };

	for (int i = 0; i < 3; i++)
		if (mount(types[i][0], types[i][1], types[i][0], 0, NULL) < 0)
			perror(types[i][1]);
}

static int open_doorbell(void)
{
	struct termios line;
	int fd = open(DOORBELL, O_RDWR | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &line) < 0)
		return -1;
	cfmakeraw(&line);
	cfsetspeed(&line, B115200);
	tcsetattr(fd, TCSANOW, &line);
	return fd;
}

/* Whether a fresh mapping of the last page of the aperture carries VM_PAT (`ar` in VmFlags). */
static const char *detect_design(int *vm_pat)
{
	const struct region *region = &regions[REGION_BAR];
	off_t offset = (off_t)(region->bytes - PAGE);
	void *at = mmap((void *)WINDOW_ADDRESS, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
			region->fd[VIA_RESOURCE], offset);
	FILE *smaps = at == MAP_FAILED ? NULL : fopen("/proc/self/smaps", "r");
	char line[512];
	int inside = 0, found = 0;

	if (!smaps)
		return "cannot map the aperture";
	while (!found && fgets(line, sizeof(line), smaps)) {
		unsigned long start;

		if (line[0] < 'A' && sscanf(line, "%lx-", &start) == 1)
			inside = start == WINDOW_ADDRESS;
		if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			found = 1;
			*vm_pat = strstr(line, " ar") != NULL;
		}
	}
	fclose(smaps);
	munmap(at, PAGE);
	return found ? NULL : "smaps shows no VmFlags for a mapping of the aperture";
}

static const char *setup(int *vm_pat)
{
	const char *failure = devices_setup(regions, &mailbox);

	if (failure)
		return failure;
	answer_into(mailbox);
	failure = limits_setup();
	if (!failure)
		failure = log_setup();
	if (!failure)
		failure = observe_setup();
	if (!failure)
		failure = faults_setup();
	if (!failure)
		failure = detect_design(vm_pat);
	if (!failure)
		procs_setup();
	return failure;
}

static const char *observe(const struct world *world, const int32_t *op)
{
	const char *failure = log_observe(RECORD_LOG);

	if (!failure)
		failure = observe_memtype(world);
	if (!failure)
		failure = observe_vmas(world, op);
	return failure ? failure : drivers_observe();
}

/* Where a trace's rows come from: the request, or one by one over the serial line. */
static const uint8_t *rows_at;
static int rows_are_slow;

static void next_row(int32_t *row)
{
	if (rows_are_slow) {
		read_exactly(doorbell, row, OP_WORDS * sizeof(*row));
		return;
	}
	memcpy(row, rows_at, OP_WORDS * sizeof(*row));
	rows_at += OP_WORDS * sizeof(*row);
}

/* Reads an op and hands the calls that follow it to the driver; returns how many rows that were. */
static uint32_t next_op(int32_t *op, const char **failure)
{
	static int32_t calls[PFNDIFF_MOST_CALLS][OP_WORDS];
	uint32_t count = 0, word, told;

	next_row(op);
	if (op[0] != DRV_MMAP && op[0] != DRV_RUN)
		return 1;
	word = (uint32_t)op[CALLS_WORD];
	told = word & ((1u << SAYS_SHIFT) - 1);
	for (; count < told && count < PFNDIFF_MOST_CALLS; count++)
		next_row(calls[count]);
	const uint32_t says = (word & ((1u << HOOK_SHIFT) - 1)) >> SAYS_SHIFT;

	if (says == SAYS_IO)
		observe_quietly();
	*failure = drivers_calls(calls[0], count, says, word >> HOOK_SHIFT);
	return count + 1;
}

static struct place place_of(uint32_t region, uint32_t window, uint32_t pages)
{
	return (struct place){ &regions[region], (uint64_t)window * PAGE, (uint64_t)pages * PAGE };
}

/* Runs one trace from its header words; returns why the guest cannot go on, or NULL. */
static const char *run_trace(const uint32_t *head)
{
	struct world world = { .places = { place_of(head[1], head[2], head[3]) },
				     .virtual_bytes = (uint64_t)head[4] * PAGE,
				     .maps = (int)head[6],
				     .address = (uint64_t)head[7] * PAGE };
	const char *failure;
	uint32_t done = 0, rows = head[5];

	for (int i = 0; i < FURTHER_REGIONS; i++) {
		const uint32_t *words = head + FURTHER_WORD + i * 3;

		world.places[1 + i] = place_of(words[0], words[1], words[2]);
	}
	record(RECORD_TRACE, head, 1, NULL, 0);
	procs_begin(&world);
	failure = drivers_begin(&world);
	if (!failure)
		failure = log_forget();
	if (!failure)
		failure = observe_fresh(&world);
	while (rows > 0 && !failure) {
		int32_t op[OP_WORDS];

		rows -= next_op(op, &failure);
		if (failure)
			break;
		answer_progress(head[0], done);
		uint32_t step[3] = { done, (uint32_t)procs_perform(op, &failure) };

		step[2] = (uint32_t)procs_failed();
		record(RECORD_STEP, step, 3, NULL, 0);
		if (!failure)
			failure = observe(&world, op);
		done++;
		if (rows > 0 && !failure)
			answer_step_done();
	}
	answer_progress(head[0], done);
	procs_end();
	if (!failure)
		failure = log_observe(RECORD_LATE);
	if (world.maps && !failure)
		failure = limits_lift();
	if (failure)
		record(RECORD_FAIL, NULL, 0, failure, strlen(failure));
	else
		record(RECORD_END, &done, 1, NULL, 0);
	if (!failure)
		answer_step_done();
	return failure;
}

/* Runs the batch in the request area; a request that is not whole is refused, not guessed at. */
static void run_batch(uint32_t sequence, int slow)
{
	uint32_t header[HEADER_BYTES / 4];
	const uint8_t *payload = (const uint8_t *)mailbox + HEADER_BYTES;
	uint32_t traces;

	memcpy(header, (const uint8_t *)mailbox, sizeof(header));
	if (header[WORD_MAGIC] != REQUEST_MAGIC || header[WORD_VERSION] != WIRE_VERSION ||
	    header[WORD_SEQUENCE] != sequence || header[WORD_LENGTH] > ANSWER_OFFSET - HEADER_BYTES ||
	    header[WORD_CHECKSUM] != checksum(payload, header[WORD_LENGTH])) {
		say("refused %u", sequence);
		return;
	}
	answer_begin(sequence, slow);
	rows_are_slow = slow;
	memcpy(&traces, payload, 4);
	payload += 4;
	for (uint32_t i = 0; i < traces; i++) {
		uint32_t head[TRACE_WORDS];

		memcpy(head, payload, sizeof(head));
		payload += sizeof(head);
		rows_at = payload;
		if (run_trace(head))
			break;
		payload += (size_t)head[5] * OP_WORDS * 4;
	}
	answer_end();
}

int main(void)
{
	struct pfndiff_hello module;
	struct utsname kernel;
	int vm_pat = 0;

	mount_all();
	doorbell = open_doorbell();
	if (doorbell < 0)
		return 1;
	answer_setup(doorbell);
	lacks_tell();
	drivers_setup(&module);
	const char *failure = setup(&vm_pat);

	if (failure) {
		say("unfit %s", failure);
		pause();
	}
	lacks_tell_of_claims(&regions[REGION_BAR]);
	uname(&kernel);
	say("hello %d %s %s %llx %llx %llx %llx %llx %llx %llx %llx", WIRE_VERSION, kernel.release,
	    vm_pat ? "vm-pat" : "kref", (unsigned long long)regions[0].base,
	    (unsigned long long)regions[0].bytes, (unsigned long long)regions[1].base,
	    (unsigned long long)regions[1].bytes, (unsigned long long)regions[2].base,
	    (unsigned long long)regions[2].bytes, (unsigned long long)module.ram,
	    (unsigned long long)module.buffers);
	for (;;) {
		char line[64];
		unsigned int sequence;

		if (read_line(doorbell, line, sizeof(line)) < 0)
			continue;
		if (sscanf(line, "go %u", &sequence) == 1)
			run_batch(sequence, 0);
		else if (sscanf(line, "slow %u", &sequence) == 1)
			run_batch(sequence, 1);
	}
}
