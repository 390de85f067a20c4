/* SPDX-License-Identifier: GPL-2.0 */
/* Stubs of what is not linked: stubs.txt says which may be used; the others tell who used them. */
#include "pfndiff.h"

#define DATA_BYTES 16384

#define FUNCTION(name)								\
	unsigned long stub_##name(void) __asm__(#name);				\
	unsigned long stub_##name(void) { return 0; }
#define UNREVIEWED_FUNCTION(name)						\
	unsigned long stub_##name(void) __asm__(#name);				\
	unsigned long stub_##name(void) { host_stub(#name); }
#define DATA(name)								\
	char stub_##name[DATA_BYTES] __asm__(#name) __attribute__((aligned(4096)));
#define UNREVIEWED_DATA(name)							\
	char stub_##name[DATA_BYTES] __asm__(#name) __attribute__((aligned(4096), section("pfndiff_absent")));
