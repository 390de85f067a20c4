// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What the handlers of a driver do, call by call (docs/OPS.md), and its handlers of faults. */
#include <linux/dma-mapping.h>
#include <linux/pagemap.h>
#ifdef HAS_PFN_T
#include <linux/pfn_t.h>
#endif
#include <linux/sched/signal.h>
#include <linux/vmalloc.h>
#include "driver.h"

/* What a fault of a VMA does: its handler's row. They stay until the next trace begins. */
#define MOST_HANDLERS 65536
#define MOST_RESULTS 1024

static int (*handlers)[PFNDIFF_ROW];
static int handler_count;
int pfndiff_calls[PFNDIFF_MOST_CALLS][PFNDIFF_ROW];
int pfndiff_call_count;
static int results[MOST_RESULTS][3];
static int result_count;

void pfndiff_note(int call, int error, unsigned long pages)
{
	if (WARN_ON(result_count == MOST_RESULTS))
		return;
	results[result_count][0] = call;
	results[result_count][1] = -error;
	results[result_count++][2] = pages;
}

int pfndiff_write_calls(struct pfndiff_writer *writer)
{
	int count = result_count;

	result_count = 0;
	return pfndiff_write(writer, &count, 1) ?: pfndiff_write(writer, results[0], 3 * count);
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

static vm_fault_t on_fault(struct vm_fault *vmf);
/* As a file of a device that debuggers may read has it; then with a handler of faults, and with one of larger pieces. */
const struct vm_operations_struct pfndiff_plain_ops = { .access = generic_access_phys };
static const struct vm_operations_struct fault_ops = { .access = generic_access_phys, .fault = on_fault };
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
static vm_fault_t on_huge_fault(struct vm_fault *vmf, unsigned int order);
static const struct vm_operations_struct piece_ops = {
	.access = generic_access_phys, .fault = on_fault, .huge_fault = on_huge_fault
};
#else
/* Before 6.12 drivers insert page by page. */
#define piece_ops fault_ops
#endif

const struct vm_operations_struct *pfndiff_ops_of(const int *row)
{
	return row[1] == CALL_FAULT_PMD - CALL_FAULT_INSERT ? &piece_ops : &fault_ops;
}

bool pfndiff_is_drivers(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &pfndiff_plain_ops || vma->vm_ops == &fault_ops || vma->vm_ops == &piece_ops;
}

/* Whether mappings of the driver follow one for so long, without a gap, alike, below one page table. */
static bool reaches(struct mm_struct *mm, unsigned long end, unsigned long flags, unsigned long past)
{
	const unsigned long last = end + past * PAGE_SIZE - 1;
	unsigned long at;

	if (!past)
		return true;
	if (!(flags & VM_SHARED) || (end - 1) >> PMD_SHIFT != last >> PMD_SHIFT)
		return false;
	for (at = end; at <= last;) {
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
	return remap_pfn_range(&copy, copy.vm_start, pfndiff_pfn(row[3], row[4]), pages * PAGE_SIZE,
			       prot_of(vma, row[5]));
}

static int insert_pages(struct vm_area_struct *vma, const int *row)
{
	const unsigned long pages = length_of(vma, row);
	unsigned long i;
	int error = 0;

	/* A page of the region has no struct page. */
	if (!pages || !row[4] || !pfndiff_is_ours(row[3], pages, 1))
		return -EINVAL;
	for (i = 0; !error && i < pages; i++)
		error = vm_insert_page(vma, vma->vm_start + (row[1] + i) * PAGE_SIZE,
				       pfn_to_page(pfndiff_pfn(row[3] + i, 1)));
	return error;
}

unsigned long pfndiff_remapped_of(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long flags,
				  const int *row)
{
	const unsigned long whole = (end - start) >> PAGE_SHIFT, inside = length_in(whole, row);
	const unsigned long past = row[0] == CALL_REMAP && row[6] ? row[7] : 0;

	if (!inside || (past && row[1] + inside != whole) || !reaches(mm, end, flags, past))
		return 0;
	return pfndiff_is_ours(row[3], inside + past, row[4]) ? inside + past : 0;
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
	error = remap_pfn_range(vma, start + row[1] * PAGE_SIZE, pfndiff_pfn(row[3], row[4]), pages * PAGE_SIZE,
				prot_of(vma, row[5]));
	vma->vm_start = start;
	vma->vm_end = end;
	return error;
}

/* A buffer's number, whether it has a length of its own, and which. */
static int map_buffer(struct vm_area_struct *vma, const int *buffer)
{
	const unsigned long at = (unsigned long)buffer[0] * PFNDIFF_BUFFER_ROOM * PAGE_SIZE;
	const unsigned long pages = buffer[1] ? buffer[2] : PFNDIFF_BUFFER_PAGES;

	return dma_mmap_coherent(pfndiff_device, vma, pfndiff_buffers_at + at, pfndiff_buffers + at, pages * PAGE_SIZE);
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

static void zap(struct vm_area_struct *vma, const int *row)
{
	const unsigned long pages = length_of(vma, row), at = vma->vm_start + row[1] * PAGE_SIZE;

	if (!pages)
		return;
#ifdef HAS_ZAP_SPECIAL
	zap_special_vma_range(vma, at, pages * PAGE_SIZE);
#else
	zap_vma_ptes(vma, at, pages * PAGE_SIZE);
#endif
}

int *pfndiff_kept_handler(const int *row)
{
	if (WARN_ON(handler_count == MOST_HANDLERS))
		return NULL;
	return memcpy(handlers[handler_count++], row, sizeof(*handlers));
}

static int install(struct vm_area_struct *vma, const int *row)
{
	int *handler = pfndiff_kept_handler(row);

	if (!handler)
		return -ENOSPC;
	vma->vm_private_data = handler;
	vma->vm_ops = pfndiff_ops_of(row);
	return 0;
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
		return install(vma, row);
	default:
		WARN(1, "pfndiff: no call %d\n", row[0]);
		return -ENOSYS;
	}
}

int pfndiff_make_calls(struct vm_area_struct *vma)
{
	bool ignores_errors = false;
	int i;

	for (i = 0; i < pfndiff_call_count; i++) {
		const int error = make_call(vma, pfndiff_calls[i]);

		pfndiff_note(pfndiff_calls[i][0], error, 0);
		ignores_errors |= pfndiff_calls[i][0] == CALL_IGNORE_ERRORS;
		if (error && !ignores_errors)
			return error;
	}
	return 0;
}

/* A segment that cannot be mapped would be touched again for ever: a signal tells the guest's process so. */
static vm_fault_t remap_on_fault(struct vm_fault *vmf, const int *row)
{
	struct vm_area_struct *vma = vmf->vma;
	const bool is_segment = row[1] == CALL_FAULT_SEGMENT - CALL_FAULT_INSERT;
	const unsigned long at = vmf->address & PAGE_MASK, behind = vmf->pgoff % 4 * PAGE_SIZE;
	unsigned long start = vma->vm_start, end = vma->vm_end, pfn;
	int error;

	if (is_segment) {
		start = at - start > behind ? at - behind : start;
		end = min(end, at - behind + 4 * PAGE_SIZE);
	}
	pfn = row[2] + vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	if (!pfndiff_is_ours(pfn, (end - start) >> PAGE_SHIFT, row[3]))
		return VM_FAULT_SIGBUS;
	error = remap_pfn_range(vma, start, pfndiff_pfn(pfn, row[3]), end - start, prot_of(vma, row[4]));
	pfndiff_note(CALL_FAULT_INSERT + row[1], error, (end - start) >> PAGE_SHIFT);
	if (error && is_segment)
		send_sig(SIGUSR1, current, 0);
	return error && !is_segment ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

static vm_fault_t on_fault(struct vm_fault *vmf)
{
	const int *row = vmf->vma->vm_private_data;
	unsigned long pfn;

	if (row[1] != 0 && row[1] != CALL_FAULT_PMD - CALL_FAULT_INSERT)
		return remap_on_fault(vmf, row);
	pfn = row[2] + vmf->pgoff;
	if (!pfndiff_is_ours(pfn, 1, row[3]))
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn_prot(vmf->vma, vmf->address, pfndiff_pfn(pfn, row[3]), prot_of(vmf->vma, row[4]));
}

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
/* As drivers/vfio/pci has it: a piece lies in the VMA and in what the driver has, and begins at a multiple of its length. */
static vm_fault_t on_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	const unsigned long asked = VM_PFNMAP | VM_SHARED, at = vmf->address & PMD_MASK;
	struct vm_area_struct *vma = vmf->vma;
	const int *row = vma->vm_private_data;
	unsigned long pfn;

	if (order != PMD_ORDER || (vma->vm_flags & (asked | VM_MIXEDMAP)) != asked || at < vma->vm_start ||
	    at + PMD_SIZE > vma->vm_end)
		return VM_FAULT_FALLBACK;
	pfn = row[2] + vma->vm_pgoff + ((at - vma->vm_start) >> PAGE_SHIFT);
	if (pfn % PTRS_PER_PTE || !pfndiff_is_ours(pfn, PTRS_PER_PTE, row[3]))
		return VM_FAULT_FALLBACK;
#ifdef HAS_PFN_T
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfndiff_pfn(pfn, row[3]), PFN_DEV), false);
#else
	return vmf_insert_pfn_pmd(vmf, pfndiff_pfn(pfn, row[3]), false);
#endif
}
#endif

void pfndiff_handlers_begin(void)
{
	handler_count = pfndiff_call_count = result_count = 0;
}

int pfndiff_handlers_init(void)
{
	handlers = vzalloc(MOST_HANDLERS * sizeof(*handlers));
	return handlers ? 0 : -ENOMEM;
}
