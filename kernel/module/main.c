// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The device /dev/pfndiff: ops of drivers and of the kernel itself, and what they leave. */
#include <linux/dma-mapping.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include "module.h"

/* The device that buffers are of: the guest's ivshmem ones are of this kind. */
#define VENDOR 0x1af4
#define IVSHMEM 0x1110
#define BAR 2
/* RAM is put together of blocks of the largest size that there is; so many are taken to find some side by side. */
#define BLOCK_ORDER 10
#define BLOCKS (PFNDIFF_RAM_PAGES >> BLOCK_ORDER)
#define MOST_BLOCKS 32
/* The offsets of files are below this, so a pfn of RAM is told from them. */
#define LEAST_PFN 32768

unsigned long pfndiff_ram;
dma_addr_t pfndiff_buffers;
void *pfndiff_buffers_at;
struct device *pfndiff_device;
/* Where the regions of the trace are, in pages. */
static struct region {
	unsigned long pfn, pages;
} regions[PFNDIFF_REGIONS];
/* The address of virtual page 0. */
static unsigned long window;

unsigned long pfndiff_pfn(int pfn, int is_ram)
{
	return is_ram ? pfn + pfndiff_ram : regions[pfn / PFNDIFF_REGION_PAGES].pfn + pfn % PFNDIFF_REGION_PAGES;
}

bool pfndiff_is_ours(int pfn, unsigned long pages, int is_ram)
{
	if (is_ram)
		return pfn >= 0 && pfn + pages <= PFNDIFF_RAM_PAGES;
	return pfn >= 0 && pfn < PFNDIFF_REGIONS * PFNDIFF_REGION_PAGES &&
	       pfn % PFNDIFF_REGION_PAGES + pages <= regions[pfn / PFNDIFF_REGION_PAGES].pages;
}

long pfndiff_shown(unsigned long pfn)
{
	const unsigned long buffers = pfndiff_buffers >> PAGE_SHIFT;

	int i;

	for (i = 0; i < PFNDIFF_REGIONS; i++)
		if (pfn - regions[i].pfn < regions[i].pages)
			return i * PFNDIFF_REGION_PAGES + (pfn - regions[i].pfn);
	if (pfn - pfndiff_ram < PFNDIFF_RAM_PAGES)
		return PFNDIFF_SHOWN_RAM + (pfn - pfndiff_ram);
	if (pfn - buffers < PFNDIFF_BUFFER_COUNT * PFNDIFF_BUFFER_ROOM)
		return PFNDIFF_SHOWN_RAM + PFNDIFF_BUFFERS + (pfn - buffers);
	return -1;
}

int pfndiff_write(struct pfndiff_writer *writer, const int *words, size_t count)
{
	if (count > writer->left)
		return -E2BIG;
	if (copy_to_user(writer->at, words, count * sizeof(*words)))
		return -EFAULT;
	writer->at += count;
	writer->left -= count;
	return 0;
}

static ssize_t on_read(struct file *file, char __user *to, size_t size, loff_t *offset)
{
	const size_t room = size / sizeof(int);
	struct pfndiff_writer writer = { (int __user *)to, room };
	int error = pfndiff_write_calls(&writer);

	error = error ?: pfndiff_write_maps(&writer);
	error = error ?: pfndiff_write_ram(&writer);
	return error ?: (room - writer.left) * sizeof(int);
}

static long say_hello(void __user *to)
{
	const struct pfndiff_hello hello = { (__u64)pfndiff_ram << PAGE_SHIFT, pfndiff_buffers,
					     IS_ENABLED(CONFIG_ZONE_DEVICE) };

	return copy_to_user(to, &hello, sizeof(hello)) ? -EFAULT : 0;
}

static struct resource *claimed[PFNDIFF_REGIONS];

/* The BAR that holds a region; NULL where that is no device's. */
static struct resource *bar_of(int region)
{
	const phys_addr_t at = (phys_addr_t)regions[region].pfn << PAGE_SHIFT;
	struct pci_dev *pci = NULL;

	while ((pci = pci_get_device(VENDOR, IVSHMEM, pci))) {
		struct resource *bar = &pci->resource[BAR];

		if (bar->start <= at && at <= bar->end) {
			pci_dev_put(pci);
			return bar;
		}
	}
	return NULL;
}

long pfndiff_claim(int region)
{
	const struct resource *bar = bar_of(region);

	if (claimed[region])
		return -EBUSY;
	if (!bar)
		return -EINVAL;
	claimed[region] = request_mem_region(bar->start, resource_size(bar), "pfndiff");
	return claimed[region] ? 0 : -EBUSY;
}

long pfndiff_release(int region)
{
	const struct resource *its = claimed[region];

	if (!its)
		return -EINVAL;
	release_mem_region(its->start, resource_size(its));
	claimed[region] = NULL;
	return 0;
}

static long begin(const struct pfndiff_world *world)
{
	int i;

	pfndiff_unmap_all();
	pfndiff_driver_begin();
	window = world->window;
	for (i = 0; i < PFNDIFF_REGIONS; i++) {
		pfndiff_release(i);
		regions[i] = (struct region){ world->base[i] >> PAGE_SHIFT, world->pages[i] };
	}
	return 0;
}

