/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two halves of the program offer each other. The kernel half is compiled with the headers and flags
 * of a kernel tree, the host half with the C library's, so only types of C itself can stand here.
 */
#ifndef PFNDIFF_H
#define PFNDIFF_H

/* Where every process has its window of virtual pages, and how long it may be. */
#define PFNDIFF_WINDOW 0x10000000UL
#define PFNDIFF_WINDOW_PAGES 16384UL
#define PFNDIFF_PAGE 4096UL
/* Where there is room for a mapping that may lie anywhere. */
#define PFNDIFF_ROOM 0x10000000000UL
/* Where the kernel maps for itself, and how much. */
#define PFNDIFF_AREAS 0x600000000000UL
#define PFNDIFF_AREAS_BYTES (1UL << 36)
/* Pages of memory that page tables and copies on write are made of. */
#define PFNDIFF_RAM_PAGES 65536UL
/* Of these the first ones are no RAM: a region about the ISA window lies there. */
#define PFNDIFF_LOW_PAGES 32768UL

/* The allocation sites of traces, in the order of ALLOCATION_SITES in tree/wire.ts. */
enum pfndiff_site { SITE_NONE, SITE_MEMTYPE, SITE_CONTEXT, SITE_PAGE_TABLE, SITE_VMA, SITE_VMA_SETUP,
	SITE_KERNEL_AREA, SITE_MAPLE_NODE };

/* Words of an op, or of a call of a driver's handler, which follows its op. */
#define PFNDIFF_ROW 10
#define PFNDIFF_MOST_CALLS 1024
#define PFNDIFF_MOST_MAPS 192
#define PFNDIFF_MOST_RAM 8192

/* RAM that drivers map: pages from this pfn on, of which answers say that they begin at that one. */
#define PFNDIFF_DRIVER_RAM 131072UL
#define PFNDIFF_DRIVER_RAM_PAGES 131072UL
#define PFNDIFF_SHOWN_RAM 1048576
/*
 * The regions of a world, and the pages from one to the next as answers have them (REGION_PFNS in
 * src/pat/regionmemory.ts). The first one begins where the world says, the others so far from one place.
 */
#define PFNDIFF_REGIONS 4
#define PFNDIFF_REGION_PAGES 65536UL
#define PFNDIFF_APERTURE 0x100000000UL
#define PFNDIFF_APERTURE_BYTES (PFNDIFF_REGIONS * PFNDIFF_REGION_PAGES * PFNDIFF_PAGE)
/* One without pages is none. */
struct pfndiff_region { unsigned long pages; int is_write_back; };
/* Where buffers of coherent memory lie in it, how long one is, and how far from the next (src/mm/driver.ts). */
#define PFNDIFF_BUFFERS 65536UL
#define PFNDIFF_BUFFER_PAGES 4UL
#define PFNDIFF_BUFFER_ROOM 8UL

/* Calls of a driver's handlers, in the order of CALLS in src/trace/driverop.ts; then what handlers of faults do. */
enum pfndiff_call {
	CALL_REMAP = 96, CALL_REMAP_WINDOW, CALL_DMA, CALL_DMA_WINDOW, CALL_ZAP, CALL_FAIL, CALL_IGNORE_ERRORS,
	CALL_FAULT_HANDLER, CALL_REMAP_COPY, CALL_INSERT_PAGE, CALL_FAULT_INSERT, CALL_FAULT_REMAP, CALL_FAULT_SEGMENT,
	CALL_FAULT_PMD,
};

/* The way of an mmap that is not by a file (VIAS of src/trace/syscalls.ts). */
#define VIA_ANON 4

enum pfndiff_via { KERNEL_IOREMAP, KERNEL_MEMREMAP, KERNEL_MEMREMAP_PAGES };

