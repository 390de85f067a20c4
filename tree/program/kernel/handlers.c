/* SPDX-License-Identifier: GPL-2.0 */
/* What the handlers of a driver do, call by call (docs/OPS.md), and its handlers of faults. */
#include "pfndiff_glue.h"
#include "pfndiff_drivers.h"
#include <linux/device.h>
#include <linux/dma-mapping.h>
#if HAS_PMD_PFNMAP && HAS_PFN_T
#include <linux/pfn_t.h>
#endif

/* What a fault of a VMA does: its handler's row. */
#define MOST_HANDLERS 65536
static int handlers[MOST_HANDLERS][PFNDIFF_ROW];
static int handler_count;

const int *pfndiff_calls;
int pfndiff_call_count;
static struct seen_call results[PFNDIFF_MOST_CALLS];
static int result_count;
/* A fault handler has left an access unserved, and its error unsaid. */
static bool is_unserved;
static struct device device;

void pfndiff_note(int call, int error, unsigned long pages)
{
	if (result_count == PFNDIFF_MOST_CALLS)
		host_unfit("an op makes more calls of a driver than handlers.c has room for");
	results[result_count++] = (struct seen_call){ call, -error, pages };
}

int k_calls(struct seen_call *out)
{
	const int count = result_count;

	memcpy(out, results, count * sizeof(*out));
	result_count = 0;
	return count;
}

unsigned long pfndiff_real_pfn(int pfn, int is_ram)
{
	return is_ram ? pfn + PFNDIFF_DRIVER_RAM : pfndiff_pfn_of(pfn);
}

static bool is_ours(int pfn, unsigned long pages, int is_ram)
{
	return is_ram ||
	       pfn % PFNDIFF_REGION_PAGES + pages <= pfndiff_regions[pfn / PFNDIFF_REGION_PAGES].pages;
}

pgprot_t pfndiff_in_mode(pgprot_t prot, int mode)
{
	if (mode == 1)
		return pgprot_writecombine(prot);
	return mode == 2 ? pgprot_noncached(prot) : prot;
}

static pgprot_t prot_of(const struct vm_area_struct *vma, int mode)
{
	return pfndiff_in_mode(vma->vm_page_prot, mode);
}

static void narrow(struct vm_area_struct *vma, unsigned long off, unsigned long pages)
{
	vma->vm_start += off * PAGE_SIZE;
	vma->vm_end = vma->vm_start + pages * PAGE_SIZE;
}

/* The length that a call means, or 0 where it does not lie inside of so many pages. */
static unsigned long length_in(unsigned long whole, const int *row)
{
	const unsigned long off = row[1], pages = row[2] ? row[2] : whole > off ? whole - off : 0;

	return off + pages <= whole ? pages : 0;
}

static unsigned long length_of(const struct vm_area_struct *vma, const int *row)
{
	return length_in(vma_pages(vma), row);
}

/* Whether mappings of the driver's file follow one for so long, without a gap, alike, below one page table. */
static bool reaches(struct mm_struct *mm, unsigned long end, vm_flags_t flags, unsigned long past)
{
	const unsigned long last = end + past * PAGE_SIZE - 1;

	if (!past)
		return true;
	if (!(flags & VM_SHARED) || (end - 1) >> PMD_SHIFT != last >> PMD_SHIFT)
		return false;
	for (unsigned long at = end; at <= last;) {
		const struct vm_area_struct *next = find_vma(mm, at);

		if (!next || next->vm_start > at || !pfndiff_is_drivers(next) || !(next->vm_flags & VM_SHARED) ||
		    (next->vm_flags ^ flags) & (VM_READ | VM_WRITE))
			return false;
		at = next->vm_end;
	}
	return true;
}

/* What the copy has of the tracking is lost with it. */
static int remap_copy(const struct vm_area_struct *vma, const int *row, unsigned long pages)
{
	struct vm_area_struct copy = *vma;

	narrow(&copy, row[1], pages);
	return remap_pfn_range(&copy, copy.vm_start, pfndiff_real_pfn(row[3], row[4]), pages * PAGE_SIZE, prot_of(vma, row[5]));
}

static int insert_pages(struct vm_area_struct *vma, const int *row)
{
	const unsigned long pages = length_of(vma, row);
	int error = 0;

	/* A page of the region has no struct page. */
	if (!pages || !row[4])
		return -EINVAL;
	for (unsigned long i = 0; !error && i < pages; i++) {
		struct page *page = pfn_to_page(pfndiff_real_pfn(row[3] + i, 1));

		if (!page_count(page))
			init_page_count(page);
		error = vm_insert_page(vma, vma->vm_start + (row[1] + i) * PAGE_SIZE, page);
	}
	return error;
}

