/* SPDX-License-Identifier: GPL-2.0 */
/* A driver's file with the region behind it: its hooks, and the ops that come by it. */
#include "pfndiff_glue.h"
#include "pfndiff_drivers.h"
#include <linux/backing-dev.h>
#include <linux/fs.h>
#include <linux/rwsem.h>

/* enum pfndiff_says */
static int says;

static struct super_block filesystem;
static struct inode inode = { .i_sb = &filesystem };
struct address_space pfndiff_drivers_mapping;
static struct file file;

/* Nothing is written back to a driver's file. */
struct backing_dev_info *inode_to_bdi(struct inode *of)
{
	static struct backing_dev_info none;

	return &none;
}

static vm_flags_t said_flags(void)
{
	static const vm_flags_t said[] = { [SAYS_PFNMAP] = VM_PFNMAP, [SAYS_MIXED] = VM_MIXEDMAP };

	return VM_IO | VM_DONTEXPAND | VM_DONTDUMP | said[says];
}

static int on_mmap(struct file *opened, struct vm_area_struct *vma)
{
	if (says != SAYS_PFNMAP && !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
#if HAS_VM_FLAGS_SET
	vm_flags_set(vma, said_flags());
#else
	vma->vm_flags |= said_flags();
#endif
	vma->vm_ops = &pfndiff_plain_ops;
	return pfndiff_make_calls(vma);
}

static const struct file_operations fops = {
	.mmap = on_mmap,
#ifdef FOP_UNSIGNED_OFFSET
	.fop_flags = FOP_UNSIGNED_OFFSET,
#endif
};

#if HAS_MMAP_ACTIONS
/* The remap that the hook has asked for: it is made once the hook has returned, and fails with the mmap(). */
static const int *asked;

static int ask_for(struct vm_area_desc *desc, vm_flags_t flags, const int *row)
{
	const unsigned long pages = pfndiff_remapped_of(desc->mm, desc->start, desc->end, flags, row);

	if (!pages)
		return -EINVAL;
	/* What reaches past the mapping is a mistake that the helper for this would warn of. */
	desc->action.type = MMAP_REMAP_PFN;
	desc->action.remap.start = desc->start + row[1] * PAGE_SIZE;
	desc->action.remap.start_pfn = pfndiff_real_pfn(row[3], row[4]);
	desc->action.remap.size = pages * PAGE_SIZE;
	desc->action.remap.pgprot = pfndiff_in_mode(desc->page_prot, row[5]);
	asked = row;
	return 0;
}

static int on_prepare(struct vm_area_desc *desc)
{
	/* Flags are a bitmap of one word. */
	unsigned long *flags = (unsigned long *)&desc->vma_flags;

	if (says != SAYS_PFNMAP && !(*flags & VM_SHARED))
		return -EINVAL;
	*flags |= said_flags();
	desc->vm_ops = &pfndiff_plain_ops;
	for (int i = 0; i < pfndiff_call_count; i++) {
		const int *row = pfndiff_calls + i * PFNDIFF_ROW;
		int error = 0;

		if (row[0] == CALL_FAULT_HANDLER) {
			desc->private_data = pfndiff_kept_handler(row);
			desc->vm_ops = pfndiff_ops_of(row);
		} else {
			error = row[0] == CALL_FAIL ? -row[1] : ask_for(desc, *flags, row);
		}
		if (row != asked)
			pfndiff_note(row[0], error, 0);
		if (error)
			return error;
	}
	return 0;
}

static const struct file_operations prepared_fops = {
	.mmap_prepare = on_prepare,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

static long mmap_prepared(struct mm_struct *mm, unsigned long at, unsigned long length, int prot, int is_private,
			  unsigned long off)
{
	long error;

	asked = NULL;
	file.f_op = &prepared_fops;
	error = pfndiff_mmap(mm, &file, at, length, prot, is_private, off);
	file.f_op = &fops;
	if (asked)
		pfndiff_note(asked[0], error, 0);
	return error;
}
#endif

void pfndiff_drivers_init(void)
{
	static const struct address_space_operations no_operations;

	pfndiff_handlers_init();
	inode.i_mode = S_IFCHR;
	inode.i_mapping = &pfndiff_drivers_mapping;
	pfndiff_drivers_mapping.host = &inode;
	pfndiff_drivers_mapping.a_ops = &no_operations;
	pfndiff_drivers_mapping.i_mmap = RB_ROOT_CACHED;
	__init_rwsem(&pfndiff_drivers_mapping.i_mmap_rwsem, "", NULL);
	pfndiff_open_file(&file, &fops, &inode, &pfndiff_drivers_mapping, 0);
}

bool pfndiff_is_drivers(const struct vm_area_struct *vma)
{
	return vma->vm_file == &file;
}

long k_drv_mmap(void *mm, unsigned long at, unsigned long length, int prot, int is_private, unsigned long off,
		int says_of_vma, int is_prepared, const int *rows, int count)
{
	pfndiff_calls = rows;
	pfndiff_call_count = count;
	says = says_of_vma;
#if HAS_MMAP_ACTIONS
	if (is_prepared)
		return mmap_prepared(mm, at, length, prot, is_private, off);
#endif
	return pfndiff_mmap(mm, &file, at, length, prot, is_private, off);
}

long k_drv_run(void *address_space, unsigned long at, const int *rows, int count)
{
	struct mm_struct *mm = address_space;
	struct vm_area_struct *vma;
	long result = -EFAULT;

	pfndiff_calls = rows;
	pfndiff_call_count = count;
	pfndiff_become(mm);
	mmap_write_lock(mm);
	vma = find_vma(mm, at);
	if (vma && vma->vm_start <= at)
		result = pfndiff_is_drivers(vma) ? pfndiff_make_calls(vma) : -EINVAL;
	mmap_write_unlock(mm);
	pfndiff_become(NULL);
	pfndiff_quiesce();
	return result;
}

void k_drv_zap(unsigned long off, unsigned long pages)
{
	unmap_mapping_range(&pfndiff_drivers_mapping, (loff_t)off << PAGE_SHIFT, (loff_t)pages << PAGE_SHIFT, 1);
	pfndiff_quiesce();
}
