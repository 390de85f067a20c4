/* SPDX-License-Identifier: GPL-2.0 */
/* The files through which processes reach the region: a PCI resource, its write-combining twin, and /dev/mem. */
#include "pfndiff_glue.h"
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pci.h>
#include <linux/rwsem.h>

#define BAR 2
#define FILES 4

static struct pci_dev *device;
/* A file of sysfs is a regular one, /dev/mem is not. */
static struct inode resource_inode, mem_inode;
static struct super_block sysfs;
static struct vfsmount mount;
static struct address_space mapping;
static struct file files[FILES];
static struct file_operations resource_fops, resource_wc_fops;

struct address_space *pfndiff_mapping = &mapping;

static int map_resource(struct file *file, struct vm_area_struct *vma)
{
	return pfndiff_map_resource(device, BAR, vma, 0);
}

static int map_resource_wc(struct file *file, struct vm_area_struct *vma)
{
	return pfndiff_map_resource(device, BAR, vma, 1);
}

/* Processes are root's: madvise(MADV_PAGEOUT) asks whether a file is theirs. */
bool inode_owner_or_capable(IDMAP *idmap, const struct inode *inode)
{
	return true;
}

void pfndiff_open_file(struct file *file, const struct file_operations *fops, struct inode *inode,
		       struct address_space *of, unsigned int flags)
{
	file->f_mode = FMODE_READ | FMODE_WRITE | FMODE_CAN_READ;
#ifdef FMODE_UNSIGNED_OFFSET
	file->f_mode |= FMODE_UNSIGNED_OFFSET;
#endif
	file->f_mapping = of;
	/* It is constant for all but the file system. */
	*(struct vfsmount **)&file->f_path.mnt = &mount;
	file->f_inode = inode;
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
	device->resource[BAR] = (struct resource){ .name = "BAR", .flags = IORESOURCE_MEM };
	sysfs.s_maxbytes = HAS_LARGE_SYSFS_FILES ? MAX_LFS_FILESIZE : MAX_NON_LFS;
	resource_inode.i_mode = S_IFREG;
	resource_inode.i_sb = &sysfs;
	mem_inode.i_mode = S_IFCHR;
	resource_inode.i_mapping = mem_inode.i_mapping = &mapping;
	mapping.host = &mem_inode;
	mapping.i_mmap = RB_ROOT_CACHED;
	__init_rwsem(&mapping.i_mmap_rwsem, "", NULL);
	pfndiff_revoke_from(&mem_inode);
	resource_fops.mmap = map_resource;
	resource_wc_fops.mmap = map_resource_wc;
#ifdef FOP_UNSIGNED_OFFSET
	resource_fops.fop_flags = resource_wc_fops.fop_flags = FOP_UNSIGNED_OFFSET;
#endif
	pfndiff_open_file(&files[0], &resource_fops, &resource_inode, &mapping, 0);
	pfndiff_open_file(&files[1], &resource_wc_fops, &resource_inode, &mapping, 0);
	pfndiff_open_file(&files[2], pfndiff_mem_fops, &mem_inode, &mapping, 0);
	pfndiff_open_file(&files[3], pfndiff_mem_fops, &mem_inode, &mapping, O_DSYNC);
}

struct file *pfndiff_file(int via)
{
	return &files[via];
}

/* The region as the kernel's tree of resources has it. */
static void place_region(u64 start, u64 bytes)
{
	struct resource *bar = &device->resource[BAR];

	if (bar->parent && bar->start == start && resource_size(bar) == bytes)
		return;
	if (bar->parent)
		release_resource(bar);
	bar->start = start;
	bar->end = start + bytes - 1;
	if (insert_resource(&iomem_resource, bar))
		host_unfit("the region cannot be told of; devices.c tells of it");
}

static bool is_claimed;

/* A driver has the region for itself, for good or for as long as it takes to say so. */
long k_claim(int is_kept)
{
	if (!request_mem_region(pfndiff_base, pfndiff_bytes, "pfndiff"))
		return -EBUSY;
	is_claimed = true;
	if (!is_kept)
		pfndiff_let_go();
	pfndiff_quiesce();
	return 0;
}

long k_release(void)
{
	if (!is_claimed)
		return -EINVAL;
	pfndiff_let_go();
	return 0;
}

void pfndiff_let_go(void)
{
	if (is_claimed)
		release_mem_region(pfndiff_base, pfndiff_bytes);
	is_claimed = false;
}

void k_world(unsigned long base, unsigned long pages, int write_back, int has_pat, int maps)
{
	pfndiff_base = base;
	pfndiff_bytes = pages * PAGE_SIZE;
	pfndiff_write_back = write_back;
	pfndiff_is_over = false;
	pfndiff_pat(has_pat);
	place_region(base, pfndiff_bytes);
	pfndiff_handlers_begin();
	sysctl_max_map_count = maps ? maps : DEFAULT_MAX_MAP_COUNT;
}
