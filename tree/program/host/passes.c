// SPDX-License-Identifier: GPL-2.0
// The functions that an op passes: the processor stops after each instruction, and the first of a function is noted.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include "host.h"

#define MOST_PASSED 4096

static unsigned long passed[MOST_PASSED];
static int count;

void passes_begin(void)
{
	count = 0;
	// The trap flag; what lies below the stack pointer may be in use.
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushf\n\torq $0x100, (%%rsp)\n\tpopf\n\tlea 128(%%rsp), %%rsp" ::: "cc", "memory");
}

void passes_note(unsigned long at)
{
	if (count == MOST_PASSED || !is_function(at))
		return;
	for (int i = 0; i < count; i++)
		if (passed[i] == at)
			return;
	passed[count++] = at;
}

// Names of ours, which stand between the op and the kernel's code.
static int is_ours(const char *name)
{
	return !strncmp(name, "k_", 2) || !strncmp(name, "host_", 5) || !strncmp(name, "passes_", 7);
}

void passes_end(void)
{
	static char text[MOST_PASSED * 40];
	size_t used = 0;

	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushf\n\tandq $~0x100, (%%rsp)\n\tpopf\n\tlea 128(%%rsp), %%rsp" ::: "cc", "memory");
	text[0] = 0;
	for (int i = 0; i < count; i++) {
		const char *name = symbol_of(passed[i]);

		if (!is_ours(name) && used + 256 < sizeof(text))
			used += (size_t)sprintf(text + used, "%s%.*s", used ? " " : "", (int)strcspn(name, "+"), name);
	}
	answer_text(RECORD_PASSED, 0, text);
}
