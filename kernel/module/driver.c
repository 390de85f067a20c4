// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A driver's file with the region behind it: its hooks, and the ops that come by it. */
#include <linux/uaccess.h>
#include "driver.h"

/* enum pfndiff_says */
static unsigned int says;
/* The call of a remap that mmap_prepare() has asked for: it is made once the hook has returned, and fails with the mmap(). */
static const int *asked;

static unsigned long said_flags(void)
{
	static const unsigned long said[] = { [SAYS_PFNMAP] = VM_PFNMAP, [SAYS_IO] = 0, [SAYS_MIXED] = VM_MIXEDMAP };

	return VM_IO | VM_DONTEXPAND | VM_DONTDUMP | said[says];
}

int pfndiff_on_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (says != SAYS_PFNMAP && !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
#ifdef HAS_VM_FLAGS_SET
	vm_flags_set(vma, said_flags());
#else
	vma->vm_flags |= said_flags();
#endif
	vma->vm_ops = &pfndiff_plain_ops;
	return pfndiff_make_calls(vma);
}

#ifdef HAS_MMAP_ACTIONS
static int ask_for(struct vm_area_desc *desc, unsigned long flags, const int *row)
{
	const unsigned long pages = pfndiff_remapped_of(desc->mm, desc->start, desc->end, flags, row);

	if (!pages)
		return -EINVAL;
	/* What reaches past the mapping is a mistake that the helper for this would warn of. */
	desc->action.type = MMAP_REMAP_PFN;
	desc->action.remap.start = desc->start + row[1] * PAGE_SIZE;
	desc->action.remap.start_pfn = pfndiff_pfn(row[3], row[4]);
	desc->action.remap.size = pages * PAGE_SIZE;
	desc->action.remap.pgprot = pfndiff_in_mode(desc->page_prot, row[5]);
	asked = row;
	return 0;
}

static int prepare_call(struct vm_area_desc *desc, unsigned long flags, const int *row)
{
	if (row[0] == CALL_FAIL)
		return -row[1];
	if (row[0] != CALL_FAULT_HANDLER)
		return ask_for(desc, flags, row);
	desc->private_data = pfndiff_kept_handler(row);
	desc->vm_ops = pfndiff_ops_of(row);
	return desc->private_data ? 0 : -ENOSPC;
}

int pfndiff_on_mmap_prepare(struct vm_area_desc *desc)
{
	/* Flags are a bitmap of one word. */
	unsigned long *flags = (unsigned long *)&desc->vma_flags;
	int i;

	if (says != SAYS_PFNMAP && !(*flags & VM_SHARED))
		return -EINVAL;
	*flags |= said_flags();
	desc->vm_ops = &pfndiff_plain_ops;
	for (i = 0; i < pfndiff_call_count; i++) {
		const int error = prepare_call(desc, *flags, pfndiff_calls[i]);

		if (pfndiff_calls[i] != asked)
			pfndiff_note(pfndiff_calls[i][0], error, 0);
		if (error)
			return error;
	}
	return 0;
}
#endif

void pfndiff_mapped(int errno)
{
	if (asked)
		pfndiff_note(asked[0], -errno, 0);
	asked = NULL;
}

/* On the VMA at an address, as an ioctl of a driver would. */
long pfndiff_run(unsigned long address)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	long result = -EFAULT;

	mmap_write_lock(mm);
	vma = find_vma(mm, address);
	if (vma && vma->vm_start <= address)
		result = pfndiff_is_drivers(vma) ? pfndiff_make_calls(vma) : -EINVAL;
	mmap_write_unlock(mm);
	return result;
}

long pfndiff_take_calls(const struct pfndiff_calls *told)
{
	if (told->count > PFNDIFF_MOST_CALLS || told->says > SAYS_MIXED)
		return -E2BIG;
	pfndiff_call_count = 0;
	if (copy_from_user(pfndiff_calls, (void __user *)(uintptr_t)told->rows, told->count * sizeof(pfndiff_calls[0])))
		return -EFAULT;
	pfndiff_call_count = told->count;
	says = told->says;
	return 0;
}

void pfndiff_driver_begin(void)
{
	pfndiff_handlers_begin();
	asked = NULL;
}
