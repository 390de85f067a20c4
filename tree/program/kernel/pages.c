/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of memory: page tables, and what a write to a private mapping copies into. */
#include "pfndiff_glue.h"
#include <linux/pagemap.h>
#include <linux/swap.h>
#include "internal.h"

/* With CONFIG_RANDOMIZE_MEMORY the direct map and the memory map may begin anywhere: in two areas of this process. */
unsigned long page_offset_base, vmemmap_base, phys_base, zero_page_pfn = 1;
unsigned long vmalloc_base = PFNDIFF_AREAS;
LIST_HEAD(pgd_list);
pteval_t __supported_pte_mask = ~0, __default_kernel_pte_mask = ~0;
unsigned int pgdir_shift = 39, ptrs_per_p4d = 1;
atomic_long_t _totalram_pages = ATOMIC_LONG_INIT(1 << 24);
extern unsigned long highest_memmap_pfn;
/* Where memory ends in the direct map; up to 6.14 memory.c has it. */
extern void *high_memory;
void *high_memory __weak;

/* What pfn_valid() asks: RAM has struct pages, the region has none. Addresses have 52 bits at most. */
static struct mem_section sections[SECTIONS_PER_ROOT];
static struct mem_section *roots[(1UL << (52 - SECTION_SIZE_BITS)) / SECTIONS_PER_ROOT] = { sections };
struct mem_section **mem_section = roots;
extern unsigned long __highest_present_section_nr;
unsigned long __highest_present_section_nr;

static void add_sections(unsigned long pfn, unsigned long pages)
{
	static struct mem_section_usage whole;

	bitmap_fill(whole.subsection_map, SUBSECTIONS_PER_SECTION);
	for (unsigned long nr = pfn_to_section_nr(pfn); nr < pfn_to_section_nr(pfn + pages); nr++) {
		sections[nr].section_mem_map = SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP | SECTION_IS_ONLINE |
					       SECTION_IS_EARLY;
		sections[nr].usage = &whole;
	}
}

/* Pages below these are never handed out: the region may lie there, and the page of zeroes does. */
#define KEPT_PAGES PFNDIFF_LOW_PAGES
#define ZERO_PAGES 16
#define POISON 0x6b

static unsigned long unused[PFNDIFF_RAM_PAGES], unused_count;
static bool is_used[PFNDIFF_RAM_PAGES];
/* No page from here on has ever been used. */
static unsigned long untouched = KEPT_PAGES;

void pfndiff_memory_init(unsigned long ram, unsigned long memmap)
{
	page_offset_base = ram;
	vmemmap_base = memmap;
	highest_memmap_pfn = PFNDIFF_DRIVER_RAM + PFNDIFF_DRIVER_RAM_PAGES;
	add_sections(0, PFNDIFF_RAM_PAGES);
	add_sections(PFNDIFF_DRIVER_RAM, PFNDIFF_DRIVER_RAM_PAGES);
	__highest_present_section_nr = pfn_to_section_nr(highest_memmap_pfn - 1);
	high_memory = (void *)(ram + highest_memmap_pfn * PAGE_SIZE);
	for (unsigned long i = 0; i < PFNDIFF_RAM_PAGES - KEPT_PAGES; i++)
		unused[unused_count++] = PFNDIFF_RAM_PAGES - 1 - i;
	/* One of these is the page of zeroes, which is in use for good. */
	for (unsigned long pfn = 0; pfn < ZERO_PAGES; pfn++)
		init_page_count(pfn_to_page(pfn));
	/* What the boot code has kept, about the ISA window as elsewhere: no page of anybody's. */
	for (unsigned long pfn = ZERO_PAGES; pfn < PFNDIFF_LOW_PAGES; pfn++)
		__SetPageReserved(pfn_to_page(pfn));
}

long k_pages_used(void)
{
	return PFNDIFF_RAM_PAGES - KEPT_PAGES - unused_count;
}

int k_is_freed_page(unsigned long at)
{
	const unsigned long pfn = (at - page_offset_base) >> PAGE_SHIFT;

	return pfn >= KEPT_PAGES && pfn < untouched && !is_used[pfn];
}

static struct page *get_page_of(gfp_t flags, unsigned int order)
{
	struct page *page;

