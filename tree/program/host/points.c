// SPDX-License-Identifier: GPL-2.0
// Accesses of memory, where the kernel half is compiled to tell them (-fsanitize=thread): those of what tasks share
// without a lock are points at which one of two tasks may be stopped.
#include "host.h"

int points_are_on;

static inline void access(unsigned long address, enum pfndiff_point kind)
{
	unsigned long offset;
	const char *of;

	if (!points_are_on || !host_is_raced)
		return;
	of = memory_kind(address, &offset);
	if (of && k_is_shared(of, offset))
		host_point(kind, (const void *)address);
}

#define ACCESS(name, kind)				\
	void __tsan_##name(unsigned long address);	\
	void __tsan_##name(unsigned long address)	\
	{						\
		access(address, kind);			\
	}
#define SIZES(name, kind) ACCESS(name##1, kind) ACCESS(name##2, kind) ACCESS(name##4, kind) ACCESS(name##8, kind) \
	ACCESS(name##16, kind)
#define RANGE(name, kind)						\
	void __tsan_##name##_range(unsigned long address, long size);	\
	void __tsan_##name##_range(unsigned long address, long size)	\
	{								\
		(void)size;						\
		access(address, kind);					\
	}

SIZES(read, POINT_LOAD)
SIZES(write, POINT_STORE)
SIZES(unaligned_read, POINT_LOAD)
SIZES(unaligned_write, POINT_STORE)
SIZES(volatile_read, POINT_LOAD)
SIZES(volatile_write, POINT_STORE)
SIZES(unaligned_volatile_read, POINT_LOAD)
SIZES(unaligned_volatile_write, POINT_STORE)
RANGE(read, POINT_LOAD)
RANGE(write, POINT_STORE)

void __tsan_init(void);
void __tsan_init(void)
{
}
