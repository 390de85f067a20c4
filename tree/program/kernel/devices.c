/* SPDX-License-Identifier: GPL-2.0 */
/* The files through which processes reach the region: a PCI resource, its write-combining twin, and /dev/mem. */
#include "pfndiff_glue.h"
#include <linux/fs.h>
#include <linux/pci.h>
#include <linux/rwsem.h>

#define BAR 2
#define FILES 4

static struct pci_dev *device;
static struct inode inode;
static struct address_space mapping;
static struct file files[FILES];
static struct file_operations resource_fops, resource_wc_fops;

struct address_space *pfndiff_mapping = &mapping;

static int map_resource(struct file *file, struct vm_area_struct *vma)
{
	return pci_mmap_resource_range(device, BAR, vma, pci_mmap_mem, 0);
}

static int map_resource_wc(struct file *file, struct vm_area_struct *vma)
{
	return pci_mmap_resource_range(device, BAR, vma, pci_mmap_mem, 1);
}

static void open_file(struct file *file, const struct file_operations *fops, unsigned int flags)
{
	file->f_mode = FMODE_READ | FMODE_WRITE | FMODE_CAN_READ;
#ifdef FMODE_UNSIGNED_OFFSET
	file->f_mode |= FMODE_UNSIGNED_OFFSET;
#endif
	file->f_mapping = &mapping;
	file->f_inode = &inode;
	file->f_op = fops;
	file->f_flags = O_RDWR | flags;
#if HAS_F_COUNT
	atomic_long_set(&file->f_count, 1000000000);
#endif
}

void pfndiff_devices_init(void)
{
	device = host_alloc("device", sizeof(*device), 64);
	memset(device, 0, sizeof(*device));
	device->resource[BAR].flags = IORESOURCE_MEM;
	inode.i_mode = S_IFCHR;
	inode.i_mapping = &mapping;
	mapping.host = &inode;
	mapping.i_mmap = RB_ROOT_CACHED;
	__init_rwsem(&mapping.i_mmap_rwsem, "", NULL);
	resource_fops.mmap = map_resource;
	resource_wc_fops.mmap = map_resource_wc;
#ifdef FOP_UNSIGNED_OFFSET
	resource_fops.fop_flags = resource_wc_fops.fop_flags = FOP_UNSIGNED_OFFSET;
#endif
	open_file(&files[0], &resource_fops, 0);
	open_file(&files[1], &resource_wc_fops, 0);
	open_file(&files[2], pfndiff_mem_fops, 0);
	open_file(&files[3], pfndiff_mem_fops, O_DSYNC);
}

struct file *pfndiff_file(int via)
{
	return &files[via];
}

void k_world(unsigned long base, unsigned long pages, int write_back, int maps)
{
	pfndiff_base = base;
	pfndiff_bytes = pages * PAGE_SIZE;
	pfndiff_write_back = write_back;
	device->resource[BAR].start = base;
	device->resource[BAR].end = base + pfndiff_bytes - 1;
	sysctl_max_map_count = maps ? maps : DEFAULT_MAX_MAP_COUNT;
}
