/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel maps for itself, by the slots of traces. Whatever lies there, reads find zeroes in the host's area. */
#include "pfndiff_glue.h"
#include <linux/io.h>
#include <linux/vmalloc.h>
#include <asm/memtype.h>

static struct vm_struct *areas;
static unsigned long next_area;
/* The mode with which the last range was mapped. */
static int mapped_mode;

struct vm_struct *get_vm_area_caller(unsigned long size, unsigned long flags, const void *caller)
{
	struct vm_struct *area;

	if (pfndiff_fails(SITE_KERNEL_AREA))
		return NULL;
	if (next_area + size + PAGE_SIZE > PFNDIFF_AREAS_BYTES)
		host_unfit("a trace maps more for the kernel than there is room for (PFNDIFF_AREAS_BYTES)");
	area = host_alloc("kernel area", sizeof(*area), 16);
	memset(area, 0, sizeof(*area));
	area->addr = (void *)VMALLOC_START + next_area;
	area->flags = flags;
	area->size = size + PAGE_SIZE;
	area->next = areas;
	areas = area;
	next_area += area->size;
	return area;
}

int ioremap_page_range(unsigned long address, unsigned long end, phys_addr_t physical, pgprot_t prot)
{
	mapped_mode = pgprot2cachemode(prot);
	return 0;
}

struct vm_struct *find_vm_area(const void *address)
{
	struct vm_struct *area = areas;

	while (area && area->addr != address)
		area = area->next;
	return area;
}

struct vm_struct *remove_vm_area(const void *address)
{
	struct vm_struct **link = &areas;
	struct vm_struct *area;

	while (*link && (*link)->addr != address)
		link = &(*link)->next;
	area = *link;
	if (area)
		*link = area->next;
	return area;
}

void free_vm_area(struct vm_struct *area)
{
	kfree(remove_vm_area(area->addr));
}

bool is_vmalloc_addr(const void *address)
{
	return find_vm_area(address);
}

/* In the order in which they were made. */
static struct kept {
	struct seen_kernel_map seen;
	void *at;
	struct dev_pagemap *pages;
} kept[PFNDIFF_MOST_MAPS];
static int kept_count;
/* memremap_pages() was called in this trace. */
static bool has_added;

static struct kept *kept_in(int via, int slot)
{
	for (int i = 0; i < kept_count; i++)
		if (kept[i].seen.via == via && kept[i].seen.slot == slot)
			return &kept[i];
	return NULL;
}

static void *map(int via, int mode, u64 at, unsigned long bytes)
{
	static const unsigned long flags[] = { MEMREMAP_WB, MEMREMAP_WT, MEMREMAP_WC };

	if (via == KERNEL_MEMREMAP)
		return memremap(at, bytes, flags[mode]);
	switch (mode) {
	case 0:
		return (void __force *)ioremap(at, bytes);
	case 1:
		return (void __force *)ioremap_wc(at, bytes);
	case 2:
		return (void __force *)ioremap_cache(at, bytes);
	default:
		return (void __force *)ioremap_uc(at, bytes);
	}
}

/* How much of its first and last page an inset mapping leaves out. */
#define INSET 64

long k_kernel_map(int via, int slot, int mode, int pfn, int pages, int is_ram, int inset)
{
	const unsigned long left_out = inset ? INSET : 0;
	const u64 start = (u64)(is_ram ? PFNDIFF_DRIVER_RAM + pfn : pfndiff_pfn_of(pfn)) << PAGE_SHIFT;
	const int shown = pfn + (is_ram ? PFNDIFF_SHOWN_RAM : 0);
	struct kept *it = &kept[kept_count];

	if (kept_in(via, slot))
		return -EBUSY;
	if (kept_count == PFNDIFF_MOST_MAPS)
		host_unfit("a trace maps more for the kernel than areas.c has room for");
	if (via == KERNEL_MEMREMAP_PAGES) {
		has_added = true;
		it->pages = pfndiff_add_pages(start, pages * PAGE_SIZE, mode);
		if (IS_ERR(it->pages))
			return PTR_ERR(it->pages);
		mapped_mode = pfndiff_mode_mapped(start);
	} else {
		it->at = map(via, mode, start + left_out, pages * PAGE_SIZE - 2 * left_out);
		pfndiff_quiesce();
		if (!it->at)
			return -ENOMEM;
		if (is_ram)
			pfndiff_ram_changed(pfn, pages);
	}
	/* Of RAM nothing is mapped: it lies in the direct map. */
	it->seen = (struct seen_kernel_map){ via, slot, shown, shown + pages, is_ram ? pfndiff_mode_of(start) : mapped_mode };
	kept_count++;
	return 0;
}

static void unmap(struct kept *it)
{
	const struct kept gone = *it;

	memmove(it, it + 1, (&kept[--kept_count] - it) * sizeof(*it));
	if (gone.seen.via == KERNEL_MEMREMAP_PAGES)
		pfndiff_remove_pages(gone.pages);
	else if (gone.seen.via == KERNEL_MEMREMAP)
		memunmap(gone.at);
	else
		iounmap((void __iomem __force *)gone.at);
	pfndiff_quiesce();
}

long k_kernel_unmap(int via, int slot)
{
	struct kept *it = kept_in(via, slot);

	if (!it)
		return -EINVAL;
	unmap(it);
	return 0;
}

void pfndiff_unmap_all(void)
{
	while (kept_count)
		unmap(&kept[0]);
	next_area = 0;
	if (has_added)
		pfndiff_forget_added();
	has_added = false;
}

bool pfndiff_is_added(int pfn, int pages)
{
	for (int i = 0; i < kept_count; i++) {
		const struct seen_kernel_map *it = &kept[i].seen;

		if (it->via == KERNEL_MEMREMAP_PAGES && it->start <= pfn && pfn + pages <= it->end)
			return true;
	}
	return false;
}

int k_kernel_maps(struct seen_kernel_map *out)
{
	for (int i = 0; i < kept_count; i++)
		out[i] = kept[i].seen;
	return kept_count;
}

long k_reserve_wc(int pfn, int pages)
{
	return arch_io_reserve_memtype_wc((u64)pfndiff_pfn_of(pfn) << PAGE_SHIFT, pages * PAGE_SIZE);
}

void k_free_wc(int pfn, int pages)
{
	arch_io_free_memtype_wc((u64)pfndiff_pfn_of(pfn) << PAGE_SHIFT, pages * PAGE_SIZE);
}
