/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the module and the guest program agree on; a test compares the numbers with those of the models. */
#ifndef PFNDIFF_MODULE_H
#define PFNDIFF_MODULE_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <sys/ioctl.h>
#endif

/* Words of an op, or of a call of a driver's handler (kernel/driverwire.ts). */
#define PFNDIFF_ROW 10
#define PFNDIFF_MOST_CALLS 64
/* RAM that drivers map, and the pfn at which traces and recordings have it begin. */
#define PFNDIFF_RAM_PAGES 4096
#define PFNDIFF_SHOWN_RAM 1048576
/* Where in it buffers of coherent memory are said to lie, how many, how long, and how far from each other. */
#define PFNDIFF_BUFFERS 65536
#define PFNDIFF_BUFFER_COUNT 64
#define PFNDIFF_BUFFER_PAGES 4
#define PFNDIFF_BUFFER_ROOM 8
/* The regions of a trace, the first one its world's own, and how far their pfns are from one to the next in traces and recordings. */
#define PFNDIFF_REGIONS 4
#define PFNDIFF_REGION_PAGES 65536
/* Slots of each kind of kernel mapping. */
#define PFNDIFF_SLOTS 64

/* Ops, in the order of DRIVER_OPS in src/trace/driverop.ts. */
enum pfndiff_op {
	DRV_MMAP = 64, DRV_RUN, DRV_ZAP, IOREMAP, IOUNMAP, MEMREMAP, MEMUNMAP, MEMREMAP_PAGES, MEMUNMAP_PAGES,
	RESERVE_MEMTYPE_WC, FREE_MEMTYPE_WC, SET_MEMORY, CLAIM, RELEASE,
};

/* Calls of a driver's handlers, in the order of CALLS there; then what handlers of faults do. */
enum pfndiff_call {
	CALL_REMAP = 96, CALL_REMAP_WINDOW, CALL_DMA, CALL_DMA_WINDOW, CALL_ZAP, CALL_FAIL, CALL_IGNORE_ERRORS,
	CALL_FAULT_HANDLER, CALL_REMAP_COPY, CALL_INSERT_PAGE, CALL_FAULT_INSERT, CALL_FAULT_REMAP, CALL_FAULT_SEGMENT,
	CALL_FAULT_PMD,
};

/* What a driver says of its VMAs before anything is mapped, in the order of its values there. */
enum pfndiff_says { SAYS_PFNMAP, SAYS_IO, SAYS_MIXED };

enum pfndiff_via { KERNEL_IOREMAP, KERNEL_MEMREMAP, KERNEL_MEMREMAP_PAGES, KERNEL_VIAS };

/* What the kernel it runs in can do, and where the RAM and the buffers are, in bytes. */
struct pfndiff_hello {
	__u64 ram, buffers;
	__u32 has_memremap_pages, unused;
};

/*
 * A trace begins: where its regions are, one without pages is none, and virtual page 0 of every process. What the trace
 * before has left mapped for the kernel is unmapped.
 */
struct pfndiff_world {
	__u64 base[PFNDIFF_REGIONS], window;
	__u32 pages[PFNDIFF_REGIONS];
};

/*
 * What the driver's handlers do from here on: rows of calls, and what it says of its VMAs. It has mmap_prepare() instead
 * of mmap() if told so, where that may ask for actions (6.19 on).
 */
struct pfndiff_calls {
	__u64 rows;
	__u32 count, says, has_prepare, unused;
};

/*
 * The page table of a process from an address on: runs of pages that map consecutive pfns with one mode, three
 * words each: the page, counted from there, how many, and (pfn << 3) | mode of the first. Returns how many runs.
 */
struct pfndiff_entries {
	__u64 address, rows;
	__u32 pid, pages, room, unused;
};

/*
 * What the VMAs of a process are marked with, as VmFlags of smaps has it, but without the look at their pages that
 * smaps takes: for each VMA from an address on the page at which it begins, counted from there, and these. Takes a
 * struct pfndiff_entries; returns how many VMAs.
 */
enum pfndiff_mark {
	MARK_TRACKED = 1, MARK_DONTCOPY = 2, MARK_SEALED = 4, MARK_RANDOM = 8, MARK_SEQUENTIAL = 16, MARK_HUGEPAGE = 32,
	MARK_NOHUGEPAGE = 64, MARK_LOCKED = 128, MARK_DONTDUMP = 256, MARK_WIPEONFORK = 512, MARK_MERGEABLE = 1024,
	MARK_KEY = 2048,
};

/*
 * read() gives what calls have returned since the last time (call, errno, pages), what the kernel has mapped for
 * itself (via, slot, start, end, mode, whether it is RAM), and RAM that is not write-back (start, end, mode): of
 * each the number of rows, then the rows.
 */
#define PFNDIFF_HELLO _IOR('p', 1, struct pfndiff_hello)
#define PFNDIFF_WORLD _IOW('p', 2, struct pfndiff_world)
#define PFNDIFF_CALLS _IOW('p', 3, struct pfndiff_calls)
#define PFNDIFF_PERFORM _IOW('p', 4, __s32[PFNDIFF_ROW])
#define PFNDIFF_ENTRIES _IOW('p', 5, struct pfndiff_entries)
/* How an mmap() of the driver's file has ended, as an errno: so has what mmap_prepare() asked for. */
#define PFNDIFF_MAPPED _IOW('p', 6, __s32)
#define PFNDIFF_MARKS _IOW('p', 7, struct pfndiff_entries)

#endif
