/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own page table: it maps the RAM of drivers page by page, for set_memory_*() to change. */
#include "pfndiff_glue.h"
#include <linux/pgtable.h>
#include <asm/set_memory.h>

pgd_t init_top_pgt[PTRS_PER_PGD] __aligned(PAGE_SIZE);

/* As much of it as traces name. */
#define MAPPED_PAGES 8192UL

static void *table(void)
{
	return (void *)get_zeroed_page(GFP_KERNEL);
}

static void map_table(unsigned long address)
{
	pgd_t *pgd = pgd_offset_pgd(init_top_pgt, address);
	p4d_t *p4d = p4d_offset(pgd, address);
	pud_t *pud;
	pmd_t *pmd;
	pte_t *ptes = table();

	if (p4d_none(*p4d))
		set_p4d(p4d, __p4d(__pa(table()) | _KERNPG_TABLE));
	pud = pud_offset(p4d, address);
	if (pud_none(*pud))
		set_pud(pud, __pud(__pa(table()) | _KERNPG_TABLE));
	pmd = pmd_offset(pud, address);
	set_pmd(pmd, __pmd(__pa(ptes) | _KERNPG_TABLE));
	for (int i = 0; i < PTRS_PER_PTE; i++)
		ptes[i] = pfn_pte((__pa(address) >> PAGE_SHIFT) + i, PAGE_KERNEL);
}

void pfndiff_direct_init(void)
{
	const unsigned long start = (unsigned long)__va(PFNDIFF_DRIVER_RAM << PAGE_SHIFT);

	pfndiff_init_mapping();
	for (unsigned long at = start; at < start + MAPPED_PAGES * PAGE_SIZE; at += PMD_SIZE)
		map_table(at);
}

/* Pages whose mode has been changed, and maybe changed back, lie between these. */
static unsigned long first, last;

void pfndiff_ram_changed(int pfn, int pages)
{
	first = first == last ? pfn : min_t(unsigned long, first, pfn);
	last = max_t(unsigned long, last, pfn + pages);
}

long k_set_memory(int mode, int pfn, int pages, int is_ram)
{
	static int (*const set[])(unsigned long, int) = { set_memory_wb, set_memory_wc, set_memory_uc };
	const unsigned long real = is_ram ? PFNDIFF_DRIVER_RAM + pfn : pfndiff_pfn_of(pfn);
	const unsigned long start = (unsigned long)__va(real << PAGE_SHIFT);
	int error;

	/* The kernel's own page table does not have the region but for what memremap_pages() has added. */
	if (!is_ram && !pfndiff_is_added(pfn, pages))
		return -EINVAL;
	if (is_ram)
		pfndiff_ram_changed(pfn, pages);
	error = set[mode](start, pages);
	pfndiff_quiesce();
	return error;
}

int k_ram(struct seen_memtype *out, int room)
{
	int count = 0;

	for (unsigned long pfn = first; pfn < last; pfn++) {
		const int mode = pfndiff_mode_of((u64)(PFNDIFF_DRIVER_RAM + pfn) << PAGE_SHIFT);

		if (mode == _PAGE_CACHE_MODE_WB)
			continue;
		if (count && out[count - 1].end == pfn && out[count - 1].mode == mode)
			out[count - 1].end++;
		else if (count == room)
			host_unfit("pages of RAM have modes in more runs than there is room for");
		else
			out[count++] = (struct seen_memtype){ pfn, pfn + 1, mode };
	}
	return count;
}

void pfndiff_direct_reset(void)
{
	if (first < last && set_memory_wb((unsigned long)__va((PFNDIFF_DRIVER_RAM + first) << PAGE_SHIFT), last - first))
		host_bug("RAM cannot be made write-back again");
	first = last = 0;
}