	if (order)
		host_unfit("a page of a higher order is asked for; pages.c has single ones");
	if (!unused_count)
		host_unfit("a trace needs more pages than pages.c has");
	page = pfn_to_page(unused[--unused_count]);
	is_used[page_to_pfn(page)] = true;
	if (page_to_pfn(page) >= untouched)
		untouched = page_to_pfn(page) + 1;
	memset(page, 0, sizeof(*page));
	atomic_set(&page->_refcount, 1);
	atomic_set(&page->_mapcount, -1);
	if (flags & __GFP_ZERO)
		memset(page_address(page), 0, PAGE_SIZE);
	return page;
}

static void take_back(struct page *page)
{
	memset(page_address(page), POISON, PAGE_SIZE);
	is_used[page_to_pfn(page)] = false;
	unused[unused_count++] = page_to_pfn(page);
}

void k_sort_pages(void)
{
	unused_count = PFNDIFF_RAM_PAGES - untouched;
	for (unsigned long pfn = untouched; pfn-- > KEPT_PAGES;)
		if (!is_used[pfn])
			unused[unused_count++] = pfn;
}

struct page *__alloc_pages_noprof(gfp_t flags, unsigned int order, int node, nodemask_t *mask)
{
	return get_page_of(flags, order);
}

struct folio *__folio_alloc_noprof(gfp_t flags, unsigned int order, int node, nodemask_t *mask)
{
	return page_folio(get_page_of(flags, order));
}

unsigned long get_free_pages_noprof(gfp_t flags, unsigned int order)
{
	return (unsigned long)page_address(get_page_of(flags, order));
}

unsigned long get_zeroed_page_noprof(gfp_t flags)
{
	return get_free_pages_noprof(flags | __GFP_ZERO, 0);
}

struct page *pfndiff_alloc_pages_node(int node, gfp_t flags, unsigned int order) __asm__("alloc_pages_node_noprof");
struct page *pfndiff_alloc_pages_node(int node, gfp_t flags, unsigned int order)
{
	return get_page_of(flags, order);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (put_page_testzero(page))
		take_back(page);
}

void free_pages(unsigned long address, unsigned int order)
{
	if (address)
		__free_pages(virt_to_page((void *)address), order);
}

void __folio_put(struct folio *folio)
{
	take_back(&folio->page);
}

#if HAS_TAGGED_ALLOCATION
void folios_put_refs(struct folio_batch *batch, unsigned int *refs)
{
	for (unsigned int i = 0; i < batch->nr; i++)
		if (folio_ref_sub_and_test(batch->folios[i], refs ? refs[i] : 1))
			__folio_put(batch->folios[i]);
	batch->nr = 0;
}

void release_pages(release_pages_arg arg, int count)
{
	struct encoded_page **pages = arg.encoded_pages;

	for (int i = 0; i < count; i++) {
		struct folio *folio = page_folio(encoded_page_ptr(pages[i]));
		int refs = 1;

		if (encoded_page_flags(pages[i]) & ENCODED_PAGE_BIT_NR_PAGES_NEXT)
			refs = encoded_nr_pages(pages[++i]);
		if (folio_ref_sub_and_test(folio, refs))
			__folio_put(folio);
	}
}

void free_pages_and_swap_cache(struct encoded_page **pages, int count)
{
	release_pages(pages, count);
}
#else
void release_pages(struct page **pages, int count)
{
	for (int i = 0; i < count; i++)
		if (folio_put_testzero(page_folio(pages[i])))
			__folio_put(page_folio(pages[i]));
}

void free_pages_and_swap_cache(struct page **pages, int count)
{
	release_pages(pages, count);
}
#endif

/* Pages that are locked in memory are gathered, a reference each, before reclaim is told: there is none to tell. */
void lru_add_drain(void)
{
	mlock_drain_local();
}

/* The linker sends calls of other files here (--wrap): page tables are a site of failing allocations. */
pgtable_t __real_pte_alloc_one(struct mm_struct *mm);
pgtable_t __wrap_pte_alloc_one(struct mm_struct *mm);
pgtable_t __wrap_pte_alloc_one(struct mm_struct *mm)
{
	return pfndiff_fails(SITE_PAGE_TABLE) ? NULL : __real_pte_alloc_one(mm);
}

/* The lock of a page is a bit of its first word, which inline code takes. */
void folio_unlock(struct folio *folio)
{
	clear_bit(PG_locked, (unsigned long *)folio);
	pfndiff_point(POINT_UNLOCK_PAGE, folio);
}

void __folio_lock(struct folio *folio)
{
	while (test_and_set_bit(PG_locked, (unsigned long *)folio))
		pfndiff_wait(POINT_LOCK_PAGE, folio, "a lock is taken twice: a page that the task holds locked");
}
