// SPDX-License-Identifier: GPL-2.0
// Two tasks that run ops by turns on the kernel's code, as coroutines: one runs until it is stopped at a point, must wait
// for a lock or is through. A schedule says at which of its points a task is stopped; so it can be run again.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "host.h"

#define STACK (1UL << 18)
#define LOG_BYTES 16384
#define MOST_RACED 16
#define MOST_POINTS 10000
#define FRAMES 10
#define STATE_BYTES 512
#define MOST_SHOWN 64
#define ALONE 0 // k_task()'s number of the task that is no coroutine

int host_is_raced;
int (*race_choose)(int task, int point, int is_free);

// One of the two.
struct runner {
	void *stack_pointer;
	const int *ops;
	int count, done, points, is_through;
	void *inside;          // the address space that it is in a call on
	const void *waits_for; // a lock that the other one has not given back since
	int waits_at;          // what it wanted of it
	long results[MOST_RACED];
	size_t logs_of[MOST_RACED + 1]; // where the lines of each op begin
	size_t logged;
	char *log; // lines, each with its NUL
};

// What came at a point, for those who are told of it.
struct passed_point {
	int task, number, kind, turn, done;
	char lock[64]; // by its name: what it lies in may be gone when it is told
	unsigned long frames[FRAMES];
	char state[STATE_BYTES]; // where the other one goes on: what stands between them
};

static struct runner runners[2];
static char logs[2][LOG_BYTES];
static struct passed_point trail[MOST_POINTS];
static int trail_length, running, next_stop;
static void *main_stack_pointer;
static char *stacks;
static const struct trace *raced;

void switch_stacks(void **from, void *to);
__asm__(".globl switch_stacks\n"
	"switch_stacks:\n"
	"	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n	pop %rbp\n"
	"	ret\n");

static int is_told(void)
{
	return raced->race->mode == RACE_RUN;
}

static char *stack_of(int task)
{
	// A page between them, which nobody may touch.
	return stacks + (size_t)task * (STACK + PFNDIFF_PAGE) + PFNDIFF_PAGE;
}

int race_stack(unsigned long *lowest, unsigned long *length)
{
	if (!host_is_raced)
		return 0;
	*lowest = (unsigned long)stack_of(running);
	*length = STACK;
	return 1;
}

static const char *name_of(const void *lock)
{
	static char text[256];
	unsigned long offset = 0;
	const char *kind = memory_kind((unsigned long)lock, &offset);
	const char *name = k_lock_name(lock, kind, offset);

	if (name)
		return name;
	snprintf(text, sizeof(text), "%s", symbol_of((unsigned long)lock));
	text[strcspn(text, "+")] = 0;
	return text;
}

// The list and the VMAs of every process, a line for each: L start end mode, V proc start end pfn flags.
static void note_state(char *to)
{
	static struct seen_memtype list[MOST_SHOWN];
	static struct seen_vma vmas[MOST_SHOWN];
	const int entries = k_memtypes(list, MOST_SHOWN);
	size_t used = 0;

	for (int i = 0; i < entries && used < STATE_BYTES; i++)
		used += (size_t)snprintf(to + used, STATE_BYTES - used, "\nL %d %d %d", list[i].start, list[i].end, list[i].mode);
	for (int proc = 0; proc < trace_processes(); proc++) {
		void *mm = trace_space(proc);
		const int count = mm ? k_vmas(mm, raced->vpages, vmas, MOST_SHOWN) : 0;

		for (int i = 0; i < count && used < STATE_BYTES; i++)
			used += (size_t)snprintf(to + used, STATE_BYTES - used, "\nV %d %d %d %d %d", proc, vmas[i].start,
						 vmas[i].end, vmas[i].pfn, vmas[i].flags);
	}
}

