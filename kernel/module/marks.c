// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What VMAs of a process are marked with, told without a look at their pages. */
#include <linux/sched/mm.h>
#include "module.h"

#ifdef CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS
#define KEYS (VM_PKEY_BIT0 | VM_PKEY_BIT1 | VM_PKEY_BIT2 | VM_PKEY_BIT3)
#else
#define KEYS 0
#endif
/* Not there before 6.10, and after 6.15. */
#ifndef VM_SEALED
#define VM_SEALED 0
#endif
#ifndef VM_PAT
#define VM_PAT 0
#endif

static int marks_of(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		int mark;
	} known[] = {
		{ VM_PAT, MARK_TRACKED },	{ VM_DONTCOPY, MARK_DONTCOPY },	    { VM_SEALED, MARK_SEALED },
		{ VM_RAND_READ, MARK_RANDOM },	{ VM_SEQ_READ, MARK_SEQUENTIAL },   { VM_HUGEPAGE, MARK_HUGEPAGE },
		{ VM_NOHUGEPAGE, MARK_NOHUGEPAGE }, { VM_LOCKED, MARK_LOCKED },	    { VM_DONTDUMP, MARK_DONTDUMP },
		{ VM_WIPEONFORK, MARK_WIPEONFORK }, { VM_MERGEABLE, MARK_MERGEABLE }, { KEYS, MARK_KEY },
	};
	int marks = 0, i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (flags & known[i].flag)
			marks |= known[i].mark;
	return marks;
}

/* Pairs of the page at which a VMA begins and its marks. */
static long write_marks(struct mm_struct *mm, const struct pfndiff_entries *asked)
{
	struct pfndiff_writer writer = { (int __user *)(uintptr_t)asked->rows, asked->room };
	const unsigned long end = asked->address + asked->pages * PAGE_SIZE;
	const struct vm_area_struct *vma;
	unsigned long at = asked->address;
	int error = 0;

	while (!error && (vma = find_vma(mm, at)) && vma->vm_start < end) {
		const int words[] = { (long)(vma->vm_start - asked->address) >> PAGE_SHIFT, marks_of(vma->vm_flags) };

		error = pfndiff_write(&writer, words, 2);
		at = vma->vm_end;
	}
	return error ?: (asked->room - writer.left) / 2;
}

long pfndiff_marks(const struct pfndiff_entries *asked)
{
	struct mm_struct *mm = pfndiff_mm_of(asked->pid);
	long result;

	if (!mm)
		return -ESRCH;
	/* What is written to is init's own, never of the process that is looked at. */
	mmap_read_lock(mm);
	result = write_marks(mm, asked);
	mmap_read_unlock(mm);
	mmput(mm);
	return result;
}