/* The pages that a remap of a mapping of these flags is to map, or 0 where it may not. */
unsigned long pfndiff_remapped_of(struct mm_struct *mm, unsigned long start, unsigned long end, vm_flags_t flags,
				 const int *row)
{
	const unsigned long whole = (end - start) >> PAGE_SHIFT, inside = length_in(whole, row);
	const unsigned long past = row[0] == CALL_REMAP && row[6] ? row[7] : 0;

	if (!inside || (past && row[1] + inside != whole) || !reaches(mm, end, flags, past))
		return 0;
	return is_ours(row[3], inside + past, row[4]) ? inside + past : 0;
}

static int remap(struct vm_area_struct *vma, const int *row)
{
	const unsigned long start = vma->vm_start, end = vma->vm_end;
	const unsigned long pages = pfndiff_remapped_of(vma->vm_mm, start, end, vma->vm_flags, row);
	int error;

	if (!pages)
		return -EINVAL;
	if (row[0] == CALL_REMAP_COPY)
		return remap_copy(vma, row, pages);
	if (row[0] == CALL_REMAP_WINDOW)
		narrow(vma, row[1], pages);
	error = remap_pfn_range(vma, start + row[1] * PAGE_SIZE, pfndiff_real_pfn(row[3], row[4]), pages * PAGE_SIZE,
				prot_of(vma, row[5]));
	vma->vm_start = start;
	vma->vm_end = end;
	return error;
}

/* Buffers lie in RAM above what drivers remap: their number, whether they have a length of their own, and which. */
static int map_buffer(struct vm_area_struct *vma, const int *buffer)
{
	const u64 at = (u64)(PFNDIFF_DRIVER_RAM + PFNDIFF_BUFFERS + buffer[0] * PFNDIFF_BUFFER_ROOM) << PAGE_SHIFT;
	const unsigned long pages = buffer[1] ? buffer[2] : PFNDIFF_BUFFER_PAGES;

	return dma_mmap_coherent(&device, vma, NULL, at, pages * PAGE_SIZE);
}

static int map_buffer_in_window(struct vm_area_struct *vma, const int *row)
{
	const unsigned long start = vma->vm_start, end = vma->vm_end, pages = length_of(vma, row);
	int error;

	if (!pages)
		return -EINVAL;
	narrow(vma, row[1], pages);
	error = map_buffer(vma, row + 3);
	vma->vm_start = start;
	vma->vm_end = end;
	return error;
}

/* One of the two is there. */
void zap_vma_ptes(struct vm_area_struct *vma, unsigned long address, unsigned long size) __weak;
void zap_special_vma_range(struct vm_area_struct *vma, unsigned long address, unsigned long size) __weak;

static void zap(struct vm_area_struct *vma, const int *row)
{
	const unsigned long pages = length_of(vma, row), at = vma->vm_start + row[1] * PAGE_SIZE;

	if (pages && zap_vma_ptes)
		zap_vma_ptes(vma, at, pages * PAGE_SIZE);
	else if (pages)
		zap_special_vma_range(vma, at, pages * PAGE_SIZE);
}

static vm_fault_t on_fault(struct vm_fault *vmf);
/* Every driver lets its pages be read by debuggers. */
const struct vm_operations_struct pfndiff_plain_ops = { .access = generic_access_phys };
static const struct vm_operations_struct fault_ops = { .access = generic_access_phys, .fault = on_fault };
#if HAS_PMD_PFNMAP
static vm_fault_t on_huge_fault(struct vm_fault *vmf, unsigned int order);
static const struct vm_operations_struct piece_ops = {
	.access = generic_access_phys, .fault = on_fault, .huge_fault = on_huge_fault,
};
#else
#define piece_ops fault_ops
#endif

const struct vm_operations_struct *pfndiff_ops_of(const int *row)
{
	return row[1] == CALL_FAULT_PMD - CALL_FAULT_INSERT ? &piece_ops : &fault_ops;
}

void *pfndiff_kept_handler(const int *row)
{
	if (handler_count == MOST_HANDLERS)
		host_unfit("a trace installs more fault handlers than handlers.c has room for");
	return memcpy(handlers[handler_count++], row, sizeof(handlers[0]));
}

static void install(struct vm_area_struct *vma, const int *row)
{
	vma->vm_private_data = pfndiff_kept_handler(row);
	vma->vm_ops = pfndiff_ops_of(row);
}

