/* SPDX-License-Identifier: GPL-2.0 */
/* What can be seen after an op, and an access of a process, which looks at its page table first. */
#include "pfndiff_glue.h"
#include <linux/pgtable.h>
#include <linux/pkeys.h>
#include <asm/memtype.h>
#include "../arch/x86/mm/pat/memtype.h"

int k_has_vm_pat(void)
{
#ifdef VM_PAT
	return 1;
#else
	return 0;
#endif
}

unsigned int k_version(void)
{
	return LINUX_VERSION_CODE;
}

/* What advice and mlock() leave on anonymous memory alone: the others have some of it from their drivers. */
static int anon_flags_of(const struct vm_area_struct *vma)
{
	int flags = SEEN_ANON;

	if (vma->vm_flags & VM_LOCKED)
		flags |= SEEN_LOCKED;
	if (vma->vm_flags & VM_DONTDUMP)
		flags |= SEEN_DONTDUMP;
	if (vma->vm_flags & VM_WIPEONFORK)
		flags |= SEEN_WIPEONFORK;
	if (vma->vm_flags & VM_MERGEABLE)
		flags |= SEEN_MERGEABLE;
	return flags;
}

static int flags_of(const struct vm_area_struct *vma)
{
	int flags = vma_is_anonymous(vma) ? anon_flags_of(vma) : 0;

	if (vma->vm_flags & VM_READ)
		flags |= SEEN_READ;

	if (vma->vm_flags & VM_WRITE)
		flags |= SEEN_WRITE;
	if (pfndiff_is_drivers(vma))
		flags |= SEEN_DRIVERS;
	if (!(vma->vm_flags & VM_MAYSHARE))
		flags |= SEEN_PRIVATE;
	if (vma->vm_flags & VM_DONTCOPY)
		flags |= SEEN_DONTCOPY;
	if (vma->vm_flags & VM_RAND_READ)
		flags |= SEEN_RAND_READ;
	if (vma->vm_flags & VM_SEQ_READ)
		flags |= SEEN_SEQ_READ;
	if (vma->vm_flags & VM_HUGEPAGE)
		flags |= SEEN_HUGEPAGE;
	if (vma->vm_flags & VM_NOHUGEPAGE)
		flags |= SEEN_NOHUGEPAGE;
	if (vma_pkey((struct vm_area_struct *)vma))
		flags |= SEEN_PKEY;
#ifdef VM_SEALED
	if (vma->vm_flags & VM_SEALED)
		flags |= SEEN_SEALED;
#endif
#ifdef VM_PAT
	if (!(vma->vm_flags & VM_PAT))
		flags |= SEEN_PAT_LOST;
#endif
	return flags;
}

static int window_page(unsigned long address)
{
	return (address - PFNDIFF_WINDOW) >> PAGE_SHIFT;
}

static int region_page(u64 address)
{
	/* A mapping past the end of the first one is counted from it as well. */
	const bool is_further = address >= pfndiff_region_start(1);
	const u64 from = is_further ? PFNDIFF_APERTURE : pfndiff_region_start(0);

	return ((s64)address - (s64)from) >> PAGE_SHIFT;
}

/* A pfn as answers spell it: of the region, or of the RAM that drivers map. */
static int shown_pfn(unsigned long pfn)
{
	if (pfn >= PFNDIFF_DRIVER_RAM && pfn < PFNDIFF_DRIVER_RAM + PFNDIFF_DRIVER_RAM_PAGES)
		return PFNDIFF_SHOWN_RAM + (pfn - PFNDIFF_DRIVER_RAM);
	return region_page((u64)pfn << PAGE_SHIFT);
}

/* What a VMA has in place of an offset in its file: any pfn is larger than offsets in a driver's file. */
static int first_pfn(const struct vm_area_struct *vma)
{
	if (vma_is_anonymous(vma))
		return 0;
	const bool is_offset = pfndiff_is_drivers(vma) && vma->vm_pgoff < PFNDIFF_DRIVER_RAM;

	return is_offset ? vma->vm_pgoff : shown_pfn(vma->vm_pgoff);
}

int k_vmas(void *mm, int pages, struct seen_vma *out, int room)
{
	const unsigned long end = PFNDIFF_WINDOW + pages * PAGE_SIZE;
	struct vm_area_struct *vma;
	int count = 0;
	VMA_ITERATOR(vmi, (struct mm_struct *)mm, PFNDIFF_WINDOW);

	rcu_read_lock();
	for_each_vma(vmi, vma) {
		if (vma->vm_start >= end || count == room)
			break;
		out[count++] = (struct seen_vma){
			.start = window_page(vma->vm_start),
			.end = window_page(vma->vm_end),
			.pfn = first_pfn(vma),
			.flags = flags_of(vma),
		};
	}
	rcu_read_unlock();
	return count;
}

static void show_memtype(const struct memtype *entry, struct seen_memtype *to)
{
	const int region = pfndiff_region_at(entry->start);

	/* Nobody asked for that: it is no entry any more, or not the one that was put there. */
	if (entry->start >= entry->end || region < 0 || pfndiff_region_at(entry->end - 1) != region)
		host_bug("the memtype list holds a range that lies outside of the region");
	*to = (struct seen_memtype){
		.start = region_page(entry->start),
		.end = region_page(entry->end),
		.mode = entry->type,
	};
}

