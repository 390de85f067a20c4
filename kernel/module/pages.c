// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What page tables have: of processes by runs of pages, of the kernel by address. */
#include <linux/pgtable.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include "module.h"

/* The mode that each combination of PWT, PCD and PAT stands for. */
static int modes[8];

static int bits_of(unsigned long flags, unsigned long pat)
{
	return (flags & _PAGE_PWT ? 1 : 0) | (flags & _PAGE_PCD ? 2 : 0) | (flags & pat ? 4 : 0);
}

/* Without PAT, several modes have the same bits: the plainest is meant. */
void pfndiff_pages_init(void)
{
	static const enum page_cache_mode known[] = { _PAGE_CACHE_MODE_WP, _PAGE_CACHE_MODE_WT, _PAGE_CACHE_MODE_WC,
						      _PAGE_CACHE_MODE_UC, _PAGE_CACHE_MODE_UC_MINUS,
						      _PAGE_CACHE_MODE_WB };
	int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		modes[bits_of(cachemode2protval(known[i]), _PAGE_PAT)] = known[i];
}

int pfndiff_kernel_mode(unsigned long address)
{
	unsigned int level;
	const pte_t *entry = lookup_address(address, &level);

	if (!entry || pte_none(*entry))
		return -1;
	return modes[bits_of(pte_val(*entry), level == PG_LEVEL_4K ? _PAGE_PAT : _PAGE_PAT_LARGE)];
}

/* (pfn << 3) | mode of a page that a trace can name, or -1. */
static long entry_of(pte_t entry)
{
	const long pfn = pte_present(entry) ? pfndiff_shown(pte_pfn(entry)) : -1;

	return pfn < 0 ? -1 : pfn << 3 | modes[bits_of(pte_flags(entry), _PAGE_PAT)];
}

/* The last table of an address, or NULL; how far it is to the next one; what maps all of it at once, or nothing. */
static pte_t *table_of(struct mm_struct *mm, unsigned long at, unsigned long *next, pmd_t *whole)
{
	pgd_t *pgd = pgd_offset(mm, at);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	*next = (at & PMD_MASK) + PMD_SIZE;
	*whole = __pmd(0);
	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, at);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, at);
	if (pud_none(*pud) || pud_leaf(*pud))
		return NULL;
	pmd = pmd_offset(pud, at);
	if (pmd_none(*pmd))
		return NULL;
	if (!pmd_leaf(*pmd))
		return pte_offset_kernel(pmd, at);
	*whole = *pmd;
	return NULL;
}

/* The same of a page of what is mapped at once. */
static long entry_in(pmd_t whole, unsigned long at)
{
	const long pfn = pmd_present(whole) ? pfndiff_shown(pmd_pfn(whole) + pte_index(at)) : -1;

	return pfn < 0 ? -1 : pfn << 3 | modes[bits_of(pmd_flags(whole), _PAGE_PAT_LARGE)];
}

struct run {
	int page, pages, entry;
};

static int put(struct run *run, struct pfndiff_writer *writer)
{
	const int words[] = { run->page, run->pages, run->entry };

	return run->pages ? pfndiff_write(writer, words, 3) : 0;
}

/* Nothing else runs in the process while it is looked at. */
static long walk(struct mm_struct *mm, const struct pfndiff_entries *asked)
{
	struct pfndiff_writer writer = { (int __user *)(uintptr_t)asked->rows, asked->room };
	const unsigned long end = asked->address + asked->pages * PAGE_SIZE;
	unsigned long at = asked->address, next;
	struct run run = { 0 };
	int error = 0;

	while (at < end && !error) {
		pmd_t whole;
		const pte_t *entries = table_of(mm, at, &next, &whole);

		next = min(next, end);
		if (!entries && pmd_none(whole)) {
			at = next;
			continue;
		}
		for (; at < next && !error; at += PAGE_SIZE) {
			const long entry =
				entries ? entry_of(ptep_get((pte_t *)entries++)) : entry_in(whole, at);

			if (run.pages && entry == run.entry + 8 * run.pages &&
			    run.page + run.pages == (at - asked->address) >> PAGE_SHIFT) {
				run.pages++;
				continue;
			}
			if (entry < 0)
				continue;
			error = put(&run, &writer);
			run = (struct run){ (at - asked->address) >> PAGE_SHIFT, 1, entry };
		}
	}
	error = error ?: put(&run, &writer);
	return error ?: (asked->room - writer.left) / 3;
}

struct mm_struct *pfndiff_mm_of(unsigned int number)
{
	struct pid *pid = find_get_pid(number);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	put_pid(pid);
	return mm;
}

long pfndiff_entries(const struct pfndiff_entries *asked)
{
	struct mm_struct *mm = pfndiff_mm_of(asked->pid);
	long result;

	if (!mm)
		return -ESRCH;
	result = walk(mm, asked);
	mmput(mm);
	return result;
}
