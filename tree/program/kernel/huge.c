/* SPDX-License-Identifier: GPL-2.0 */
/* Which pages may be larger ones: those of files, where drivers may insert them, and none of a process' own. */
#include "pfndiff_glue.h"
#include <linux/huge_mm.h>

unsigned long __real___thp_vma_allowable_orders(struct vm_area_struct *vma, unsigned long flags, unsigned long why,
						unsigned long orders);

unsigned long __wrap___thp_vma_allowable_orders(struct vm_area_struct *vma, unsigned long flags, unsigned long why,
						unsigned long orders)
{
#if HAS_PMD_PFNMAP
	if (!vma_is_anonymous(vma))
		return __real___thp_vma_allowable_orders(vma, flags, why, orders);
#endif
	return 0;
}

/* The same, up to 6.7. */
bool __wrap_hugepage_vma_check(void)
{
	return false;
}

/* As `transparent_hugepage=never` would have it; pfns that drivers insert do not go by that. */
void pfndiff_huge_init(void)
{
	transparent_hugepage_flags = 0;
}
