/*
 * The memory a trace runs on, and the mailbox.
 *
 * The BAR of an ivshmem device is reached through its PCI files and /dev/mem; so is that of a second one,
 * which is so large that it lies where the MTRRs' default type holds, write-back.
 * "Low memory" is memory that the memmap= option keeps from the kernel (told to us as
 * pfndiff.reserved=ADDRESS,BYTES): it is not RAM to the tracking, as low memory below 1 MiB is
 * not, and there is room for thousands of windows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "guest.h"

#define APERTURE "0000:00:05.0"
#define LARGE_BAR "0000:00:07.0"
#define MAILBOX "/sys/bus/pci/devices/0000:00:06.0/"

/* The address and length of BAR 2, the third line of a device's `resource` file. */
static int read_bar(const char *path, uint64_t *base, uint64_t *bytes)
{
	FILE *file = fopen(path, "r");
	unsigned long long start = 0, end = 0;
	int lines = 0;

	if (!file)
		return -1;
	while (lines < 3 && fscanf(file, "%llx %llx %*x", &start, &end) == 2)
		lines++;
	fclose(file);
	*base = start;
	*bytes = end - start + 1;
	return lines == 3 && end > start ? 0 : -1;
}

static void enable(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, "1", 1) != 1)
		fprintf(stderr, "cannot enable %s\n", path);
	close(fd);
}

/* The kernel's command line. */
static const char *command_line(void)
{
	static char line[4096];
	FILE *file = fopen("/proc/cmdline", "r");
	size_t n = file ? fread(line, 1, sizeof(line) - 1, file) : 0;

	if (file)
		fclose(file);
	line[n] = 0;
	return line;
}

int devices_without_pat(void)
{
	return strstr(command_line(), " nopat") != NULL;
}

static const char *read_reserved(struct region *region)
{
	unsigned long long base, bytes;
	const char *option = strstr(command_line(), "pfndiff.reserved=");

	if (!option || sscanf(option, "pfndiff.reserved=%lli,%lli", (long long *)&base,
			      (long long *)&bytes) != 2)
		return "no pfndiff.reserved= on the kernel's command line";
	region->base = base;
	region->bytes = bytes;
	return NULL;
}

static const char *open_mailbox(volatile uint8_t **mailbox)
{
	uint64_t base, bytes;

	enable(MAILBOX "enable");
	if (read_bar(MAILBOX "resource", &base, &bytes) < 0 || bytes != MAILBOX_BYTES)
		return "no mailbox device";
	/* Without PAT there is no file that maps write-combining. */
	int fd = open(devices_without_pat() ? MAILBOX "resource2" : MAILBOX "resource2_wc", O_RDWR);
	void *at = mmap(NULL, MAILBOX_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return "cannot map the mailbox";
	madvise(at, MAILBOX_BYTES, MADV_DONTFORK);
	close(fd);
	*mailbox = at;
	return NULL;
}

/*
 * Firmware that has to put one BAR above 4 GiB puts all of them there, where the default type is write-back:
 * what is to be uncached is called so by an MTRR of its own.
 */
static const char *make_uncached(const struct region *region)
{
	int fd = open("/proc/mtrr", O_WRONLY);
	char line[128];
	int n = snprintf(line, sizeof(line), "base=0x%llx size=0x%llx type=uncachable\n",
			 (unsigned long long)region->base, (unsigned long long)region->bytes);
	int failed = fd < 0 || write(fd, line, (size_t)n) != n;

	/* Open it must stay: what a file has added goes with it. */
	return failed ? "cannot add an MTRR" : NULL;
}

/* A device's BAR, through its own files and through /dev/mem. */
static const char *open_bar(struct region *region, const char *device)
{
	char path[128];

	region->device = device;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", device);
	enable(path);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", device);
	if (read_bar(path, &region->base, &region->bytes) < 0)
		return "a device has no BAR 2";
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2", device);
	region->fd[VIA_RESOURCE] = open(path, O_RDWR);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2_wc", device);
	region->fd[VIA_RESOURCE_WC] = open(path, O_RDWR);
	region->offset[VIA_DEVMEM] = region->offset[VIA_DEVMEM_SYNC] = region->base;
	/* Without PAT there is no file that maps write-combining. */
	if (region->fd[VIA_RESOURCE] < 0 || (region->fd[VIA_RESOURCE_WC] < 0 && !devices_without_pat()))
		return "a device has no resource2 files";
	return NULL;
}

const char *devices_setup(struct region *regions, volatile uint8_t **mailbox)
{
	struct region *low = &regions[REGION_LOW], *isa = &regions[REGION_ISA];
	const char *failure = open_mailbox(mailbox);

	if (!failure)
		failure = open_bar(&regions[REGION_BAR], APERTURE);
	if (!failure)
		failure = make_uncached(&regions[REGION_BAR]);
	if (!failure)
		failure = open_bar(&regions[REGION_WRITE_BACK_BAR], LARGE_BAR);
	if (!failure)
		failure = read_reserved(low);
	if (failure)
		return failure;
	isa->base = ISA_REGION_ADDRESS;
	isa->bytes = ISA_REGION_BYTES;
	low->fd[VIA_RESOURCE] = low->fd[VIA_RESOURCE_WC] = -1;
	isa->fd[VIA_RESOURCE] = isa->fd[VIA_RESOURCE_WC] = -1;
	low->offset[VIA_DEVMEM] = low->offset[VIA_DEVMEM_SYNC] = low->base;
	isa->offset[VIA_DEVMEM] = isa->offset[VIA_DEVMEM_SYNC] = isa->base;
	for (int region = 0; region < REGIONS; region++) {
		regions[region].fd[VIA_DEVMEM] = open("/dev/mem", O_RDWR);
		regions[region].fd[VIA_DEVMEM_SYNC] = open("/dev/mem", O_RDWR | O_SYNC);
		if (regions[region].fd[VIA_DEVMEM] < 0 || regions[region].fd[VIA_DEVMEM_SYNC] < 0)
			return "cannot open /dev/mem";
	}
	return NULL;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int failed = fd < 0 || write(fd, text, strlen(text)) < 0 ? errno : 0;

	close(fd);
	return failed;
}

/*
 * The nvme driver, which these kernels have built in, claims every BAR of a device before it looks
 * at any; with iomem=strict the kernel then takes them from user space (revoke_iomem()). It finds
 * BAR 0 too small and lets go again, so the device can be mapped anew.
 */
const char *devices_revoke(const struct region *region)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", region->device);
	if (write_text(path, "nvme") != 0 || write_text("/sys/bus/pci/drivers/nvme/bind", region->device) != ENODEV)
		return "the kernel has no nvme driver that claims the device";
	return NULL;
}
