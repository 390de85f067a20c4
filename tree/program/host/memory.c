// SPDX-License-Identifier: GPL-2.0
// Objects of the kernel half: in chunks of one size each, so that an address tells what lies there. What is freed is
// poisoned, and a table beside the objects tells what each is: a second free and what is left at the end are seen.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "host.h"

#define ARENA 0x400000000000UL
#define CHUNK 65536UL
#define CHUNKS 65536UL
#define UNIT 64UL
#define SLOTS (CHUNK / UNIT)
// Sizes in units up to the largest object, each aligned to a unit; one class more for 256 bytes aligned so.
#define CLASSES 128
#define ALIGNED CLASSES
#define POISON 0x6b
#define MOST_KINDS 255

static unsigned char class_of[CHUNKS];
static unsigned int first_free[CLASSES + 1]; // slot numbers + 1
static unsigned int (*next_free)[SLOTS];
static unsigned char (*kind_of)[SLOTS]; // 0 for a free slot
static unsigned char (*last_kind)[SLOTS]; // of what was freed there
static unsigned long chunks;
static const char *kinds[MOST_KINDS + 1];
static int kind_count;
static long live, live_of[MOST_KINDS + 1], marked_of[MOST_KINDS + 1];

// What is free in the order of addresses, as sort_free() has found it.
static unsigned int first_sorted[CLASSES + 1];
static unsigned int (*next_sorted)[SLOTS]; // valid for what was free then
static unsigned char (*was_used)[SLOTS];
static unsigned long sorted_chunks;
static long sorted_live;

static void *reserve(void *at, size_t size)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED : 0);
	void *area = mmap(at, size, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (area == MAP_FAILED) {
		perror("pfntree: mmap");
		exit(1);
	}
	return area;
}

void memory_setup(void)
{
	reserve((void *)ARENA, CHUNK * CHUNKS);
	next_free = reserve(NULL, sizeof(*next_free) * CHUNKS);
	kind_of = reserve(NULL, sizeof(*kind_of) * CHUNKS);
	next_sorted = reserve(NULL, sizeof(*next_sorted) * CHUNKS);
	was_used = reserve(NULL, sizeof(*was_used) * CHUNKS);
	last_kind = reserve(NULL, sizeof(*last_kind) * CHUNKS);
}

static unsigned long size_in(unsigned int class)
{
	return class == ALIGNED ? 256 : class * UNIT;
}

static int kind_named(const char *what)
{
	for (int kind = 1; kind <= kind_count; kind++)
		if (kinds[kind] == what)
			return kind;
	if (kind_count == MOST_KINDS)
		host_unfit("more kinds of objects than memory.c has room for");
	kinds[++kind_count] = what;
	return kind_count;
}

static void add_chunk(unsigned int class)
{
	const unsigned long size = size_in(class), chunk = chunks++;

	if (chunk == CHUNKS)
		host_unfit("a trace needs more objects than memory.c has room for");
	class_of[chunk] = class;
	memset((char *)ARENA + chunk * CHUNK, POISON, CHUNK);
	for (unsigned long slot = CHUNK / size; slot-- > 0;) {
		next_free[chunk][slot] = first_free[class];
		first_free[class] = chunk * SLOTS + slot + 1;
	}
}

static void sort_free(void)
{
	memset(first_free, 0, sizeof(first_free));
	for (unsigned long chunk = chunks; chunk-- > 0;) {
		const unsigned int class = class_of[chunk];

		for (unsigned long slot = CHUNK / size_in(class); slot-- > 0;) {
			if (kind_of[chunk][slot])
				continue;
			next_free[chunk][slot] = first_free[class];
			first_free[class] = chunk * SLOTS + slot + 1;
		}
	}
	memcpy(first_sorted, first_free, sizeof(first_sorted));
	memcpy(next_sorted, next_free, sizeof(*next_free) * chunks);
	memcpy(was_used, kind_of, sizeof(*kind_of) * chunks);
	sorted_chunks = chunks;
	sorted_live = live;
}

static void require_poison(const char *object, unsigned long size)
{
	if (object[0] != POISON || memcmp(object, object + 1, size - 1))
		host_bug("memory was written to after it had been freed");
}

// What has been freed since memory_mark(), as slot numbers; one that is in use again is passed over.
static unsigned int *freed;
static unsigned long freed_count, freed_room;

static void note_freed(unsigned int at)
{
	if (freed_count == freed_room) {
		freed_room = freed_room ? freed_room * 2 : 1024;
		freed = realloc(freed, freed_room * sizeof(*freed));
		if (!freed)
			_exit(1);
	}
	freed[freed_count++] = at;
}

