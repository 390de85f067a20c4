// SPDX-License-Identifier: GPL-2.0
// All schedules of two tasks with at most so many preemptions, depth first, each from a fresh state. What the search
// knows lies in memory that processes share: a schedule that crashes, hangs or leaks ends its process and no more.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>
#include "host.h"

#define MOST_CHOICES 40000
#define MOST_OUTCOMES 4096
#define MOST_STOPS 64
#define POOL_WORDS (1UL << 26)
/* A process sets its clock anew after so many schedules. */
#define SCHEDULES_A_CLOCK 64

// A point where the task may be stopped, or go on.
struct choice {
	int task, point, is_free, is_taken;
	int preemptions; // of the choices before it
};

struct outcome {
	unsigned long hash, schedules;
	size_t at; // what it shows, in the pool
	int count;
	int preemptions, stops, stop[MOST_STOPS][2]; // of the shortest schedule
};

struct searched {
	struct choice choices[MOST_CHOICES];
	int count, fixed; // of the schedule at hand; how many are as they must be
	unsigned long schedules, deaths;
	int most_points, outcomes, is_done, is_running, left;
	char unfit[512]; // why the glue does not do, which ends the search
	enum stop unfit_kind;
	struct outcome found[MOST_OUTCOMES];
	int slots[MOST_OUTCOMES * 2]; // outcomes by hash, + 1
	size_t pooled;
	int pool[POOL_WORDS];
};

static struct searched *it;
static const struct race *race;

static int choose(int task, int point, int is_free)
{
	struct choice *choice = &it->choices[it->count];

	if (it->count == MOST_CHOICES)
		host_unfit("a schedule has more points than search.c has room for");
	if (it->count >= it->fixed)
		*choice = (struct choice){ task, point, is_free, 0, 0 };
	else if (choice->task != task || choice->point != point)
		host_unfit("a schedule does not run as it did before");
	choice->preemptions = it->count ? choice[-1].preemptions + (choice[-1].is_taken && !choice[-1].is_free) : 0;
	it->count++;
	return choice->is_taken;
}

// Turns to the next schedule; 0 where there is none.
static int turn(void)
{
	for (int i = it->count; i-- > 0;) {
		struct choice *choice = &it->choices[i];

		if (choice->is_taken || choice->preemptions + !choice->is_free > race->bound)
			continue;
		choice->is_taken = 1;
		it->fixed = i + 1;
		return 1;
	}
	return 0;
}

static unsigned long hash_of(const int *words, int count)
{
	unsigned long hash = 0xcbf29ce484222325UL;

	for (int i = 0; i < count; i++)
		hash = (hash ^ (unsigned int)words[i]) * 0x100000001b3UL;
	return hash;
}

static struct outcome *outcome_of(const int *words, int count)
{
	const unsigned long hash = hash_of(words, count);
	struct outcome *found;
	int *slot;

	for (unsigned long i = hash >> 20;; i++) {
		slot = &it->slots[i % (MOST_OUTCOMES * 2)];
		if (!*slot)
			break;
		found = &it->found[*slot - 1];
		if (found->hash == hash && found->count == count &&
		    !memcmp(it->pool + found->at, words, (size_t)count * sizeof(*words)))
			return found;
	}
	if (it->outcomes == MOST_OUTCOMES || it->pooled + (size_t)count > POOL_WORDS)
		host_unfit("schedules have more outcomes than search.c has room for");
	found = &it->found[it->outcomes++];
	*found = (struct outcome){ .hash = hash, .at = it->pooled, .count = count, .stops = -1 };
	memcpy(it->pool + it->pooled, words, (size_t)count * sizeof(*words));
	it->pooled += (size_t)count;
	*slot = it->outcomes;
	return found;
}

// Counts the schedule at hand among those of its outcome.
static void note(const int *words, int count)
{
	struct outcome *outcome = outcome_of(words, count);
	int stops = 0, preemptions = 0;

	it->schedules++;
	if (it->count > it->most_points)
		it->most_points = it->count;
	outcome->schedules++;
	for (int i = 0; i < it->count; i++) {
		stops += it->choices[i].is_taken;
		preemptions += it->choices[i].is_taken && !it->choices[i].is_free;
	}
	if (outcome->stops >= 0 && (preemptions > outcome->preemptions ||
				    (preemptions == outcome->preemptions && stops >= outcome->stops)))
		return;
	if (stops > MOST_STOPS)
		host_unfit("a schedule has more stops than search.c has room for");
	outcome->preemptions = preemptions;
	outcome->stops = 0;
	for (int i = 0; i < it->count; i++) {
		if (!it->choices[i].is_taken)
			continue;
		outcome->stop[outcome->stops][0] = it->choices[i].task;
		outcome->stop[outcome->stops++][1] = it->choices[i].point;
	}
}

