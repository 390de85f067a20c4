/*
 * What the host and the guest agree on. The host's half is kernel/wire.ts; a test compares the
 * numbers of the two files. All integers are 32 bits, little-endian.
 *
 * Two devices carry everything:
 *   the mailbox   shared memory (the BAR of a second ivshmem device): a request area, then an
 *                 answer area; each starts with a header that holds a checksum of its payload
 *   the doorbell  the second serial port: short text lines that say "look now"
 */
#ifndef PFNDIFF_WIRE_H
#define PFNDIFF_WIRE_H

#include <stdint.h>

#define WIRE_VERSION 5
#define REQUEST_MAGIC 0x51464e50
#define ANSWER_MAGIC 0x41464e50
#define MAILBOX_BYTES 33554432
#define ANSWER_OFFSET 16777216
#define HEADER_BYTES 64
#define OP_WORDS 10
#define MAX_PROCS 1024

/* Header words of a request: magic, version, sequence, payload bytes, checksum. */
/* Header words of an answer: the same, then chunk number, last (0 or 1), trace, op (progress). */
#define WORD_MAGIC 0
#define WORD_VERSION 1
#define WORD_SEQUENCE 2
#define WORD_LENGTH 3
#define WORD_CHECKSUM 4
#define WORD_CHUNK 5
#define WORD_LAST 6
#define WORD_AT_TRACE 7
#define WORD_AT_OP 8

/*
 * A request's payload: the number of traces, then per trace its id, region, window (the first
 * page, relative to the region), pfns, vpages, number of rows, room for VMAs (0: no limit), the
 * page at which virtual page 0 is, the region, window and pfns of each further region that the world may have (0 pfns:
 * there is none), whose pfns count on from REGION_PFNS, and the rows, OP_WORDS words each. An op is a row: kind, proc, at, pages, four more that depend on the kind, and the
 * allocation that is to fail: its site (0: none does) and which one there. Ops of drivers are in ../module/pfndiff.h;
 * the calls that one makes are rows after it, as many as it says.
 */
#define TRACE_WORDS 17
#define FURTHER_WORD 8
#define FURTHER_REGIONS 3
#define REGION_PFNS 65536
#define REGION_BAR 0
#define REGION_LOW 1
#define REGION_WRITE_BACK_BAR 2
#define REGION_ISA 3
#define REGIONS 4
/* Low memory about the ISA window, kept from the kernel where it is RAM; bytes. */
#define ISA_REGION_ADDRESS 0x60000
#define ISA_REGION_BYTES 0xe0000

#define OP_SPAWN 0
#define OP_MMAP 1     /* pfn, via, prot, private */
#define OP_MUNMAP 2
#define OP_MREMAP 3   /* newPages, whether `to` is given, to, marks: 1 may move, 2 does not unmap */
#define OP_MPROTECT 4 /* prot */
#define OP_MADVISE 5  /* advice */
#define OP_TOUCH 6    /* write */
#define OP_FORK 7     /* child, whether it is to fail late */
#define OP_EXIT 8
#define OP_MLOCK 9
#define OP_MUNLOCK 10
#define OP_MSEAL 11
#define OP_REVOKE 12  /* whether a region is given, region */
#define OP_PEEK 13

/*
 * Where ops of a driver say how many calls they make, from so many bits on what it says of its VMA, and from so many
 * whether it has mmap_prepare().
 */
#define CALLS_WORD 7
#define SAYS_SHIFT 8
#define HOOK_SHIFT 12
#define OP_FAULT_SITE 8
#define OP_FAULT_NTH 9

#define SITE_MEMTYPE 1
#define SITE_CONTEXT 2
#define SITE_PAGE_TABLE 3
#define SITE_VMA 4
#define SITE_VMA_SETUP 5

#define VIA_RESOURCE 0
#define VIA_RESOURCE_WC 1
#define VIA_DEVMEM 2
#define VIA_DEVMEM_SYNC 3
#define VIA_ANON 4

/* An answer's payload: records of a type, a length in bytes, and that many bytes, padded to 4. */
#define RECORD_TRACE 1   /* id */
#define RECORD_STEP 2    /* op index, errno, whether an allocation failed as told */
#define RECORD_MEMTYPE 3 /* lines of pat_memtype_list that lie in the window */
#define RECORD_VMAS 4    /* proc, then the header and VmFlags lines of its smaps */
#define RECORD_LOG 5     /* one line of the kernel log */
#define RECORD_END 6     /* number of steps */
#define RECORD_FAIL 7    /* why the guest cannot go on */
#define RECORD_SAME 8    /* proc: it lives and did nothing, so its VMAs are as before */
#define RECORD_LATE 9    /* a line of the log from the end of the processes that were left */
/* And by the module, in rows as it gives them: */
#define RECORD_PAGES 10       /* proc, then the runs of its page table */
#define RECORD_CALLS 11       /* what calls of drivers returned in the step */
#define RECORD_KERNEL_MAPS 12 /* what the kernel has mapped for itself */
#define RECORD_RAM 13         /* RAM that is not write-back */

/* The least address of the virtual windows of processes; the guest program itself is linked above all of them. */
#define WINDOW_ADDRESS 0x1000000
#define PAGE 4096

#endif
