/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the parts of the module offer each other. One op is under way at a time, so nothing is locked. */
#ifndef PFNDIFF_PARTS_H
#define PFNDIFF_PARTS_H

#include <linux/fs.h>
#include <linux/mm.h>
#include "pfndiff.h"

/* main.c: the RAM that drivers map and the memory of buffers. */
extern unsigned long pfndiff_ram; /* pfn */
extern dma_addr_t pfndiff_buffers;
extern void *pfndiff_buffers_at;
extern struct device *pfndiff_device;
/* A driver has the device of one of the trace's regions for itself, or lets go of it. */
long pfndiff_claim(int region);
long pfndiff_release(int region);
/* The pfn that a record names, and whether all of so many pages are the device's or RAM. */
unsigned long pfndiff_pfn(int pfn, int is_ram);
bool pfndiff_is_ours(int pfn, unsigned long pages, int is_ram);
/* A pfn as recordings have it, -1 for one that no trace can name. */
long pfndiff_shown(unsigned long pfn);
/* Writes words of what read() gives. */
struct pfndiff_writer {
	int __user *at;
	size_t left;
};
int pfndiff_write(struct pfndiff_writer *writer, const int *words, size_t count);

/* handlers.c, driver.c: the driver's file. */
int pfndiff_handlers_init(void);
void pfndiff_driver_begin(void);
long pfndiff_take_calls(const struct pfndiff_calls *calls);
int pfndiff_on_mmap(struct file *file, struct vm_area_struct *vma);
#ifdef HAS_MMAP_ACTIONS
int pfndiff_on_mmap_prepare(struct vm_area_desc *desc);
#endif
/* How a mapping of the driver's file has ended, as an errno. */
void pfndiff_mapped(int errno);
long pfndiff_run(unsigned long address);
int pfndiff_write_calls(struct pfndiff_writer *writer);

/* areas.c: what the kernel maps for itself. */
long pfndiff_kernel_op(const int *row);
void pfndiff_unmap_all(void);
int pfndiff_write_maps(struct pfndiff_writer *writer);
int pfndiff_write_ram(struct pfndiff_writer *writer);

/* pages.c: page tables. */
void pfndiff_pages_init(void);
long pfndiff_entries(const struct pfndiff_entries *asked);
/* The memory of a process, to be given back by mmput(); NULL where it has none. */
struct mm_struct *pfndiff_mm_of(unsigned int pid);
/* The cache mode of the kernel's own mapping at an address, or -1. */
int pfndiff_kernel_mode(unsigned long address);

/* marks.c */
long pfndiff_marks(const struct pfndiff_entries *asked);

#endif