static void note_death(enum stop kind, const char *text)
{
	int words[2048] = { RECORD_STOP, kind };
	// Whose step closes a deadlock makes no other one of it.
	const size_t told = kind == STOP_HANG ? strcspn(text, "\n") : strlen(text);
	const int count = 2 + (int)((told + sizeof(int)) / sizeof(int));

	strncpy((char *)(words + 2), text, told < sizeof(words) - 3 * sizeof(int) ? told : sizeof(words) - 3 * sizeof(int));
	note(words, count < 2048 ? count : 2048);
	it->deaths++;
	it->is_running = 0;
	it->is_done = !turn();
	it->left--;
}

void search_died(enum stop kind, const char *text)
{
	if (kind == STOP_STUB || kind == STOP_UNFIT) {
		it->unfit_kind = kind;
		snprintf(it->unfit, sizeof(it->unfit), "%s", text);
	} else {
		note_death(kind, text);
	}
	_exit(0);
}

// Runs schedules until there are none, the slice is full, or this process is of no more use.
static void run_schedules(const struct trace *trace, const int *ops)
{
	for (int n = 0;; n++) {
		const int *words;
		int count, goes_on;

		if (n % SCHEDULES_A_CLOCK == 0)
			trouble_clock(trace->ops);
		it->is_running = 1;
		it->count = 0;
		answer_begin();
		goes_on = trace_run(trace, ops);
		words = answer_since(1, &count);
		note(words, count);
		it->is_running = 0;
		it->is_done = !turn();
		if (--it->left <= 0 || it->is_done || !goes_on)
			return;
	}
}

static void tell(void)
{
	const int base_page = 0;
	int *words;

	answer_begin();
	answer_record(RECORD_TRACE, &base_page, 1);
	for (int i = 0; it->is_done && i < it->outcomes; i++) {
		const struct outcome *outcome = &it->found[i];

		words = answer_room(RECORD_OUTCOME, 3 + 2 * outcome->stops);
		words[0] = (int)(outcome->schedules & 0x7fffffff);
		words[1] = (int)(outcome->schedules >> 31);
		words[2] = outcome->preemptions;
		memcpy(words + 3, outcome->stop, (size_t)outcome->stops * sizeof(outcome->stop[0]));
	}
	words = answer_room(RECORD_SEARCHED, 6);
	words[0] = it->is_done;
	words[1] = (int)(it->schedules & 0x7fffffff);
	words[2] = (int)(it->schedules >> 31);
	words[3] = it->most_points;
	words[4] = (int)(it->deaths & 0x7fffffff);
	words[5] = (int)(it->deaths >> 31);
	if (it->unfit[0])
		answer_text(RECORD_STOP, it->unfit_kind, it->unfit);
	else
		answer_record(RECORD_END, NULL, 0);
}

// A process of its own for schedules; where it is gone without a word, its schedule was the last of it.
static void run_in_process(const struct trace *trace, const int *ops)
{
	const pid_t worker = fork();
	int status;

	if (!worker) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		race_choose = choose;
		run_schedules(trace, ops);
		_exit(0);
	}
	if (worker < 0 || waitpid(worker, &status, 0) != worker)
		_exit(1);
	if (it->is_running && !it->unfit[0])
		note_death(STOP_CRASH, "the program was killed");
}

void search(const struct trace *trace, const int *ops)
{
	race = trace->race;
	if (race->mode == RACE_SEARCH) {
		if (it)
			munmap(it, sizeof(*it));
		it = mmap(NULL, sizeof(*it), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (it == MAP_FAILED)
			_exit(1);
	}
	it->left = race->slice;
	while (it->left > 0 && !it->is_done && !it->unfit[0])
		run_in_process(trace, ops);
	tell();
}