int k_memtypes(struct seen_memtype *out, int room)
{
	return pfndiff_memtypes(show_memtype, out, room);
}

void k_clean(void)
{
	struct memtype entry;

	pfndiff_let_go();
	pfndiff_direct_reset();
	pfndiff_unmap_all();
	pfndiff_is_over = true;
	while (!memtype_copy_nth_element(&entry, 1))
		if (memtype_free(entry.start, entry.end))
			host_bug("the memtype list holds a reservation that cannot be freed");
	pfndiff_quiesce();
}

/* The page table that covers an address, or NULL; one covers 512 pages, and one entry may map all of them. */
static pte_t *table_of(struct mm_struct *mm, unsigned long address, pmd_t *whole)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	*whole = __pmd(0);
	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud))
		return NULL;
	pmd = pmd_offset(pud, address);
	if (pmd_none(*pmd))
		return NULL;
	if (pmd_leaf(*pmd)) {
		*whole = *pmd;
		return NULL;
	}
	return pte_offset_kernel(pmd, address & PMD_MASK);
}

static int entry_of(pte_t pte)
{
	int page;

	if (pte_none(pte))
		return ENTRY_NONE;
	page = shown_pfn(pte_pfn(pte));
	if (page < 0 || (page < PFNDIFF_SHOWN_RAM && pfndiff_region_at((u64)pte_pfn(pte) << PAGE_SHIFT) < 0))
		return ENTRY_ANON;
	return page << 3 | pgprot2cachemode(pte_pgprot(pte));
}

/* What one entry maps, by the bits that it has for a mode. */
static int entry_in(pmd_t whole, int at)
{
	const pgprot_t prot = pgprot_large_2_4k(__pgprot(pmd_flags(whole)));

	return shown_pfn(pmd_pfn(whole) + at) << 3 | pgprot2cachemode(prot);
}

/* No entry of a page table has this bit. */
#define IS_WHOLE (1UL << 53)

int k_entries(void *mm, int pages, struct seen_entry *seen, int *out)
{
	int *at = out;

	for (int from = 0; from < pages; from += PTRS_PER_PTE) {
		const int count = min_t(int, pages - from, PTRS_PER_PTE);
		pmd_t whole;
		const pte_t *table = table_of(mm, PFNDIFF_WINDOW + from * PAGE_SIZE, &whole);
		const unsigned long of_all = pmd_none(whole) ? 0 : pmd_val(whole) | IS_WHOLE;

		for (int i = 0; i < count; i++) {
			struct seen_entry *it = &seen[from + i];
			const unsigned long raw = table ? table[i].pte : of_all;
			int entry;

			if (raw == it->raw)
				continue;
			it->raw = raw;
			entry = raw & IS_WHOLE ? entry_in(whole, i) : entry_of(__pte(raw));
			if (entry == it->entry)
				continue;
			*at++ = from + i;
			*at++ = it->entry = entry;
		}
	}
	return at - out;
}

static bool is_served(struct mm_struct *mm, unsigned long address, bool write)
{
	pmd_t whole;
	pte_t *table = table_of(mm, address, &whole);
	pte_t pte;

	if (!table)
		return pmd_present(whole) && !(pmd_flags(whole) & _PAGE_PROTNONE) && (!write || pmd_write(whole));
	pte = table[pte_index(address)];
	return pte_present(pte) && !(pte_flags(pte) & _PAGE_PROTNONE) && (!write || pte_write(pte));
}

/* One try of an access: 0 where the page table serves it, -EAGAIN where it is to be tried again. */
static long fault_in(struct mm_struct *mm, unsigned long address, bool write)
{
	const unsigned long needed = write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC;
	struct vm_area_struct *vma = find_vma(mm, address);
	vm_fault_t fault;

	if (!vma || vma->vm_start > address || !(vma->vm_flags & needed))
		return -EFAULT;
	if (is_served(mm, address, write))
		return 0;
	fault = handle_mm_fault(vma, address, FAULT_FLAG_USER | (write ? FAULT_FLAG_WRITE : 0), NULL);
	if (fault & VM_FAULT_SIGBUS)
		return -EIO;
	if (pfndiff_is_unserved())
		return -EINTR;
	/* The access is tried again where memory was short, too. */
	return fault & VM_FAULT_SIGSEGV ? -EFAULT : -EAGAIN;
}

/* The processor tries an access again after each fault; one that is never served is a loop. */
#define MOST_FAULTS 8

long k_touch(void *mm, unsigned long at, int write)
{
	long result = -EAGAIN;

	pfndiff_become(mm);
	mmap_read_lock(mm);
	for (int i = 0; result == -EAGAIN; i++) {
		if (i == MOST_FAULTS)
			host_bug("an access faults again and again");
		result = fault_in(mm, at, write);
	}
	mmap_read_unlock(mm);
	pfndiff_become(NULL);
	pfndiff_quiesce();
	return result;
}

/* As /proc/PID/mem reads: by another task. */
long k_peek(void *mm, unsigned long at)
{
	char byte;
	const int read = access_remote_vm(mm, at, &byte, sizeof(byte), PROC_MEM_READS);

	pfndiff_quiesce();
	return read == sizeof(byte) ? 0 : -EIO;
}
