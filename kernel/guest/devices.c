/*
 * The memory a trace runs on, and the mailbox.
 *
 * "uncached" is the BAR of an ivshmem device, reached through its PCI files and /dev/mem.
 * "write-back" is memory that the memmap= option keeps from the kernel (told to us as
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

#define APERTURE_NAME "0000:00:05.0"
#define APERTURE "/sys/bus/pci/devices/" APERTURE_NAME "/"
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

static const char *read_reserved(struct region *region)
{
	char line[4096];
	FILE *file = fopen("/proc/cmdline", "r");
	size_t n = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
	unsigned long long base, bytes;

	if (file)
		fclose(file);
	line[n] = 0;
	const char *option = strstr(line, "pfndiff.reserved=");

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
	int fd = open(MAILBOX "resource2_wc", O_RDWR);
	void *at = mmap(NULL, MAILBOX_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return "cannot map the mailbox";
	madvise(at, MAILBOX_BYTES, MADV_DONTFORK);
	close(fd);
	*mailbox = at;
	return NULL;
}

const char *devices_setup(struct region *uncached, struct region *write_back,
			  volatile uint8_t **mailbox)
{
	const char *failure = open_mailbox(mailbox);

	if (failure)
		return failure;
	enable(APERTURE "enable");
	if (read_bar(APERTURE "resource", &uncached->base, &uncached->bytes) < 0)
		return "no aperture device";
	uncached->fd[VIA_RESOURCE] = open(APERTURE "resource2", O_RDWR);
	uncached->fd[VIA_RESOURCE_WC] = open(APERTURE "resource2_wc", O_RDWR);
	uncached->fd[VIA_DEVMEM] = open("/dev/mem", O_RDWR);
	uncached->fd[VIA_DEVMEM_SYNC] = open("/dev/mem", O_RDWR | O_SYNC);
	for (int via = 0; via < 4; via++) {
		int is_devmem = via >= VIA_DEVMEM;

		if (uncached->fd[via] < 0)
			return is_devmem ? "cannot open /dev/mem" : "the aperture has no resource2 files";
		uncached->offset[via] = is_devmem ? uncached->base : 0;
		write_back->fd[via] = is_devmem ? uncached->fd[via] : -1;
	}
	failure = read_reserved(write_back);
	write_back->offset[VIA_DEVMEM] = write_back->base;
	write_back->offset[VIA_DEVMEM_SYNC] = write_back->base;
	return failure;
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
 * BAR 0 too small and lets go again, so the aperture can be mapped anew.
 */
const char *devices_revoke(void)
{
	if (write_text(APERTURE "driver_override", "nvme") != 0 ||
	    write_text("/sys/bus/pci/drivers/nvme/bind", APERTURE_NAME) != ENODEV)
		return "the kernel has no nvme driver that claims the aperture";
	return NULL;
}
