/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between releases that the glue has to know of, from 6.1 on. docs/TREES.md tells how to add one. */
#ifndef PFNDIFF_VERSIONS_H
#define PFNDIFF_VERSIONS_H

#include <linux/version.h>

#define SINCE(major, minor) (LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0))

/* Allocators are tagged: their names end in _noprof, and caches are made with a record of arguments. */
#define HAS_TAGGED_ALLOCATION SINCE(6, 10)
/* The maple tree takes its nodes from a sheaf instead of in bulk. */
#define HAS_SHEAVES SINCE(6, 18)
/* kvfree_call_rcu() is the slab's. */
#define HAS_SLAB_KVFREE SINCE(6, 15)
/* current and the preempt count stand together in a struct pcpu_hot. */
#define HAS_PCPU_HOT (SINCE(6, 2) && !SINCE(6, 15))
/* Whether PAT is on is a static variable of memtype.c that the boot code sets. */
#define HAS_PAT_BP_ENABLED (!SINCE(6, 2))
/* A file counts its users in f_count. */
#define HAS_F_COUNT (!SINCE(6, 13))
/* An address space holds the function that finds room in it. */
#define HAS_MM_GET_UNMAPPED_AREA (!SINCE(6, 10))
/* WARN() with a message is a call, which carries the address of its bug_entry. */
#define HAS_WARN_TRAP SINCE(6, 19)
/* Flags of a VMA are written by functions. */
#define HAS_VM_FLAGS_SET SINCE(6, 3)
/* Files of sysfs may be larger than 2 GiB. */
#define HAS_LARGE_SYSFS_FILES SINCE(6, 19)
/* A driver's mmap_prepare() may ask for a remap. */
#define HAS_MMAP_ACTIONS SINCE(6, 19)
/* The tracking context of the refcounted design. */
#define HAS_TRACK_CONTEXT SINCE(6, 16)

/* A file's mapping may have pfns in pieces of 2 MiB, and its driver hears of a fault of so much by the order of the size. */
#define HAS_PMD_PFNMAP SINCE(6, 12)
/* A pfn that is to be inserted so has a type of its own. */
#define HAS_PFN_T (!SINCE(6, 17))

/* A section of memory is taken away by its pfn alone. */
#define HAS_SECTION_REMOVED_BY_PFN SINCE(6, 6)

/* Whether /proc/PID/mem reads what a process itself may not read is a choice; of Debian's builds no longer from 7.1 on. */
#define PROC_MEM_READS (SINCE(7, 1) ? 0 : FOLL_FORCE)

/* What maps the owners of a mount's files. */
#if SINCE(6, 3)
#define IDMAP struct mnt_idmap
#else
#define IDMAP struct user_namespace
#endif

/* mlock() gathers folios. */
#if !SINCE(6, 3)
#define mlock_drain_local mlock_page_drain_local
#endif

/* struct folio_batch; its header has had two names. */
#if __has_include(<linux/folio_batch.h>)
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

#if !HAS_TAGGED_ALLOCATION
#define kmem_cache_alloc_noprof kmem_cache_alloc
#define kmem_cache_alloc_node_noprof kmem_cache_alloc_node
#define kmem_cache_alloc_lru_noprof kmem_cache_alloc_lru
#define kmem_cache_alloc_bulk_noprof kmem_cache_alloc_bulk
#define __kmalloc_cache_noprof kmalloc_trace
#define __alloc_pages_noprof __alloc_pages
#define __folio_alloc_noprof __folio_alloc
#define get_free_pages_noprof __get_free_pages
#define get_zeroed_page_noprof get_zeroed_page
#endif

#endif