static int make_call(struct vm_area_struct *vma, const int *row)
{
	switch ((enum pfndiff_call)row[0]) {
	case CALL_REMAP:
	case CALL_REMAP_WINDOW:
	case CALL_REMAP_COPY:
		return remap(vma, row);
	case CALL_INSERT_PAGE:
		return insert_pages(vma, row);
	case CALL_DMA:
		return map_buffer(vma, row + 1);
	case CALL_DMA_WINDOW:
		return map_buffer_in_window(vma, row);
	case CALL_ZAP:
		zap(vma, row);
		return 0;
	case CALL_FAIL:
		return -row[1];
	case CALL_IGNORE_ERRORS:
		return 0;
	case CALL_FAULT_HANDLER:
		install(vma, row);
		return 0;
	default:
		host_unfit("a call that handlers.c does not know");
	}
}

int pfndiff_make_calls(struct vm_area_struct *vma)
{
	bool ignores_errors = false;

	for (int i = 0; i < pfndiff_call_count; i++) {
		const int *row = pfndiff_calls + i * PFNDIFF_ROW;
		const int error = make_call(vma, row);

		pfndiff_note(row[0], error, 0);
		ignores_errors |= row[0] == CALL_IGNORE_ERRORS;
		if (error && !ignores_errors)
			return error;
	}
	return 0;
}

static vm_fault_t remap_on_fault(struct vm_fault *vmf, const int *row)
{
	struct vm_area_struct *vma = vmf->vma;
	const bool is_segment = row[1] == CALL_FAULT_SEGMENT - CALL_FAULT_INSERT;
	const unsigned long behind = is_segment ? vmf->pgoff % 4 * PAGE_SIZE : vma->vm_end;
	unsigned long start = vma->vm_start, end = vma->vm_end, pfn;
	int error;

	if (is_segment) {
		const unsigned long at = vmf->address & PAGE_MASK;

		start = at - start > behind ? at - behind : start;
		end = min(end, at - behind + 4 * PAGE_SIZE);
	}
	pfn = row[2] + vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	if (!is_ours(pfn, (end - start) >> PAGE_SHIFT, row[3]))
		return VM_FAULT_SIGBUS;
	error = remap_pfn_range(vma, start, pfndiff_real_pfn(pfn, row[3]), end - start, prot_of(vma, row[4]));
	pfndiff_note(CALL_FAULT_INSERT + row[1], error, (end - start) >> PAGE_SHIFT);
	is_unserved = error && is_segment;
	return error && !is_segment ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

static vm_fault_t on_fault(struct vm_fault *vmf)
{
	const int *row = vmf->vma->vm_private_data;
	unsigned long pfn;

	if (row[1] != 0 && row[1] != CALL_FAULT_PMD - CALL_FAULT_INSERT)
		return remap_on_fault(vmf, row);
	pfn = row[2] + vmf->pgoff;
	if (!is_ours(pfn, 1, row[3]))
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, pfndiff_real_pfn(pfn, row[3]), prot_of(vmf->vma, row[4]));
}

#if HAS_PMD_PFNMAP
/* As drivers/vfio/pci has it: a piece lies in the VMA and in what the driver has, and begins at a multiple of its length. */
static vm_fault_t on_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	const unsigned long asked = VM_PFNMAP | VM_SHARED, at = vmf->address & PMD_MASK;
	struct vm_area_struct *vma = vmf->vma;
	const int *row = vma->vm_private_data;
	unsigned long pfn, real;

	if (order != PMD_ORDER || (vma->vm_flags & (asked | VM_MIXEDMAP)) != asked || at < vma->vm_start ||
	    at + PMD_SIZE > vma->vm_end)
		return VM_FAULT_FALLBACK;
	pfn = row[2] + vma->vm_pgoff + ((at - vma->vm_start) >> PAGE_SHIFT);
	if (pfn % PTRS_PER_PTE || !is_ours(pfn, PTRS_PER_PTE, row[3]))
		return VM_FAULT_FALLBACK;
	real = pfndiff_real_pfn(pfn, row[3]);
#if HAS_PFN_T
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(real, PFN_DEV), false);
#else
	return vmf_insert_pfn_pmd(vmf, real, false);
#endif
}
#endif

bool pfndiff_is_unserved(void)
{
	const bool was = is_unserved;

	is_unserved = false;
	return was;
}

void pfndiff_handlers_init(void)
{
	static u64 mask = ~0ULL;

	device.dma_mask = &mask;
	device.coherent_dma_mask = mask;
}

void pfndiff_handlers_begin(void)
{
	handler_count = result_count = 0;
	is_unserved = false;
}
