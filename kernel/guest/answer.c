/* Records, the chunks they travel in, and the doorbell. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "guest.h"

#define CAPACITY (MAILBOX_BYTES - ANSWER_OFFSET - HEADER_BYTES)

static uint8_t *pending;
static size_t used;
static int overflow;
static volatile uint8_t *answer_area;
static int doorbell_fd;
static int slow_line;
static uint32_t sequence_now, chunk_now;

/* DONTFORK: no process of a trace needs it, and copying its page tables would slow every fork. */
void *own_memory(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, bytes, MADV_DONTFORK);
	return at;
}

void answer_setup(int doorbell)
{
	doorbell_fd = doorbell;
	pending = own_memory(CAPACITY);
}

void answer_into(volatile uint8_t *mailbox)
{
	answer_area = mailbox + ANSWER_OFFSET;
}

/* A word-wise mix; every bit of every word and the length reach the result. */
uint32_t checksum(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint32_t sum = (uint32_t)length;

	for (size_t i = 0; i + 4 <= length; i += 4) {
		uint32_t word;

		memcpy(&word, at + i, 4);
		sum = ((sum << 5) | (sum >> 27)) ^ word;
		sum *= 0x9e3779b1u;
	}
	return sum ^ (sum >> 16);
}

static void write_exactly(int fd, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	while (length > 0) {
		ssize_t n = write(fd, at, length);

		if (n <= 0)
			_exit(1); /* the end of init is a panic, which the host sees */
		at += n;
		length -= (size_t)n;
	}
}

void read_exactly(int fd, void *bytes, size_t length)
{
	uint8_t *at = bytes;

	while (length > 0) {
		ssize_t n = read(fd, at, length);

		if (n <= 0)
			_exit(1);
		at += n;
		length -= (size_t)n;
	}
}

/* Reads a line without its newline; -1 when it is longer than the buffer. */
int read_line(int fd, char *line, size_t size)
{
	for (size_t used_here = 0; used_here < size; used_here++) {
		read_exactly(fd, &line[used_here], 1);
		if (line[used_here] == '\n') {
			line[used_here] = 0;
			return (int)used_here;
		}
	}
	return -1;
}

/* One line to the host. */
void say(const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n] = '\n';
	write_exactly(doorbell_fd, line, (size_t)n + 1);
}

void answer_begin(uint32_t sequence, int slow)
{
	sequence_now = sequence;
	slow_line = slow;
	chunk_now = 0;
	used = 0;
	overflow = 0;
}

/* Where the guest is, for the watchdog of a host whose guest hangs or dies. */
void answer_progress(uint32_t trace, uint32_t op)
{
	volatile uint32_t *header = (volatile uint32_t *)answer_area;

	header[WORD_AT_TRACE] = trace;
	header[WORD_AT_OP] = op;
}

static void send_chunk(uint32_t last)
{
	uint32_t header[HEADER_BYTES / 4] = { 0 };

	header[WORD_MAGIC] = ANSWER_MAGIC;
	header[WORD_VERSION] = WIRE_VERSION;
	header[WORD_SEQUENCE] = sequence_now;
	header[WORD_LENGTH] = (uint32_t)used;
	header[WORD_CHECKSUM] = checksum(pending, used);
	header[WORD_CHUNK] = chunk_now++;
	header[WORD_LAST] = last;
	if (slow_line) {
		write_exactly(doorbell_fd, header, sizeof(header));
		write_exactly(doorbell_fd, pending, used);
	} else {
		memcpy((uint8_t *)answer_area + HEADER_BYTES, pending, used);
		memcpy((uint8_t *)answer_area, header, WORD_AT_TRACE * 4);
		say("answer %u %u", sequence_now, header[WORD_CHUNK]);
		if (!last) {
			char line[64];
			unsigned int sequence, chunk;

			if (read_line(doorbell_fd, line, sizeof(line)) < 0 ||
			    sscanf(line, "next %u %u", &sequence, &chunk) != 2 ||
			    sequence != sequence_now || chunk != chunk_now)
				_exit(1);
		}
	}
	used = 0;
}

/* Appends a record: `count` words, then `length` bytes of text, padded to a word. */
void record(uint32_t type, const uint32_t *words, int count, const void *bytes, size_t length)
{
	size_t payload = (size_t)count * 4 + length;
	size_t padded = (payload + 3) & ~(size_t)3;
	uint32_t head[2] = { type, (uint32_t)payload };

	if (used + 8 + padded > CAPACITY - 256 && type != RECORD_FAIL) {
		overflow = 1;
		return;
	}
	memcpy(pending + used, head, 8);
	memcpy(pending + used + 8, words, (size_t)count * 4);
	memcpy(pending + used + 8 + (size_t)count * 4, bytes, length);
	memset(pending + used + 8 + payload, 0, padded - payload);
	used += 8 + padded;
}

/* Keeps half of the area free for the next step; the slow line sends every step at once. */
void answer_step_done(void)
{
	static const char *too_large = "a step is larger than the mailbox";

	if (overflow)
		record(RECORD_FAIL, NULL, 0, too_large, strlen(too_large));
	overflow = 0;
	if (slow_line || used > CAPACITY / 2)
		send_chunk(0);
}

void answer_end(void)
{
	send_chunk(1);
}