static void note_point(int kind, const void *lock, int turn)
{
	const unsigned long lowest = (unsigned long)stack_of(running);
	const unsigned long *frame = __builtin_frame_address(0);
	struct passed_point *it = &trail[trail_length];

	if (!is_told() || trail_length == MOST_POINTS)
		return;
	trail_length++;
	*it = (struct passed_point){ running, runners[running].points, kind, turn, runners[running].done, "", { 0 }, "" };
	if (turn != TURN_ON) {
		// Nobody runs while we look.
		const int was_raced = host_is_raced;

		host_is_raced = 0;
		note_state(it->state);
		host_is_raced = was_raced;
	}
	if (lock)
		snprintf(it->lock, sizeof(it->lock), "%s", name_of(lock));
	for (int i = 0; i < FRAMES && (unsigned long)frame - lowest < STACK - 16; i++) {
		it->frames[i] = frame[1];
		frame = (const unsigned long *)frame[0];
	}
}

static void run_other(void)
{
	const int was = running;

	running = 1 - was;
	k_task(1 + running);
	switch_stacks(&runners[was].stack_pointer, runners[running].stack_pointer);
}

// Whether the task is stopped here. A stop between two ops costs nothing: the kernel is not inside of either.
static int is_stopped(int is_free)
{
	const struct race *race = raced->race;
	const int *stop = race->stop + (size_t)next_stop * 2;

	if (race_choose)
		return race_choose(running, runners[running].points, is_free);
	if (next_stop == race->stops || stop[0] != running || stop[1] != runners[running].points)
		return 0;
	next_stop++;
	return 1;
}

static int can_run(int task)
{
	return !runners[task].is_through && !runners[task].waits_for;
}

void host_point(int kind, const void *lock)
{
	struct runner *other = &runners[1 - running];
	const int is_release = kind == POINT_UP_WRITE || kind == POINT_UP_READ || kind == POINT_DOWNGRADE ||
			       kind == POINT_SPIN_UNLOCK || kind == POINT_UNLOCK_PAGE;
	int stopped;

	if (is_release && other->waits_for == lock)
		other->waits_for = NULL;
	if (++runners[running].points == MOST_POINTS)
		host_hang("a task passes more points than any call does: it goes round in a circle");
	// One that waits for what is still held would only come back.
	stopped = can_run(1 - running) && is_stopped(kind == POINT_CALL);
	note_point(kind, lock, stopped ? TURN_STOPPED : TURN_ON);
	if (stopped)
		run_other();
}

static void deadlock(void)
{
	const struct runner *a = &runners[0], *b = &runners[1];
	char text[512], of_a[128], of_b[128];

	snprintf(of_a, sizeof(of_a), "%s", a->is_through ? "nothing, it is through" : name_of(a->waits_for));
	snprintf(of_b, sizeof(of_b), "%s", b->is_through ? "nothing, it is through" : name_of(b->waits_for));
	snprintf(text, sizeof(text), "deadlock: a waits for %s, b waits for %s", of_a, of_b);
	host_hang(text);
}

void host_wait(int kind, const void *lock)
{
	struct runner *self = &runners[running];

	self->waits_for = lock;
	self->waits_at = kind;
	note_point(kind, lock, TURN_WAITS);
	if (!can_run(1 - running))
		deadlock();
	run_other();
}

void race_log(const char *text)
{
	struct runner *self = &runners[running];
	const size_t length = strlen(text) + 1;

	if (self->logged + length > LOG_BYTES)
		host_unfit("two tasks say more than race.c has room for");
	memcpy(self->log + self->logged, text, length);
	self->logged += length;
}

// A step for an op of a task that has come to its end, or to an end.
static void tell_step(const struct runner *it, int op)
{
	const int task = it == &runners[1];
	const size_t end = op < it->done ? it->logs_of[op + 1] : it->logged;

	answer_record(RECORD_RACED, &task, 1);
	answer_step();
	for (size_t at = it->logs_of[op]; at < end; at += strlen(it->log + at) + 1)
		answer_text(RECORD_LOG, 0, it->log + at);
	if (op < it->done)
		answer_result((int)-it->results[op]);
}

// A process ends once nobody is inside of a call on its address space; a revoke and a driver's zap are on none.
static long perform(struct runner *self, const int *op)
{
	struct runner *other = &runners[1 - running];
	const int is_of_device = op[0] == OP_REVOKE || op[0] == DRV_ZAP;
	void *mm = op[0] == OP_SPAWN || is_of_device ? NULL : trace_space(op[1]);
	long result;

	while (op[0] == OP_EXIT && mm && other->inside == mm)
		host_wait(POINT_CALL, mm);
	self->inside = mm;
	result = trace_perform(op);
	self->inside = NULL;
	if (mm && other->waits_for == mm)
		other->waits_for = NULL;
	return result;
}

