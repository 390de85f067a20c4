/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of memtype_interval.c, to go through the list in one pass: its own copy of the nth entry starts anew. */
#include "memtype_interval.c"
#include "../../../../mm/pfndiff.h"

int pfndiff_memtypes(void (*take)(const struct memtype *entry, struct seen_memtype *to), struct seen_memtype *out,
		     int room);

int pfndiff_memtypes(void (*take)(const struct memtype *entry, struct seen_memtype *to), struct seen_memtype *out,
		     int room)
{
	struct memtype *entry = interval_iter_first(&memtype_rbroot, 0, ULONG_MAX);
	int count = 0;

	for (; entry && count < room; entry = interval_iter_next(entry, 0, ULONG_MAX))
		take(entry, &out[count++]);
	return count;
}
