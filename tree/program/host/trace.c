// SPDX-License-Identifier: GPL-2.0
// Runs a trace: every op on the kernel's code, and after it what can be seen.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "host.h"

// Those that libc may not know yet.
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

/* The first page behind the ISA window. */
#define ISA_END 0x100

static void *mms[MOST_PROCS];
static int procs;

static unsigned long bytes(int pages)
{
	return (unsigned long)pages * PFNDIFF_PAGE;
}

static unsigned long address(int page)
{
	return PFNDIFF_WINDOW + bytes(page);
}

static long fork_of(int proc, int child, int late)
{
	if (child >= procs)
		procs = child + 1;
	mms[child] = k_fork(mms[proc], late);
	return mms[child] ? 0 : -ENOMEM;
}

// By the order of PROTS (src/trace/fields.ts) and ADVICES (src/trace/syscalls.ts).
static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
static const int advices[] = {
	MADV_DONTFORK, MADV_DOFORK, MADV_DONTNEED, MADV_WIPEONFORK, MADV_WILLNEED,
	MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_MERGEABLE, MADV_UNMERGEABLE,
	MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_DONTNEED_LOCKED, MADV_POPULATE_READ,
	MADV_POPULATE_WRITE, MADV_COLLAPSE, MADV_REMOVE, MADV_GUARD_INSTALL,
	MADV_GUARD_REMOVE,
};

static long remap_of(void *mm, const int *op)
{
	const int *own = op + OWN_WORDS;
	int flags = own[1] ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;

	if (own[3] & 1)
		flags |= MREMAP_MAYMOVE;
	if (own[3] & 2)
		flags |= MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
	return k_mremap(mm, address(op[2]), bytes(op[3]), bytes(own[0]), flags, own[1] ? address(own[2]) : 0);
}

// The rows of an op's calls, which follow it: only an op of a driver has any.
static int calls_of(const int *op)
{
	return op[0] == DRV_MMAP || op[0] == DRV_RUN ? op[CALLS_WORD] & CALLS_MASK : 0;
}

static long perform_driver_op(void *mm, const int *op)
{
	const int *rows = op + OP_WORDS;
	const int calls = calls_of(op);

	switch ((enum driver_op)op[0]) {
	case DRV_MMAP:
		return k_drv_mmap(mm, address(op[2]), bytes(op[3]), prots[op[5]], op[6], (unsigned long)op[4],
				  op[CALLS_WORD] >> SAYS_SHIFT & SAYS_MASK, op[CALLS_WORD] >> HOOK_SHIFT, rows, calls);
	case DRV_RUN:
		return k_drv_run(mm, address(op[2]), rows, calls);
	case DRV_ZAP:
		k_drv_zap((unsigned long)op[2], (unsigned long)op[3]);
		return 0;
	case IOREMAP:
		return k_kernel_map(KERNEL_IOREMAP, op[2], op[3], op[4], op[6], op[5], op[7]);
	case IOUNMAP:
		return k_kernel_unmap(KERNEL_IOREMAP, op[2]);
	case MEMREMAP:
		return k_kernel_map(KERNEL_MEMREMAP, op[2], op[3], op[4], op[6], op[5], 0);
	case MEMUNMAP:
		return k_kernel_unmap(KERNEL_MEMREMAP, op[2]);
	case RESERVE_MEMTYPE_WC:
		return k_reserve_wc(op[2], op[3]);
	case FREE_MEMTYPE_WC:
		k_free_wc(op[2], op[3]);
		return 0;
	case MEMREMAP_PAGES:
		return k_kernel_map(KERNEL_MEMREMAP_PAGES, op[2], op[3], op[4], op[6], op[5], 0);
	case MEMUNMAP_PAGES:
		return k_kernel_unmap(KERNEL_MEMREMAP_PAGES, op[2]);
	case SET_MEMORY:
		return k_set_memory(op[2], op[3], op[5], op[4]);
	case CLAIM:
		return k_claim(op[2] ? op[3] : 0, 1);
	case RELEASE:
		return k_release(op[2] ? op[3] : 0);
	}
	host_unfit("an op of drivers that this program does not know");
}