/* Flags of a VMA as answers spell them: src/mm/vmaflags.ts, and bit 0 for a lost VM_PAT. */
#define SEEN_PAT_LOST 1
#define SEEN_PRIVATE 2
#define SEEN_READ 4
#define SEEN_WRITE 8
#define SEEN_DONTCOPY 16
#define SEEN_SEALED 32
#define SEEN_RAND_READ 64
#define SEEN_SEQ_READ 128
#define SEEN_HUGEPAGE 256
#define SEEN_NOHUGEPAGE 512
#define SEEN_LOCKED 1024
#define SEEN_DONTDUMP 2048
#define SEEN_WIPEONFORK 4096
#define SEEN_MERGEABLE 8192
#define SEEN_PKEY 16384
/* It is of the driver's file. */
#define SEEN_DRIVERS 1048576
/* It is of anonymous memory. */
#define SEEN_ANON 2097152

/* A page table entry as answers spell it: (pfn << 3) | cache mode, or one of these. */
#define ENTRY_NONE (-1)
#define ENTRY_ANON (-2)

struct seen_vma { int start, end, pfn, flags; };
struct seen_memtype { int start, end, mode; };
/* A call that a driver has made, what it returned, and for a remap on fault how many pages it was of. */
struct seen_call { int call, error, pages; };
struct seen_kernel_map { int via, slot, start, end, mode; };
/* A page table entry as the processor reads it, 0 where there is none, and as it was told. */
struct seen_entry { unsigned long raw; int entry; };

/* Tasks: one that is alone, and two that run by turns. */
#define PFNDIFF_TASKS 3

/* Where one of two tasks may be stopped, in the order of POINT_KINDS in tree/race/wire.ts. */
enum pfndiff_point {
	POINT_START, /* before a task's first op */
	POINT_CALL, /* between two ops of a task */
	POINT_DOWN_WRITE, POINT_UP_WRITE, POINT_DOWN_READ, POINT_UP_READ, POINT_DOWNGRADE,
	POINT_SPIN_LOCK, POINT_SPIN_UNLOCK, POINT_LOCK_PAGE, POINT_UNLOCK_PAGE,
	POINT_LOAD, POINT_STORE, /* an access of a VMA's flags or tracking */
};

/* The kernel half. Results are 0 or a negative errno, as the kernel has them. */
void k_init(unsigned long ram, unsigned long memmap);
/* Whether the design has a flag VM_PAT. */
int k_has_vm_pat(void);
/* The release that the headers name, such as 6.12.117. */
unsigned int k_version(void);
/* Begins a world whose first region starts at a physical address; `maps` is its limit of VMAs, 0 for none. */
void k_world(unsigned long base, const struct pfndiff_region *regions, int has_pat, int maps);
/* Whether the processor has protection keys: then every process that is spawned has one, and all rights to it. */
void k_keys(int has_keys);
/* Tells the nth allocation at a site to fail; site 0 for none. */
void k_fault(int site, int nth);
/* Whether an allocation has failed since. */
int k_has_failed(void);
void *k_spawn(void);
void *k_fork(void *mm, int late);
void k_exit(void *mm);
/* Another task runs: 0 is the one that is alone. */
void k_task(int number);
/* Runs what RCU has put off while two tasks ran. */
void k_quiesce(void);
/* The name of a lock that lies so far into an object of a kind, or at an address that is none; NULL for no idea. */
const char *k_lock_name(const void *lock, const char *kind, unsigned long offset);
/* Whether so far into an object of a kind lies what tasks share without a lock that is ours to see. */
int k_is_shared(const char *kind, unsigned long offset);
long k_mmap(void *mm, int via, unsigned long at, unsigned long length, int prot, int is_private, unsigned long pfn);
long k_munmap(void *mm, unsigned long at, unsigned long length);
/* `key` is what its process is to that key, by the order of `pkey` in src/trace/fields.ts; 0 is mprotect() itself. */
long k_mprotect(void *mm, unsigned long at, unsigned long length, int prot, int key);
long k_madvise(void *mm, unsigned long at, unsigned long length, int advice);
long k_mlock(void *mm, unsigned long at, unsigned long length);
long k_munlock(void *mm, unsigned long at, unsigned long length);
long k_mseal(void *mm, unsigned long at, unsigned long length);
long k_mremap(void *mm, unsigned long at, unsigned long length, unsigned long fresh, int flags, unsigned long to);
long k_touch(void *mm, unsigned long at, int write);
/* A byte that another task reads. */
long k_peek(void *mm, unsigned long at);
/* A driver claims a region, and keeps it or lets go of it at once; and lets go of what it has kept. */
long k_claim(int region, int is_kept);
long k_release(int region);
/* What a driver says of its VMAs before anything is mapped, in the order of its values in src/trace/driverop.ts. */
enum pfndiff_says { SAYS_PFNMAP, SAYS_IO, SAYS_MIXED };
/* Ops of a driver, with the rows of `count` calls; `is_prepared`: it has mmap_prepare(), where that can ask for a remap. */
long k_drv_mmap(void *mm, unsigned long at, unsigned long length, int prot, int is_private, unsigned long off,
		int says, int is_prepared, const int *rows, int count);
