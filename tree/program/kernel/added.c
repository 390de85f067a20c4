/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that memremap_pages() adds: what of it takes zones and a memory map, which lies in the host's area. */
#include "pfndiff_glue.h"
#include <linux/completion.h>
#include <linux/memory_hotplug.h>
#include <linux/memremap.h>
#include <linux/percpu-refcount.h>
#include <asm/memtype.h>
#include <asm/set_memory.h>

/* How far physical addresses go; its name has changed. */
unsigned long physmem_end = (1UL << 46) - 1, direct_map_physmem_end = (1UL << 46) - 1;

/* Where memory ends, which grows with what is added: nobody asks. */
unsigned long max_pfn, max_low_pfn, max_pfn_mapped, max_low_pfn_mapped;

/* Of each region, which lies within one section. */
static struct mem_section_usage usages[PFNDIFF_REGIONS];

static struct mem_section_usage *usage_of(unsigned long pfn)
{
	return &usages[pfndiff_region_at((u64)pfn << PAGE_SHIFT)];
}

/* A section's map of what is there says so of pieces. */
static unsigned int first_of(unsigned long pfn)
{
	return subsection_map_index(pfn);
}

static unsigned int count_of(unsigned long pages)
{
	return pages / PAGES_PER_SUBSECTION;
}

int pfndiff_add_section(int node, unsigned long pfn, unsigned long pages) __asm__("sparse_add_section");
int pfndiff_add_section(int node, unsigned long pfn, unsigned long pages)
{
	struct mem_section *section = __pfn_to_section(pfn);
	const unsigned int first = first_of(pfn), end = first + count_of(pages);
	struct mem_section_usage *usage = usage_of(pfn);

	if (find_next_bit(usage->subsection_map, end, first) < end)
		return -EEXIST;
	if (pfndiff_fails(SITE_KERNEL_AREA))
		return -ENOMEM;
	section->section_mem_map = SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP;
	section->usage = usage;
	bitmap_set(usage->subsection_map, first, end - first);
	return 0;
}

#if HAS_SECTION_REMOVED_BY_PFN
void pfndiff_remove_section(unsigned long pfn, unsigned long pages) __asm__("sparse_remove_section");
void pfndiff_remove_section(unsigned long pfn, unsigned long pages)
#else
void pfndiff_remove_section(struct mem_section *section, unsigned long pfn, unsigned long pages)
	__asm__("sparse_remove_section");
void pfndiff_remove_section(struct mem_section *section, unsigned long pfn, unsigned long pages)
#endif
{
	bitmap_clear(usage_of(pfn)->subsection_map, first_of(pfn), count_of(pages));
}

/* There are no zones, and nobody looks at the struct pages: page tables say that theirs are special. */
void pfndiff_no_zone(void) __asm__("move_pfn_range_to_zone");
void pfndiff_no_zone(void)
{
}

void pfndiff_no_zone_left(void) __asm__("remove_pfn_range_from_zone");
void pfndiff_no_zone_left(void)
{
}

void pfndiff_no_map(void) __asm__("memmap_init_zone_device");
void pfndiff_no_map(void)
{
}

/* Of one processor. */
#if HAS_TAGGED_ALLOCATION
void *pfndiff_alloc_percpu(size_t size) __asm__("pcpu_alloc_noprof");
#else
void *pfndiff_alloc_percpu(size_t size) __asm__("__alloc_percpu_gfp");
#endif
void *pfndiff_alloc_percpu(size_t size)
{
	return memset(host_alloc("percpu", size, 16), 0, size);
}

void free_percpu(void __percpu *object)
{
	host_free((void __force *)object);
}

/* What counts the users of the memory is as large as a reservation, and no site (--wrap). */
int __real_percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release, unsigned int flags, gfp_t gfp);
int __wrap_percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release, unsigned int flags, gfp_t gfp);
int __wrap_percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release, unsigned int flags, gfp_t gfp)
{
	const bool was = pfndiff_pause_faults(true);
	const int error = __real_percpu_ref_init(ref, release, flags, gfp);

	pfndiff_pause_faults(was);
	return error;
}

void complete(struct completion *it)
{
	it->done++;
}

/* What it waits for may be put off by RCU, and nothing else runs. */
void wait_for_completion(struct completion *it)
{
	pfndiff_quiesce();
	if (!it->done)
		host_bug("the kernel waits for what nobody does");
	it->done--;
}

struct dev_pagemap *pfndiff_add_pages(u64 start, u64 bytes, bool is_peers)
{
	struct dev_pagemap *map = host_alloc("pagemap", sizeof(*map), 16);
	void *at;

	memset(map, 0, sizeof(*map));
	map->type = is_peers ? MEMORY_DEVICE_PCI_P2PDMA : MEMORY_DEVICE_GENERIC;
	map->range.start = start;
	map->range.end = start + bytes - 1;
	map->nr_range = 1;
	at = memremap_pages(map, 0);
	pfndiff_quiesce();
	if (!IS_ERR(at))
		return map;
	host_free(map);
	return at;
}

void pfndiff_remove_pages(struct dev_pagemap *map)
{
	memunmap_pages(map);
	pfndiff_quiesce();
	host_free(map);
}

int pfndiff_mode_mapped(u64 start)
{
	unsigned int level;
	const pte_t *entry = lookup_address((unsigned long)__va(start), &level);
	pgprot_t prot;

	if (!entry || pte_none(*entry))
		return -1;
	prot = pte_pgprot(*entry);
	return pgprot2cachemode(level == PG_LEVEL_4K ? prot : pgprot_large_2_4k(prot));
}

/* Memory that could not be added stays in the kernel's own page table. */
void pfndiff_forget_added(void)
{
	/* Releases, and updates of them, differ in how many arguments there are, all of which fit a register. */
	extern void pfndiff_arch_remove(u64 start, u64 bytes, void *altmap, void *map) __asm__("arch_remove_memory");

	for (int region = 0; region < PFNDIFF_REGIONS; region++)
		if (pfndiff_regions[region].pages)
			pfndiff_arch_remove(pfndiff_region_start(region),
					    round_up(pfndiff_regions[region].pages * PAGE_SIZE, PMD_SIZE), NULL, NULL);
}
