// SPDX-License-Identifier: GPL-2.0
// What kernel code calls before each access where it is built to say so (--sanitize): one to what has been freed ends
// the trace there and then.
#include <stdio.h>
#include "host.h"

static void check(unsigned long at, unsigned long size, const char *does)
{
	const char *what;
	unsigned long into;
	char why[256];

	if (memory_is_freed(at, size, &what, &into))
		snprintf(why, sizeof(why), "a use after free: %lu bytes are %s, %lu into a freed %s", size, does, into, what);
	else if (k_is_freed_page(at))
		snprintf(why, sizeof(why), "a use after free: %lu bytes of a freed page are %s", size, does);
	else
		return;
	host_bug(why);
}

#define ACCESS(size)									\
	void __asan_load##size##_noabort(unsigned long at) { check(at, size, "read"); }	\
	void __asan_store##size##_noabort(unsigned long at) { check(at, size, "written"); }

void __asan_load1_noabort(unsigned long at), __asan_store1_noabort(unsigned long at);
void __asan_load2_noabort(unsigned long at), __asan_store2_noabort(unsigned long at);
void __asan_load4_noabort(unsigned long at), __asan_store4_noabort(unsigned long at);
void __asan_load8_noabort(unsigned long at), __asan_store8_noabort(unsigned long at);
void __asan_load16_noabort(unsigned long at), __asan_store16_noabort(unsigned long at);
void __asan_loadN_noabort(unsigned long at, unsigned long size), __asan_storeN_noabort(unsigned long at, unsigned long size);
void __asan_handle_no_return(void);

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __asan_loadN_noabort(unsigned long at, unsigned long size)
{
	check(at, size, "read");
}

void __asan_storeN_noabort(unsigned long at, unsigned long size)
{
	check(at, size, "written");
}

void __asan_handle_no_return(void)
{
}