static void run_ops(struct runner *self)
{
	while (self->done < self->count) {
		const int *op = self->ops + (size_t)self->done * OP_WORDS;

		if (self->done > 0)
			host_point(POINT_CALL, NULL);
		self->results[self->done] = perform(self, op);
		self->logs_of[++self->done] = self->logged;
		if (!is_told())
			continue;
		// Nobody runs while we look.
		host_is_raced = 0;
		tell_step(self, self->done - 1);
		trace_show_all(raced);
		host_is_raced = 1;
	}
}

__attribute__((force_align_arg_pointer)) static void run_task(void)
{
	struct runner *self = &runners[running];
	void *nowhere;

	run_ops(self);
	self->is_through = 1;
	note_point(POINT_CALL, NULL, TURN_DONE);
	if (can_run(1 - running))
		run_other();
	if (!runners[1 - running].is_through)
		deadlock();
	switch_stacks(&nowhere, main_stack_pointer);
}

static void begin(int task, const int *ops, int count)
{
	struct runner *it = &runners[task];
	void **top = (void **)(stack_of(task) + STACK - 128);

	*--top = NULL;
	*--top = (void *)run_task;
	for (int saved = 0; saved < 6; saved++)
		*--top = NULL;
	*it = (struct runner){ .stack_pointer = top, .ops = ops, .count = count, .log = logs[task] };
}

static void begin_both(const int *ops)
{
	const struct race *race = raced->race;

	if (race->count[0] > MOST_RACED || race->count[1] > MOST_RACED)
		host_unfit("a task has more ops than race.c has room for");
	if (!stacks) {
		stacks = mmap(NULL, 2 * (STACK + PFNDIFF_PAGE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (stacks == MAP_FAILED)
			_exit(1);
		for (int task = 0; task < 2; task++)
			mprotect(stack_of(task) - PFNDIFF_PAGE, PFNDIFF_PAGE, PROT_NONE);
	}
	begin(0, ops, race->count[0]);
	begin(1, ops + (size_t)race->count[0] * OP_WORDS, race->count[1]);
	trail_length = next_stop = running = 0;
	points_are_on = race->sees_accesses;
}

static void tell_points(void)
{
	for (int i = 0; i < trail_length; i++) {
		const struct passed_point *it = &trail[i];
		char text[4096];
		size_t used = (size_t)snprintf(text, sizeof(text), "%s", it->lock);
		int *words;

		for (int n = 0; n < FRAMES && it->frames[n]; n++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "\n%s", symbol_of(it->frames[n]));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", it->state);
		words = answer_room(RECORD_POINT, 5 + (int)(used / sizeof(int)) + 1);
		memcpy(words, it, 5 * sizeof(*words));
		words[5 + used / sizeof(int)] = 0;
		memcpy(words + 5, text, used);
	}
	trail_length = 0;
}

void race_stopped(enum stop kind, const char *text)
{
	const struct runner *self = &runners[running];

	if (race_choose)
		search_died(kind, text);
	if (!host_is_raced)
		return;
	host_is_raced = 0;
	tell_points();
	tell_step(self, self->done < self->count ? self->done : self->count - 1);
}

void race_run(const struct trace *trace, const int *ops)
{
	raced = trace;
	begin_both(ops);
	if (can_run(1) && is_stopped(1)) {
		note_point(POINT_START, NULL, TURN_STOPPED);
		running = 1;
	}
	k_task(1 + running);
	host_is_raced = 1;
	switch_stacks(&main_stack_pointer, runners[running].stack_pointer);
	host_is_raced = 0;
	k_task(ALONE);
	k_quiesce();
	if (is_told())
		return tell_points();
	for (int task = 0; task < 2; task++)
		for (int op = 0; op < runners[task].count; op++)
			tell_step(&runners[task], op);
	trace_show_all(trace);
}
