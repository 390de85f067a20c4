/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the kernel half share. */
#ifndef PFNDIFF_GLUE_H
#define PFNDIFF_GLUE_H

#include "pfndiff_versions.h"
#include <linux/mm.h>
#include <linux/sched.h>
#include "pfndiff.h"

/* Definitions here stand in for those of files that are not linked, whose headers we do not all include. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wmissing-declarations"

/* Whether the allocation at hand is the one that was told to fail. */
bool pfndiff_fails(enum pfndiff_site site);
/* What the glue itself allocates on the way neither fails nor counts. Returns whether that was so. */
bool pfndiff_pause_faults(bool pause);
/* Where two tasks run by turns, another may go on here: before a lock is taken, after it is given back. */
static inline void pfndiff_point(int kind, const void *lock)
{
	if (host_is_raced)
		host_point(kind, lock);
}
/* The task cannot go on before another gives a lock back; `why` that never happens where it is alone. */
void pfndiff_wait(int kind, const void *lock, const char *why);
/* Runs what RCU has put off; not while two tasks run, one of which may be looking. */
void pfndiff_quiesce(void);
/* Gives back the pages that mlock() has gathered; where the kernel declares it differs. */
void lru_add_drain(void);
/* Takes a process' place: its address space is current's. NULL for nobody's. */
void pfndiff_become(struct mm_struct *mm);
/* The task that copies its address space on fork. */
struct task_struct *pfndiff_task(void);
/* A file by the way a process reaches the region (VIAS of src/trace/syscalls.ts). */
struct file *pfndiff_file(int via, int region);
/* The address that is asked for, or where there is room. */
unsigned long pfndiff_room(unsigned long address);
void pfndiff_memory_init(unsigned long ram, unsigned long memmap);
void pfndiff_platform_init(void);
void pfndiff_direct_init(void);
void pfndiff_huge_init(void);
/* RAM is write-back again. */
void pfndiff_direct_reset(void);
void pfndiff_tasks_init(void);
void pfndiff_devices_init(void);
void pfndiff_drivers_init(void);
struct inode;
void pfndiff_open_file(struct file *file, const struct file_operations *fops, struct inode *inode,
		       struct address_space *mapping, unsigned int flags);
/* Forgets what the trace before had installed. */
void pfndiff_handlers_begin(void);
bool pfndiff_is_drivers(const struct vm_area_struct *vma);
/* Whether a fault handler has left an access unserved: it would fault for ever. */
bool pfndiff_is_unserved(void);
void pfndiff_unmap_all(void);
/* Pages of RAM may have got another mode. */
void pfndiff_ram_changed(int pfn, int pages);
/* A driver lets go of what it has claimed. */
void pfndiff_let_go(void);
long pfndiff_mmap(struct mm_struct *mm, struct file *file, unsigned long at, unsigned long length, int prot,
		  int is_private, unsigned long offset);
/* Where it is declared has changed; what it is has not. */
extern int sysctl_max_map_count;
/* The regions of the trace at hand; where one begins, in which one an address is (-1: in none), and of shown pages. */
extern struct pfndiff_region pfndiff_regions[PFNDIFF_REGIONS];
u64 pfndiff_region_start(int region);
int pfndiff_region_at(u64 address);
unsigned long pfndiff_pfn_of(int shown);
/* A trace has ended, and what it left is cleaned away: in the ISA window too, where the kernel frees nothing. */
extern bool pfndiff_is_over;
/* The address space that revoke takes the region's mappings from. */
extern struct address_space *pfndiff_mapping, pfndiff_drivers_mapping;
/* memremap_pages() and its undoing: an error pointer where it fails; the mode of a page in the kernel's own page table. */
struct dev_pagemap;
struct dev_pagemap *pfndiff_add_pages(u64 start, u64 bytes, bool is_peers);
void pfndiff_remove_pages(struct dev_pagemap *map);
int pfndiff_mode_mapped(u64 start);
void pfndiff_forget_added(void);
/* Whether such memory is in the kernel's own page table. */
bool pfndiff_is_added(int pfn, int pages);
/* Of the wrappers of whole kernel files. */
void pfndiff_init_mapping(void);
struct pci_dev;
int pfndiff_map_resource(struct pci_dev *device, int bar, struct vm_area_struct *vma, int write_combine);
void pfndiff_revoke_from(struct inode *inode);
int pfndiff_mode_of(u64 address);
struct mm_struct *pfndiff_dup_mm(struct task_struct *task, struct mm_struct *mm);
extern const struct file_operations *pfndiff_mem_fops;
/* Whether the kernel was booted with PAT, and what the modes of page table entries are then. */
void pfndiff_pat(bool is_on);
/* What the tracking of the refcounted design is allocated as: a kind of object of its own, under the name of others. */
extern const char pfndiff_context_kind[];
struct memtype;
int pfndiff_memtypes(void (*take)(const struct memtype *entry, struct seen_memtype *to), struct seen_memtype *out,
		     int room);

#endif
