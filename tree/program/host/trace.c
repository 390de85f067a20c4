// SPDX-License-Identifier: GPL-2.0
// Runs a trace: every op on the kernel's code, and after it what can be seen.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "host.h"

#define APERTURE 0x100000000UL

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
static const int advices[] = { MADV_DONTFORK, MADV_DOFORK, MADV_DONTNEED, MADV_WIPEONFORK, MADV_WILLNEED };

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
	switch ((enum op_code)op[0]) {
	case OP_MMAP:
		return k_mmap(mm, own[1], at, length, prots[own[2]], own[3], (unsigned long)own[0]);
	case OP_MUNMAP:
		return k_munmap(mm, at, length);
	case OP_MREMAP:
		return k_mremap(mm, at, length, bytes(own[0]), own[1], own[1] ? address(own[2]) : 0);
	case OP_MPROTECT:
		return k_mprotect(mm, at, length, prots[own[0]]);
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
		k_revoke();
		return 0;
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
		state_show(trace, mms, procs, op[1], op[0] == OP_FORK ? op[OWN_WORDS] : -1, op[0] == OP_REVOKE);
}

int trace_run(const struct trace *trace, const int *ops)
{
	const int base_page = (int)(APERTURE / PFNDIFF_PAGE);
	const struct race *race = trace->race;
	const long pages_before = k_pages_used();
	int leaked;

	memory_mark();
	k_sort_pages();
	k_forget_warnings();
	state_begin(trace);
	k_world(APERTURE, (unsigned long)trace->pfns, trace->write_back, trace->maps);
	answer_record(RECORD_TRACE, &base_page, 1);
	for (int i = 0; i < trace->ops; i++) {
		if (race && i == race->from) {
			race_run(trace, ops + (size_t)i * OP_WORDS);
			i += race->count[0] + race->count[1] - 1;
		} else {
			// Where schedules are searched, what comes before tells none from another.
			const int is_shown = !race || race->mode == RACE_RUN || i >= race->from;

			run_op(trace, ops + (size_t)i * OP_WORDS, is_shown);
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
