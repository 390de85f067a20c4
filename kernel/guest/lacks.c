/*
 * Which options a kernel was built without, as far as traces or what is observed of them need it.
 * Each is told to the host by its name; kernel/lacks.ts says what follows, and which of them no
 * guest can do without. All are looked for, so that a kernel is built anew once and not once each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest.h"

static void lack(const char *option)
{
	say("lacks %s", option);
}

static int is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static int opens(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A file, what makes it, and what has to be there for the kernel to make it. */
static const struct {
	const char *path, *option, *within;
} FILES[] = {
	{ "/proc/self", "CONFIG_PROC_FS", "/" },
	{ "/proc/self/smaps", "CONFIG_PROC_PAGE_MONITOR", "/proc/self" },
	{ "/proc/sys/vm/max_map_count", "CONFIG_PROC_SYSCTL", "/proc/self" },
	{ "/proc/kallsyms", "CONFIG_KALLSYMS", "/proc/self" },
	{ "/sys/kernel", "CONFIG_SYSFS", "/" },
	{ "/sys/bus/pci", "CONFIG_PCI", "/sys/kernel" },
	{ "/sys/bus/pci/devices/0000:00:05.0", "CONFIG_PCI_DIRECT", "/sys/bus/pci" },
	{ "/sys/bus/pci/drivers/nvme", "CONFIG_BLK_DEV_NVME", "/sys/bus/pci" },
	{ "/sys/kernel/debug/x86", "CONFIG_DEBUG_FS", "/sys/kernel" },
	{ "/sys/kernel/debug/x86/pat_memtype_list", "CONFIG_X86_PAT", "/sys/kernel/debug/x86" },
	{ "/proc/self/fail-nth", "CONFIG_FAULT_INJECTION", "/proc/self" },
	{ "/sys/kernel/debug/failslab", "CONFIG_FAILSLAB", "/sys/kernel/debug/x86" },
	{ "/sys/kernel/debug/fail_page_alloc", "CONFIG_FAIL_PAGE_ALLOC", "/sys/kernel/debug/x86" },
	{ "/sys/kernel/debug/failslab/require-start", "CONFIG_FAULT_INJECTION_STACKTRACE_FILTER",
	  "/sys/kernel/debug/x86" },
};

/* The advices that need an option, and what the kernel says to them without it. */
static const struct {
	int advice, error;
	const char *option;
} ADVICES[] = {
	{ MADV_MERGEABLE, EINVAL, "CONFIG_KSM" },
	{ MADV_HUGEPAGE, EINVAL, "CONFIG_TRANSPARENT_HUGEPAGE" },
	{ MADV_WILLNEED, EBADF, "CONFIG_SWAP" },
};

static void look_at_advices(void)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (madvise(at, PAGE, MADV_NORMAL) < 0 && errno == ENOSYS)
		lack("CONFIG_ADVISE_SYSCALLS");
	else
		for (size_t i = 0; i < sizeof(ADVICES) / sizeof(*ADVICES); i++)
			if (madvise(at, PAGE, ADVICES[i].advice) < 0 && errno == ADVICES[i].error)
				lack(ADVICES[i].option);
	munmap(at, PAGE);
}

static int is_console(void)
{
	char name[64] = "";
	int fd = open("/sys/class/tty/console/active", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, name, sizeof(name) - 1);

	close(fd);
	name[n < 0 ? 0 : n] = 0;
	return strstr(name, "ttyS0") != NULL;
}

void lacks_tell(void)
{
	uint32_t word = 0;

	for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++)
		if (is_there(FILES[i].within) && !is_there(FILES[i].path) &&
		    !(devices_without_pat() && strcmp(FILES[i].option, "CONFIG_X86_PAT") == 0))
			lack(FILES[i].option);
	if (!opens("/dev/kmsg"))
		lack("CONFIG_PRINTK");
	if (!opens("/dev/mem"))
		lack("CONFIG_DEVMEM");
	if (!is_console())
		lack("CONFIG_SERIAL_8250_CONSOLE");
	if (syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0) < 0 && errno == ENOSYS)
		lack("CONFIG_FUTEX");
	look_at_advices();
	if (perform_keys() < 0)
		say("lacks pkeys");
}

/* Whether a page of the aperture that was mapped before a driver claimed it is still there after. */
void lacks_tell_of_claims(const struct region *aperture)
{
	off_t last = (off_t)(aperture->bytes - PAGE);
	volatile char *byte = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, aperture->fd[VIA_RESOURCE], last);
	int status = 0;
	pid_t pid;

	if (byte == MAP_FAILED || !is_there("/sys/bus/pci/drivers/nvme") || devices_revoke(aperture) != NULL)
		return;
	pid = fork();
	if (pid == 0) {
		(void)*byte;
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status))
		lack("CONFIG_IO_STRICT_DEVMEM");
	munmap((void *)byte, PAGE);
}
