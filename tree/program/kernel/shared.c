/* SPDX-License-Identifier: GPL-2.0 */
/* What two tasks share: locks by their names, and what of a VMA is looked at without one. */
#include "pfndiff_glue.h"
#include <linux/fs.h>
#include <linux/rmap.h>

const char *k_lock_name(const void *lock, const char *kind, unsigned long offset)
{
	if (lock == &pfndiff_mapping->i_mmap_rwsem)
		return "i_mmap_rwsem";
	if (lock == &pfndiff_drivers_mapping.i_mmap_rwsem)
		return "i_mmap_rwsem of the driver";
	if (!kind)
		return NULL;
	if (!strcmp(kind, "mm_struct") && offset == offsetof(struct mm_struct, mmap_lock))
		return "mmap_lock";
	if (!strcmp(kind, "mm_struct") && offset == offsetof(struct mm_struct, page_table_lock))
		return "page_table_lock";
	if (!strcmp(kind, "anon_vma") && offset == offsetof(struct anon_vma, rwsem))
		return "anon_vma->rwsem";
	if (kind == pfndiff_context_kind)
		return "the tracking context";
#if HAS_TRACK_CONTEXT
	if (!strcmp(kind, "vm_area_struct") && offset == offsetof(struct vm_area_struct, pfnmap_track_ctx))
		return "vma->pfnmap_track_ctx";
#endif
	if (!strcmp(kind, "vm_area_struct") && offset == offsetof(struct vm_area_struct, vm_flags))
		return "vma->vm_flags";
	return kind;
}

int k_is_shared(const char *kind, unsigned long offset)
{
	if (kind == pfndiff_context_kind)
		return 1;
	if (strcmp(kind, "vm_area_struct"))
		return 0;
#if HAS_TRACK_CONTEXT
	if (offset == offsetof(struct vm_area_struct, pfnmap_track_ctx))
		return 1;
#endif
	return offset == offsetof(struct vm_area_struct, vm_flags);
}
