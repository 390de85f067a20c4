/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine is: a processor with PAT, MTRRs, and regions that are no RAM. */
#include "pfndiff_glue.h"
#include <linux/ioport.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <asm/mtrr.h>
#include <asm/processor.h>
#include <asm/x86_init.h>

bool pfndiff_is_over;

/* Family 6: of a 386 the kernel thinks that it has no uncached mappings. */
struct cpuinfo_x86 boot_cpu_data = {
	.x86 = 6, .x86_phys_bits = 46, .x86_virt_bits = 48, .x86_clflush_size = 64,
	.x86_capability = { [X86_FEATURE_CLFLUSH / 32] = 1U << X86_FEATURE_CLFLUSH % 32 },
};

void k_keys(int has_keys)
{
	unsigned long *capabilities = (unsigned long *)boot_cpu_data.x86_capability;

	if (has_keys)
		__set_bit(X86_FEATURE_OSPKE, capabilities);
	else
		__clear_bit(X86_FEATURE_OSPKE, capabilities);
}

/* It has booted: what comes before that is nobody's trace. */
enum system_states system_state = SYSTEM_RUNNING;

u8 mtrr_type_lookup(u64 start, u64 end, u8 *uniform)
{
	/* Up to 6.4 the type of low memory is that of the first page asked for. */
	const u64 asked = SINCE(6, 5) ? end : start + 1;
	int region;

	*uniform = 1;
	if (start < 0x100000 && asked > 0xa0000)
		return MTRR_TYPE_UNCACHABLE;
	region = pfndiff_region_at(start);
	return pfndiff_regions[region < 0 ? 0 : region].is_write_back ? MTRR_TYPE_WRBACK : MTRR_TYPE_UNCACHABLE;
}

/* What is RAM: the pages that the kernel itself works with, and those that drivers map. */
static struct resource memory[] = {
	{ .name = "System RAM", .start = PFNDIFF_LOW_PAGES << PAGE_SHIFT, .end = (PFNDIFF_RAM_PAGES << PAGE_SHIFT) - 1 },
	{
		.name = "System RAM",
		.start = PFNDIFF_DRIVER_RAM << PAGE_SHIFT,
		.end = ((PFNDIFF_DRIVER_RAM + PFNDIFF_DRIVER_RAM_PAGES) << PAGE_SHIFT) - 1,
	},
};

void pfndiff_platform_init(void)
{
	for (int i = 0; i < ARRAY_SIZE(memory); i++) {
		memory[i].flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY;
		if (insert_resource(&iomem_resource, &memory[i]))
			host_unfit("RAM cannot be told of; platform.c tells of it");
	}
}

bool path_noexec(const struct path *path)
{
	return false;
}

static bool is_isa_window(u64 start, u64 end)
{
	return !pfndiff_is_over && start >= 0xa0000 && end <= 0x100000;
}

struct x86_platform_ops x86_platform = { .is_untracked_pat_range = is_isa_window };

/* Traces say where they map, but for an mremap() that may move a mapping anywhere: above all that they name. */
unsigned long pfndiff_room(unsigned long address)
{
	return address ? address : PFNDIFF_ROOM;
}

unsigned long pfndiff_fixed_area(struct file *file, unsigned long address) __asm__("arch_get_unmapped_area");
unsigned long pfndiff_fixed_area(struct file *file, unsigned long address)
{
	return pfndiff_room(address);
}

unsigned long pfndiff_fixed_area_topdown(struct file *file, unsigned long address)
	__asm__("arch_get_unmapped_area_topdown");
unsigned long pfndiff_fixed_area_topdown(struct file *file, unsigned long address)
{
	return pfndiff_room(address);
}