long trace_perform(const int *op)
{
	const int proc = op[1];
	const int *own = op + OWN_WORDS;
	void *mm = mms[proc];
	const unsigned long at = address(op[2]), length = bytes(op[3]);

	if (proc >= procs)
		procs = proc + 1;
	if (op[0] == OP_SPAWN) {
		mms[proc] = k_spawn();
		return mms[proc] ? 0 : -ENOMEM;
	}
	if (!mm)
		return -ESRCH;
	if (op[0] >= DRV_MMAP)
		return perform_driver_op(mm, op);
	switch ((enum op_code)op[0]) {
	case OP_MMAP:
		return k_mmap(mm, own[1], at, length, prots[own[2]], own[3], (unsigned long)own[0]);
	case OP_MUNMAP:
		return k_munmap(mm, at, length);
	case OP_MREMAP:
		return remap_of(mm, op);
	case OP_MPROTECT:
		return k_mprotect(mm, at, length, prots[own[0]], own[1]);
	case OP_MADVISE:
		return k_madvise(mm, at, length, advices[own[0]]);
	case OP_TOUCH:
		return k_touch(mm, at, own[0]);
	case OP_FORK:
		return fork_of(proc, own[0], own[1]);
	case OP_EXIT:
		mms[proc] = NULL;
		k_exit(mm);
		return 0;
	case OP_MLOCK:
		return k_mlock(mm, at, length);
	case OP_MUNLOCK:
		return k_munlock(mm, at, length);
	case OP_MSEAL:
		return k_mseal(mm, at, length);
	case OP_REVOKE:
		return k_claim(own[0] ? own[1] : 0, 0);
	case OP_PEEK:
		return k_peek(mm, at);
	case OP_SPAWN:
		break;
	}
	host_unfit("an op that this program does not know");
}

static void end_processes(void)
{
	for (int i = 0; i < procs; i++) {
		void *mm = mms[i];

		mms[i] = NULL;
		if (mm)
			k_exit(mm);
	}
	procs = 0;
	k_clean();
}

// What is not given back once all processes are gone belongs to no VMA, and nothing will ever free it.
static int has_leaked(long pages_before)
{
	const long pages = k_pages_used() - pages_before;
	char text[512];
	size_t used = 0;

	if (memory_left(text, sizeof(text)))
		used = strlen(text);
	if (pages)
		snprintf(text + used, sizeof(text) - used, "%spages of memory %+ld", used ? ", " : "", pages);
	if (used || pages)
		answer_text(RECORD_LEAK, 0, text);
	return used || pages;
}

void trace_show_all(const struct trace *trace)
{
	state_show(trace, mms, procs, -1, -1, 1);
}

void *trace_space(int proc)
{
	return proc < procs ? mms[proc] : NULL;
}

int trace_processes(void)
{
	return procs;
}

static void run_op(const struct trace *trace, const int *op, int is_shown)
{
	long result;

	answer_step();
	k_fault(op[OP_WORDS - 2], op[OP_WORDS - 1]);
	if (trace->is_watched)
		passes_begin();
	result = trace_perform(op);
	if (trace->is_watched)
		passes_end();
	if (k_has_failed())
		answer_record(RECORD_FAILED, op + OP_WORDS - 2, 2);
	k_fault(SITE_NONE, 0);
	answer_result((int)-result);
	if (is_shown)
		state_show(trace, mms, procs, op[1], op[0] == OP_FORK ? op[OWN_WORDS] : -1,
			   op[0] == OP_REVOKE || op[0] == DRV_ZAP || op[0] == CLAIM);
}

int trace_run(const struct trace *trace, const int *ops)
{
	const unsigned long base = trace->isa ? (unsigned long)(ISA_END - trace->isa) * PFNDIFF_PAGE : PFNDIFF_APERTURE;
	const int base_page = (int)(base / PFNDIFF_PAGE);
	const struct race *race = trace->race;
	const long pages_before = k_pages_used();
	int leaked;

	memory_mark();
	k_sort_pages();
	k_forget_warnings();
	state_begin(trace);
	k_world(base, trace->regions, trace->has_pat, trace->maps);
	k_keys(trace->has_keys);
	answer_record(RECORD_TRACE, &base_page, 1);
	for (int i = 0; i < trace->ops; i++) {
		if (race && i == race->from) {
			race_run(trace, ops + (size_t)i * OP_WORDS);
			i += race->count[0] + race->count[1] - 1;
		} else {
			// Where schedules are searched, what comes before tells none from another.
			const int is_shown = !race || race->mode == RACE_RUN || i >= race->from;

			run_op(trace, ops + (size_t)i * OP_WORDS, is_shown);
			i += calls_of(ops + (size_t)i * OP_WORDS);
		}
	}
	trouble_is_quiet = 1;
	end_processes();
	trouble_is_quiet = 0;
	memory_check();
	leaked = has_leaked(pages_before);
	answer_record(leaked ? RECORD_SPENT : RECORD_END, NULL, 0);
	return !leaked;
}
