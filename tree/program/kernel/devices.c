/* SPDX-License-Identifier: GPL-2.0 */
/* The files through which processes reach a region: a PCI resource, its write-combining twin, and /dev/mem. */
#include "pfndiff_glue.h"
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pci.h>
#include <linux/rwsem.h>

/* Each region is a BAR of one device. */
#define BAR 2
#define RESOURCES 2

static struct pci_dev *device;
/* A file of sysfs is a regular one, /dev/mem is not. */
static struct inode resource_inode, mem_inode;
static struct super_block sysfs;
static struct vfsmount mount;
static struct address_space mapping;
static struct file resources[PFNDIFF_REGIONS][RESOURCES], mem_files[2];
struct pfndiff_region pfndiff_regions[PFNDIFF_REGIONS];
static u64 base;
static struct file_operations resource_fops, resource_wc_fops;

struct address_space *pfndiff_mapping = &mapping;

u64 pfndiff_region_start(int region)
{
	return region ? PFNDIFF_APERTURE + region * PFNDIFF_REGION_PAGES * PAGE_SIZE : base;
}

static u64 region_bytes(int region)
{
	return pfndiff_regions[region].pages * PAGE_SIZE;
}

int pfndiff_region_at(u64 address)
{
	for (int region = 0; region < PFNDIFF_REGIONS; region++)
		if (address - pfndiff_region_start(region) < region_bytes(region))
			return region;
	return -1;
}

unsigned long pfndiff_pfn_of(int shown)
{
	const int region = shown / PFNDIFF_REGION_PAGES;

	return (pfndiff_region_start(region) >> PAGE_SHIFT) + shown % PFNDIFF_REGION_PAGES;
}

static int bar_of(const struct file *file)
{
	return BAR + (file - &resources[0][0]) / RESOURCES;
}

static int map_resource(struct file *file, struct vm_area_struct *vma)
{
	return pfndiff_map_resource(device, bar_of(file), vma, 0);
}

static int map_resource_wc(struct file *file, struct vm_area_struct *vma)
{
	return pfndiff_map_resource(device, bar_of(file), vma, 1);
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
	for (int region = 0; region < PFNDIFF_REGIONS; region++)
		device->resource[BAR + region] = (struct resource){ .name = "BAR", .flags = IORESOURCE_MEM };
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
	for (int region = 0; region < PFNDIFF_REGIONS; region++) {
		pfndiff_open_file(&resources[region][0], &resource_fops, &resource_inode, &mapping, 0);
		pfndiff_open_file(&resources[region][1], &resource_wc_fops, &resource_inode, &mapping, 0);
	}
	pfndiff_open_file(&mem_files[0], pfndiff_mem_fops, &mem_inode, &mapping, 0);
	pfndiff_open_file(&mem_files[1], pfndiff_mem_fops, &mem_inode, &mapping, O_DSYNC);
}

struct file *pfndiff_file(int via, int region)
{
	return via < RESOURCES ? &resources[region][via] : &mem_files[via - RESOURCES];
}

/* A region as the kernel's tree of resources has it. */
static void place_region(int region)
{
	struct resource *bar = &device->resource[BAR + region];
	const u64 start = pfndiff_region_start(region), bytes = region_bytes(region);

	if (bar->parent && bar->start == start && resource_size(bar) == bytes)
		return;
	if (bar->parent)
		release_resource(bar);
	if (!bytes)
		return;
	bar->start = start;
	bar->end = start + bytes - 1;
	if (insert_resource(&iomem_resource, bar))
		host_unfit("the region cannot be told of; devices.c tells of it");
}

static bool is_claimed[PFNDIFF_REGIONS];

static void let_go(int region)
{
	if (is_claimed[region])
		release_mem_region(pfndiff_region_start(region), region_bytes(region));
	is_claimed[region] = false;
}

/* A driver has a region for itself, for good or for as long as it takes to say so. */
long k_claim(int region, int is_kept)
{
	if (!request_mem_region(pfndiff_region_start(region), region_bytes(region), "pfndiff"))
		return -EBUSY;
	is_claimed[region] = true;
	if (!is_kept)
		let_go(region);
	pfndiff_quiesce();
	return 0;
}

long k_release(int region)
{
	if (!is_claimed[region])
		return -EINVAL;
	let_go(region);
	return 0;
}

void pfndiff_let_go(void)
{
	for (int region = 0; region < PFNDIFF_REGIONS; region++)
		let_go(region);
}

void k_world(unsigned long first, const struct pfndiff_region *regions, int has_pat, int maps)
{
	base = first;
	memcpy(pfndiff_regions, regions, sizeof(pfndiff_regions));
	pfndiff_is_over = false;
	pfndiff_pat(has_pat);
	for (int region = 0; region < PFNDIFF_REGIONS; region++)
		place_region(region);
	pfndiff_handlers_begin();
	sysctl_max_map_count = maps ? maps : DEFAULT_MAX_MAP_COUNT;
}