// Traces begin with the same order of what is free: what they show must not depend on those before them. Where the
// same objects are free as after the last sort, only what was taken from the lists since has to be put back.
static void restore_free(void)
{
	int is_same = chunks == sorted_chunks && live == sorted_live;

	for (unsigned long i = 0; is_same && i < freed_count; i++)
		is_same = !was_used[freed[i] / SLOTS][freed[i] % SLOTS] && !kind_of[freed[i] / SLOTS][freed[i] % SLOTS];
	if (!is_same)
		return sort_free();
	for (unsigned long i = 0; i < freed_count; i++)
		next_free[freed[i] / SLOTS][freed[i] % SLOTS] = next_sorted[freed[i] / SLOTS][freed[i] % SLOTS];
	memcpy(first_free, first_sorted, sizeof(first_free));
}

void memory_check(void)
{
	for (unsigned long i = 0; i < freed_count; i++) {
		const unsigned long chunk = freed[i] / SLOTS, slot = freed[i] % SLOTS, size = size_in(class_of[chunk]);

		if (!kind_of[chunk][slot])
			require_poison((char *)ARENA + chunk * CHUNK + slot * size, size);
	}
}

void *host_alloc(const char *what, unsigned long size, unsigned long align)
{
	const unsigned int class = align > UNIT ? ALIGNED : size <= UNIT ? 1 : (size + UNIT - 1) / UNIT;
	const int kind = kind_named(what);
	unsigned int at;
	char *object;

	if (class > ALIGNED || (align <= UNIT && class >= CLASSES) || (align > UNIT && (align > 256 || size > 256)))
		host_unfit("an object is larger than memory.c has room for");
	if (!first_free[class])
		add_chunk(class);
	at = first_free[class] - 1;
	first_free[class] = next_free[at / SLOTS][at % SLOTS];
	object = (char *)ARENA + at / SLOTS * CHUNK + at % SLOTS * size_in(class);
	require_poison(object, size_in(class));
	kind_of[at / SLOTS][at % SLOTS] = kind;
	live++;
	live_of[kind]++;
	return object;
}

void host_free(const void *object)
{
	const unsigned long offset = (unsigned long)object - ARENA, chunk = offset / CHUNK;
	unsigned long size, slot;

	if (!object)
		return;
	if (chunk >= chunks)
		host_bug("something is freed that is no object");
	size = size_in(class_of[chunk]);
	slot = offset % CHUNK / size;
	if (offset % CHUNK % size || !kind_of[chunk][slot])
		host_bug(offset % CHUNK % size ? "the inside of an object is freed" : "an object is freed twice");
	live--;
	live_of[kind_of[chunk][slot]]--;
	last_kind[chunk][slot] = kind_of[chunk][slot];
	kind_of[chunk][slot] = 0;
	memset((void *)object, POISON, size);
	note_freed(chunk * SLOTS + slot);
	next_free[chunk][slot] = first_free[class_of[chunk]];
	first_free[class_of[chunk]] = chunk * SLOTS + slot + 1;
}

int memory_is_freed(unsigned long at, unsigned long size, const char **what, unsigned long *into)
{
	const unsigned long offset = at - ARENA, chunk = offset / CHUNK, last = at + size - 1 - ARENA;
	unsigned long slot, width;

	if (chunk >= chunks || last / CHUNK != chunk)
		return 0;
	width = size_in(class_of[chunk]);
	slot = offset % CHUNK / width;
	*into = offset % CHUNK % width;
	*what = kinds[last_kind[chunk][slot]];
	return *what && !kind_of[chunk][slot];
}

long memory_live(void)
{
	return live;
}

void memory_mark(void)
{
	memcpy(marked_of, live_of, sizeof(marked_of));
	restore_free();
	freed_count = 0;
}

int memory_left(char *text, size_t size)
{
	size_t used = 0;

	text[0] = 0;
	for (int kind = 1; kind <= kind_count; kind++) {
		const long left = live_of[kind] - marked_of[kind];

		if (left != 0 && used < size)
			used += snprintf(text + used, size - used, "%s%s %+ld", used ? ", " : "", kinds[kind], left);
	}
	return used > 0;
}

const char *memory_kind(unsigned long address, unsigned long *offset)
{
	const unsigned long within = address - ARENA, chunk = within / CHUNK;
	unsigned long size;

	if (chunk >= chunks)
		return NULL;
	size = size_in(class_of[chunk]);
	*offset = within % CHUNK % size;
	return kinds[kind_of[chunk][within % CHUNK / size]];
}
