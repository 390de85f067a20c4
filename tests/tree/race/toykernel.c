/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In place of a kernel's code, what the host half of a tree's program can be tried on: a counter, shown as the length of
 * the one reservation there is, and two locks. Each call is a small program of its own, of which it is known what two tasks
 * can make of it.
 */
#include <stddef.h>
#include "pfndiff.h"

static int counter, lock_a, lock_b;
static int space[8], spaces;

static void lock(int *it)
{
	if (host_is_raced)
		host_point(POINT_SPIN_LOCK, it);
	while (*it) {
		if (!host_is_raced)
			host_bug("the toy takes a lock twice");
		host_wait(POINT_SPIN_LOCK, it);
	}
	*it = 1;
}

static void unlock(int *it)
{
	*it = 0;
	if (host_is_raced)
		host_point(POINT_SPIN_UNLOCK, it);
}

/* Reads under the lock and writes under it, and lets go of it in between: an update can get lost. */
long k_munmap(void *mm, unsigned long at, unsigned long length)
{
	int seen;

	lock(&lock_a);
	seen = counter;
	unlock(&lock_a);
	lock(&lock_a);
	counter = seen + 1;
	unlock(&lock_a);
	return 0;
}

/* The same, rightly. */
long k_mlock(void *mm, unsigned long at, unsigned long length)
{
	lock(&lock_a);
	counter++;
	unlock(&lock_a);
	return 0;
}

/* Two locks in this order, and in the other. */
long k_claim(int region, int is_kept)
{
	lock(&lock_a);
	lock(&lock_b);
	unlock(&lock_b);
	unlock(&lock_a);
	return 0;
}

long k_munlock(void *mm, unsigned long at, unsigned long length)
{
	lock(&lock_b);
	lock(&lock_a);
	unlock(&lock_a);
	unlock(&lock_b);
	return 0;
}

/* Passes as many points as it is told pages, and does nothing. */
long k_mprotect(void *mm, unsigned long at, unsigned long length, int prot, int key)
{
	for (unsigned long i = 0; host_is_raced && i < length / PFNDIFF_PAGE; i++)
		host_point(POINT_LOAD, NULL);
	return 0;
}

/* Does not survive it if the counter moves under its eyes. */
long k_touch(void *mm, unsigned long at, int write)
{
	const int seen = counter;

	if (host_is_raced)
		host_point(POINT_LOAD, NULL);
	if (seen != counter)
		*(volatile int *)8 = 1;
	return 0;
}

/* Leaves an object behind for good if the counter moves under its eyes. */
long k_madvise(void *mm, unsigned long at, unsigned long length, int advice)
{
	const int seen = counter;

	if (host_is_raced)
		host_point(POINT_LOAD, NULL);
	if (seen != counter)
		host_alloc("toy", 64, 16);
	return 0;
}

int k_memtypes(struct seen_memtype *out, int room)
{
	out[0] = (struct seen_memtype){ 0, counter, 1 };
	return counter > 0 && room > 0;
}

void k_world(unsigned long base, const struct pfndiff_region *regions, int has_pat, int maps)
{
	counter = lock_a = lock_b = spaces = 0;
}

void k_keys(int has_keys)
{
}

void *k_spawn(void)
{
	return &space[spaces++];
}

const char *k_lock_name(const void *lock, const char *kind, unsigned long offset)
{
	return lock == &lock_a ? "lock_a" : lock == &lock_b ? "lock_b" : kind;
}

int k_is_shared(const char *kind, unsigned long offset)
{
	return 0;
}

unsigned int k_version(void)
{
	return 6 << 16 | 12 << 8;
}

int k_has_vm_pat(void)
{
	return 1;
}

int k_bug_at(unsigned long at, const char **file, unsigned int *line)
{
	return -1;
}

int k_has_failed(void)
{
	return 0;
}

int k_vmas(void *mm, int pages, struct seen_vma *out, int room)
{
	return 0;
}

int k_entries(void *mm, int pages, struct seen_entry *seen, int *out)
{
	return 0;
}

long k_pages_used(void)
{
	return 0;
}

void k_init(unsigned long ram, unsigned long memmap) {}
void k_fault(int site, int nth) {}
void k_exit(void *mm) {}
void k_task(int number) {}
void k_quiesce(void) {}
void k_clean(void) {}
void k_sort_pages(void) {}
void k_forget_warnings(void) {}

int k_calls(struct seen_call *out)
{
	return 0;
}

int k_ram(struct seen_memtype *out, int room)
{
	return 0;
}

int k_kernel_maps(struct seen_kernel_map *out)
{
	return 0;
}
