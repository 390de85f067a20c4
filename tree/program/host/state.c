// SPDX-License-Identifier: GPL-2.0
// What a step shows, told as what has changed since the step before it.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host.h"

// What was shown of a process.
struct shown {
	int alive, count;
	struct seen_vma *vmas; // room for as many as the window has pages
	struct seen_entry *entries;
};

static struct shown shown[MOST_PROCS];
static int vpages_room, list_count, list_room, most_procs;
static struct seen_memtype *list, *list_now;
static struct seen_vma *vmas_now;
static int *changed;
static struct seen_kernel_map maps[PFNDIFF_MOST_MAPS];
static struct seen_memtype ram[PFNDIFF_MOST_RAM];
static int map_count, ram_count;

static void *grown(void *old, size_t size)
{
	void *area = realloc(old, size);

	if (!area)
		_exit(1);
	return area;
}

void state_begin(const struct trace *trace)
{
	if (trace->vpages > vpages_room) {
		vpages_room = trace->vpages;
		vmas_now = grown(vmas_now, sizeof(*vmas_now) * vpages_room);
		changed = grown(changed, sizeof(*changed) * 2 * vpages_room);
		for (int i = 0; i < MOST_PROCS; i++) {
			free(shown[i].vmas);
			free(shown[i].entries);
			shown[i].vmas = NULL;
			shown[i].entries = NULL;
		}
	}
	for (int i = 0; i < most_procs; i++)
		shown[i].alive = shown[i].count = 0;
	most_procs = 0;
	list_count = map_count = ram_count = 0;
}

static void show_list(void)
{
	int count;

	// A list that fills its room may go on behind it.
	while ((count = list_room ? k_memtypes(list_now, list_room) : 0) == list_room) {
		list_room = list_room ? list_room * 2 : 64;
		list = grown(list, sizeof(*list) * list_room);
		list_now = grown(list_now, sizeof(*list_now) * list_room);
	}
	if (count == list_count && !memcmp(list, list_now, sizeof(*list) * count))
		return;
	answer_record(RECORD_LIST, (const int *)list_now, count * 3);
	memcpy(list, list_now, sizeof(*list) * count);
	list_count = count;
}

static void show_vmas(struct shown *it, int proc, void *mm, int vpages)
{
	const int count = k_vmas(mm, vpages, vmas_now, vpages);
	int *words;

	if (it->alive && count == it->count && !memcmp(it->vmas, vmas_now, sizeof(*vmas_now) * count))
		return;
	words = answer_room(RECORD_VMAS, 1 + count * 4);
	words[0] = proc;
	memcpy(words + 1, vmas_now, sizeof(*vmas_now) * count);
	memcpy(it->vmas, vmas_now, sizeof(*vmas_now) * count);
	it->count = count;
}

static void show_entries(struct shown *it, int proc, void *mm, int vpages)
{
	const int count = k_entries(mm, vpages, it->entries, changed);
	int *words;

	if (!count)
		return;
	words = answer_room(RECORD_PAGES, 1 + count);
	words[0] = proc;
	memcpy(words + 1, changed, sizeof(*changed) * count);
}

static void show_calls(void)
{
	static struct seen_call calls[PFNDIFF_MOST_CALLS];
	const int count = k_calls(calls);

	if (count)
		answer_record(RECORD_CALLS, (const int *)calls, count * 3);
}

static void show_kernel_maps(void)
{
	static struct seen_kernel_map now[PFNDIFF_MOST_MAPS];
	const int count = k_kernel_maps(now);

	if (count == map_count && !memcmp(now, maps, sizeof(*now) * (size_t)count))
		return;
	answer_record(RECORD_KERNEL_MAPS, (const int *)now, count * 5);
	memcpy(maps, now, sizeof(*now) * (size_t)count);
	map_count = count;
}

static void show_ram(void)
{
	static struct seen_memtype now[PFNDIFF_MOST_RAM];
	const int count = k_ram(now, PFNDIFF_MOST_RAM);

	if (count == ram_count && !memcmp(now, ram, sizeof(*now) * (size_t)count))
		return;
	answer_record(RECORD_RAM, (const int *)now, count * 3);
	memcpy(ram, now, sizeof(*now) * (size_t)count);
	ram_count = count;
}

static void begin_process(struct shown *it, int vpages)
{
	if (!it->vmas)
		it->vmas = grown(NULL, sizeof(*it->vmas) * vpages_room);
	if (!it->entries)
		it->entries = grown(NULL, sizeof(*it->entries) * vpages_room);
	for (int i = 0; i < vpages; i++)
		it->entries[i] = (struct seen_entry){ 0, ENTRY_NONE };
}

void state_show(const struct trace *trace, void *const *mms, int procs, int proc, int child, int all)
{
	show_list();
	show_calls();
	show_kernel_maps();
	show_ram();
	if (procs > most_procs)
		most_procs = procs;
	for (int i = 0; i < procs; i++) {
		struct shown *it = &shown[i];

		if (!mms[i]) {
			if (it->alive)
				answer_record(RECORD_GONE, &i, 1);
			it->alive = 0;
			continue;
		}
		if (!it->alive)
			begin_process(it, trace->vpages);
		show_vmas(it, i, mms[i], trace->vpages);
		it->alive = 1;
		if (all || i == proc || i == child)
			show_entries(it, i, mms[i], trace->vpages);
	}
}