long k_drv_run(void *mm, unsigned long at, const int *rows, int count);
void k_drv_zap(unsigned long off, unsigned long pages);
/* The calls since the last time; there is room for PFNDIFF_MOST_CALLS. */
int k_calls(struct seen_call *out);
/* `inset`: it begins behind the start of its first page, and ends before the end of its last. */
long k_kernel_map(int via, int slot, int mode, int pfn, int pages, int is_ram, int inset);
long k_kernel_unmap(int via, int slot);
int k_kernel_maps(struct seen_kernel_map *out);
/* The modes of RAM, in the order of traces; and runs of pages that are not write-back. */
long k_set_memory(int mode, int pfn, int pages, int is_ram);
int k_ram(struct seen_memtype *out, int room);
long k_reserve_wc(int pfn, int pages);
void k_free_wc(int pfn, int pages);
/* The VMAs of a window, the memtype list; counts of what was written. */
int k_vmas(void *mm, int pages, struct seen_vma *out, int room);
int k_memtypes(struct seen_memtype *out, int room);
/* Page and entry of each page table entry of a window that is not as `seen`, which is brought up to date; how many words. */
int k_entries(void *mm, int pages, struct seen_entry *seen, int *out);
/* Frees the reservations of the region and whatever else a trace leaves behind by design. */
void k_clean(void);
/* Pages that are in use. */
long k_pages_used(void);
/* Whether an address lies in a page that is not in use. */
int k_is_freed_page(unsigned long at);
/* What is free is handed out in an order that says nothing of what was used before. */
void k_sort_pages(void);
/* One-time warnings may show again. */
void k_forget_warnings(void);
/* Where a WARN() or BUG() at an address stands: 1 a warning, 2 one that has shown before, 0 a BUG, -1 neither. */
int k_bug_at(unsigned long at, const char **file, unsigned int *line);

/* The host half. */
/* Whether two tasks run by turns. */
extern int host_is_raced;
/* The other task may go on here. */
void host_point(int kind, const void *lock);
/* The other task must go on: it holds a lock. */
void host_wait(int kind, const void *lock);
void *host_alloc(const char *what, unsigned long size, unsigned long align);
void host_free(const void *object);
void host_log(const char *format, __builtin_va_list arguments);
/* As vsnprintf(), of which kernel code has another. */
int host_format(char *to, unsigned long size, const char *format, __builtin_va_list arguments);
void host_warn(const char *file, unsigned int line, unsigned long at);
/* Ends the trace: what the kernel code did cannot be gone on from. */
void host_bug(const char *why) __attribute__((noreturn));
/* The glue itself is not fit for this tree. */
void host_unfit(const char *why) __attribute__((noreturn));
void host_stub(const char *name) __attribute__((noreturn));

#endif
