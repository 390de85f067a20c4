/* SPDX-License-Identifier: GPL-2.0 */
/* The whole of drivers/pci/pci-sysfs.c, to reach the mmap() of resource files, which is static. */
#include "pci-sysfs.c"

int pfndiff_map_resource(struct pci_dev *device, int bar, struct vm_area_struct *vma, int write_combine);

int pfndiff_map_resource(struct pci_dev *device, int bar, struct vm_area_struct *vma, int write_combine)
{
	struct bin_attribute attribute = { .private = (void *)(unsigned long)bar };

	return pci_mmap_resource(&device->dev.kobj, &attribute, vma, write_combine);
}