static long perform(struct file *file, const int *row)
{
	switch ((enum pfndiff_op)row[0]) {
	case DRV_RUN:
		return pfndiff_run(window + row[2] * PAGE_SIZE);
	case DRV_ZAP:
		unmap_mapping_range(file->f_mapping, (loff_t)row[2] << PAGE_SHIFT, (loff_t)row[3] << PAGE_SHIFT, 1);
		return 0;
	default:
		return pfndiff_kernel_op(row);
	}
}

static const struct file_operations *fops_of(const struct pfndiff_calls *asked);

static long on_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *given = (void __user *)argument;
	union {
		struct pfndiff_world world;
		struct pfndiff_calls calls;
		struct pfndiff_entries entries;
		int row[PFNDIFF_ROW];
		int errno;
	} asked;

	if (command == PFNDIFF_HELLO)
		return say_hello(given);
	if (_IOC_SIZE(command) > sizeof(asked))
		return -ENOTTY;
	if (copy_from_user(&asked, given, _IOC_SIZE(command)))
		return -EFAULT;
	switch (command) {
	case PFNDIFF_WORLD:
		return begin(&asked.world);
	case PFNDIFF_CALLS:
		file->f_op = fops_of(&asked.calls);
		return pfndiff_take_calls(&asked.calls);
	case PFNDIFF_PERFORM:
		return perform(file, asked.row);
	case PFNDIFF_ENTRIES:
		return pfndiff_entries(&asked.entries);
	case PFNDIFF_MARKS:
		return pfndiff_marks(&asked.entries);
	case PFNDIFF_MAPPED:
		pfndiff_mapped(asked.errno);
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.read = on_read,
	.unlocked_ioctl = on_ioctl,
	.mmap = pfndiff_on_mmap,
};

#ifdef HAS_MMAP_ACTIONS
static const struct file_operations prepared_fops = {
	.owner = THIS_MODULE,
	.read = on_read,
	.unlocked_ioctl = on_ioctl,
	.mmap_prepare = pfndiff_on_mmap_prepare,
};
#endif

/* A file has one of the two hooks; all mappings are of one file, as those of a driver's are. */
static const struct file_operations *fops_of(const struct pfndiff_calls *asked)
{
#ifdef HAS_MMAP_ACTIONS
	if (asked->has_prepare)
		return &prepared_fops;
#endif
	return &fops;
}

static struct miscdevice device = { .minor = MISC_DYNAMIC_MINOR, .name = "pfndiff", .fops = &fops };

static int downwards(const void *one, const void *other)
{
	const unsigned long a = *(const unsigned long *)one, b = *(const unsigned long *)other;

	return a < b ? 1 : a > b ? -1 : 0;
}

/* Keeps the highest blocks that lie side by side and gives the others back. */
static int find_ram(void)
{
	unsigned long pfns[MOST_BLOCKS];
	int count, i, first = -1;

	for (count = 0; count < MOST_BLOCKS; count++) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY, BLOCK_ORDER);

		if (!page)
			break;
		pfns[count] = page_to_pfn(page);
	}
	sort(pfns, count, sizeof(*pfns), downwards, NULL);
	for (i = 0; i + BLOCKS <= count && first < 0; i++)
		if (pfns[i] - pfns[i + BLOCKS - 1] == (unsigned long)(BLOCKS - 1) << BLOCK_ORDER)
			first = i;
	/* Kept ones page by page, as vm_insert_page() counts them. */
	for (i = 0; i < count; i++)
		if (first < 0 || i < first || i >= first + BLOCKS)
			__free_pages(pfn_to_page(pfns[i]), BLOCK_ORDER);
		else
			split_page(pfn_to_page(pfns[i]), BLOCK_ORDER);
	if (first < 0)
		return -ENOMEM;
	pfndiff_ram = pfns[first + BLOCKS - 1];
	return pfndiff_ram < LEAST_PFN ? -ENOMEM : 0;
}

/* The parts that are taken for good: a guest never unloads the module, so nothing gives them back. */
static int __init pfndiff_init(void)
{
	struct pci_dev *pci = pci_get_device(VENDOR, IVSHMEM, NULL);
	int error;

	if (!pci)
		return -ENODEV;
	pfndiff_device = &pci->dev;
	pfndiff_pages_init();
	pfndiff_buffers_at = dma_alloc_coherent(pfndiff_device,
						PFNDIFF_BUFFER_COUNT * PFNDIFF_BUFFER_ROOM * PAGE_SIZE,
						&pfndiff_buffers, GFP_KERNEL);
	if (!pfndiff_buffers_at)
		return -ENOMEM;
	error = find_ram();
	error = error ?: pfndiff_handlers_init();
	return error ?: misc_register(&device);
}
module_init(pfndiff_init);

MODULE_DESCRIPTION("Drivers, kernel mappings and page tables for guests of pfndiff");
MODULE_LICENSE("Dual MIT/GPL");
