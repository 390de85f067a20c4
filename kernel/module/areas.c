// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What the kernel maps for itself, by the slots of traces, and the modes of RAM. */
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/slab.h>
#include <asm/set_memory.h>
#include "module.h"

/* How much of its first and last page an inset mapping leaves out. */
#define INSET 64

/* In the order in which they were made. */
static struct kept {
	int via, slot, is_ram;
	int start, end;
	int mode; /* with which it was mapped */
	void *at;
	struct dev_pagemap *pages;
} kept[KERNEL_VIAS * PFNDIFF_SLOTS];
static int kept_count;
/* set_memory_*() has been called in this trace. */
static bool is_ram_set;

static struct kept *kept_in(int via, int slot)
{
	int i;

	for (i = 0; i < kept_count; i++)
		if (kept[i].via == via && kept[i].slot == slot)
			return &kept[i];
	return NULL;
}

static void *map_io(int via, int mode, phys_addr_t at, unsigned long bytes)
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

/* memremap_pages(): generic memory, or that of a PCI device for its peers. */
static long map_pages(struct kept *it, int is_peers, phys_addr_t at, unsigned long bytes)
{
#ifdef CONFIG_ZONE_DEVICE
	it->pages = kzalloc(sizeof(*it->pages), GFP_KERNEL);
	if (!it->pages)
		return -ENOMEM;
	it->pages->type = is_peers ? MEMORY_DEVICE_PCI_P2PDMA : MEMORY_DEVICE_GENERIC;
	it->pages->range.start = at;
	it->pages->range.end = at + bytes - 1;
	it->pages->nr_range = 1;
	it->at = memremap_pages(it->pages, 0);
	if (!IS_ERR(it->at))
		return 0;
	kfree(it->pages);
	return PTR_ERR(it->at);
#else
	return -ENOSYS;
#endif
}

static long map(int via, const int *row, int inset)
{
	const phys_addr_t at = (phys_addr_t)pfndiff_pfn(row[4], row[5]) << PAGE_SHIFT;
	const unsigned long bytes = row[6] * PAGE_SIZE, left_out = inset ? INSET : 0;
	struct kept *it = &kept[kept_count];
	long error = 0;

	if (kept_in(via, row[2]))
		return -EBUSY;
	*it = (struct kept){ via, row[2], row[5], row[4], row[4] + row[6] };
	if (via == KERNEL_MEMREMAP_PAGES)
		error = map_pages(it, row[3], at, bytes);
	else
		it->at = map_io(via, row[3], at + left_out, bytes - 2 * left_out);
	if (!error && !it->at)
		error = -ENOMEM;
	if (error)
		return error;
	it->mode = pfndiff_kernel_mode((unsigned long)it->at);
	kept_count++;
	return 0;
}

static void unmap(struct kept *it)
{
	const struct kept gone = *it;

	memmove(it, it + 1, (&kept[--kept_count] - it) * sizeof(*it));
	switch (gone.via) {
	case KERNEL_IOREMAP:
		iounmap((void __iomem __force *)gone.at);
		return;
	case KERNEL_MEMREMAP:
		memunmap(gone.at);
		return;
#ifdef CONFIG_ZONE_DEVICE
	default:
		memunmap_pages(gone.pages);
		kfree(gone.pages);
#endif
	}
}

static long unmap_slot(int via, int slot)
{
	struct kept *it = kept_in(via, slot);

	if (!it)
		return -EINVAL;
	unmap(it);
	return 0;
}

/* The kernel has a mapping of its own of RAM, and of pages that memremap_pages() has added. */
static bool has_mapping(int pfn, int pages, int is_ram)
{
	int i;

	for (i = 0; i < kept_count && !is_ram; i++)
		if (kept[i].via == KERNEL_MEMREMAP_PAGES && kept[i].start <= pfn && pfn + pages <= kept[i].end)
			return true;
	return is_ram;
}

static long set_memory(int mode, int pfn, int is_ram, int pages)
{
	const unsigned long at = (unsigned long)__va((phys_addr_t)pfndiff_pfn(pfn, is_ram) << PAGE_SHIFT);

	if (!has_mapping(pfn, pages, is_ram))
		return -EINVAL;
	is_ram_set |= is_ram;
	if (mode == 0)
		return set_memory_wb(at, pages);
	return mode == 1 ? set_memory_wc(at, pages) : set_memory_uc(at, pages);
}

long pfndiff_kernel_op(const int *row)
{
	switch ((enum pfndiff_op)row[0]) {
	case IOREMAP:
		return map(KERNEL_IOREMAP, row, row[7]);
	case IOUNMAP:
		return unmap_slot(KERNEL_IOREMAP, row[2]);
	case MEMREMAP:
		return map(KERNEL_MEMREMAP, row, 0);
	case MEMUNMAP:
		return unmap_slot(KERNEL_MEMREMAP, row[2]);
	case MEMREMAP_PAGES:
		return map(KERNEL_MEMREMAP_PAGES, row, 0);
	case MEMUNMAP_PAGES:
		return unmap_slot(KERNEL_MEMREMAP_PAGES, row[2]);
	case RESERVE_MEMTYPE_WC:
		return arch_io_reserve_memtype_wc((resource_size_t)pfndiff_pfn(row[2], 0) << PAGE_SHIFT,
						  row[3] * PAGE_SIZE);
	case FREE_MEMTYPE_WC:
		arch_io_free_memtype_wc((resource_size_t)pfndiff_pfn(row[2], 0) << PAGE_SHIFT, row[3] * PAGE_SIZE);
		return 0;
	case SET_MEMORY:
		return set_memory(row[2], row[3], row[4], row[5]);
	case CLAIM:
		return pfndiff_claim(row[2] ? row[3] : 0);
	case RELEASE:
		return pfndiff_release(row[2] ? row[3] : 0);
	default:
		return -ENOTTY;
	}
}

static int mode_of_ram(int page)
{
	return pfndiff_kernel_mode((unsigned long)__va((phys_addr_t)(pfndiff_ram + page) << PAGE_SHIFT));
}

void pfndiff_unmap_all(void)
{
	while (kept_count)
		unmap(&kept[kept_count - 1]);
	if (is_ram_set)
		set_memory_wb((unsigned long)__va((phys_addr_t)pfndiff_ram << PAGE_SHIFT), PFNDIFF_RAM_PAGES);
	is_ram_set = false;
}

int pfndiff_write_maps(struct pfndiff_writer *writer)
{
	int i, error = pfndiff_write(writer, &kept_count, 1);

	for (i = 0; i < kept_count && !error; i++) {
		const struct kept *it = &kept[i];
		const int words[] = { it->via, it->slot, it->start, it->end, it->mode, it->is_ram };

		error = pfndiff_write(writer, words, 6);
	}
	return error;
}

/* Two passes, since the number of rows comes first. */
int pfndiff_write_ram(struct pfndiff_writer *writer)
{
	const int pages = is_ram_set ? PFNDIFF_RAM_PAGES : 0;
	int pass, error = 0;

	for (pass = 0; pass < 2 && !error; pass++) {
		int count = 0, at = 0;

		while (at < pages && !error) {
			const int mode = mode_of_ram(at);
			int row[3] = { at, at, mode };

			while (at < pages && mode_of_ram(at) == mode)
				at++;
			row[1] = at;
			count += mode != 0;
			if (mode != 0 && pass == 1)
				error = pfndiff_write(writer, row, 3);
		}
		if (pass == 0)
			error = pfndiff_write(writer, &count, 1);
	}
	return error;
}
