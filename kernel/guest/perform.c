/*
 * What a process of a trace does: one op, as the system call or the access that it is, or handed to the module.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "guest.h"

#ifndef SYS_mseal
#define SYS_mseal 462 /* libc learned of it in 2.40 */
#endif

/* Those that libc may not know yet; it learned of COLLAPSE in 2.37, of guards in 2.41. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

static sigjmp_buf fault;

/* A page that is not there (SIGBUS) is told from an access that is not allowed, and from one that would not end. */
static void on_fault(int signal)
{
	siglongjmp(fault, signal == SIGBUS ? EIO : signal == SIGUSR1 ? EINTR : EFAULT);
}

void perform_setup(void)
{
	/* NODEFER: the handler leaves by a jump, and the next fault must come through again. */
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

static uintptr_t window; /* where virtual page 0 is */

static void *address(int32_t page)
{
	return (void *)(window + (uintptr_t)page * PAGE);
}

static int protection(int32_t prot)
{
	static const int protections[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };

	return protections[prot];
}

static int outcome(int failed)
{
	return failed ? errno : 0;
}

static int do_mmap(const struct world *world, const int32_t *op)
{
	int via = op[5];
	int flags = MAP_FIXED | (op[7] ? MAP_PRIVATE : MAP_SHARED);

	if (via == VIA_ANON)
		return outcome(mmap(address(op[2]), (size_t)op[3] * PAGE, protection(op[6]),
				    flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED);

	const struct place *place = &world->places[op[4] / REGION_PFNS];
	off_t offset = (off_t)(place->region->offset[via] + place->window + (uint64_t)(op[4] % REGION_PFNS) * PAGE);

	return outcome(mmap(address(op[2]), (size_t)op[3] * PAGE, protection(op[6]), flags,
			    place->region->fd[via], offset) == MAP_FAILED);
}

static int do_drv_mmap(const int32_t *op)
{
	const int error = outcome(mmap(address(op[2]), (size_t)op[3] * PAGE, protection(op[5]),
				       MAP_FIXED | (op[6] ? MAP_PRIVATE : MAP_SHARED), drivers_file(),
				       (off_t)op[4] * PAGE) == MAP_FAILED);

	ioctl(drivers_file(), PFNDIFF_MAPPED, &error);
	return error;
}

static int do_mremap(const int32_t *op)
{
	int flags = op[5] ? MREMAP_MAYMOVE | MREMAP_FIXED : 0;

	if (op[7] & 1)
		flags |= MREMAP_MAYMOVE;
	if (op[7] & 2)
		flags |= MREMAP_MAYMOVE | MREMAP_DONTUNMAP;
	long at = syscall(SYS_mremap, address(op[2]), (size_t)op[3] * PAGE,
			  (size_t)op[4] * PAGE, flags, op[5] ? address(op[6]) : NULL);

	if (at == -1)
		return errno;
	/* What the kernel has moved to a place of its own choice is of no more use. */
	if (!op[5] && (void *)at != address(op[2]))
		munmap((void *)at, (size_t)op[4] * PAGE);
	return 0;
}

static int do_madvise(const int32_t *op)
{
	/* By the order of ADVICES in src/trace/syscalls.ts. */
	static const int advices[] = {
		MADV_DONTFORK, MADV_DOFORK, MADV_DONTNEED, MADV_WIPEONFORK, MADV_WILLNEED,
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_MERGEABLE, MADV_UNMERGEABLE,
		MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_DONTNEED_LOCKED, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_COLLAPSE, MADV_REMOVE, MADV_GUARD_INSTALL,
		MADV_GUARD_REMOVE,
	};

	return outcome(madvise(address(op[2]), (size_t)op[3] * PAGE, advices[op[4]]));
}

static int own_key = -1;

int perform_keys(void)
{
	own_key = (int)syscall(SYS_pkey_alloc, 0, 0);
	return own_key;
}

/* Every right to every key: a signal that is left by a jump leaves the rights of its handler behind. */
static void allow_keys(void)
{
	if (own_key > 0)
		__asm__ volatile(".byte 0x0f, 0x01, 0xef" : : "a"(0), "c"(0), "d"(0)); /* wrpkru */
}

static int do_touch(const int32_t *op)
{
	volatile char *byte = address(op[2]);
	int error = sigsetjmp(fault, 0);

	allow_keys();
	if (error)
		return error;
	if (op[4])
		*byte = 1;
	else
		(void)*byte;
	return 0;
}

/* As a debugger reads: the kernel maps a device's page for itself. */
static int do_peek(const int32_t *op)
{
	int fd = open("/proc/self/mem", O_RDONLY);
	char byte;
	int error = fd < 0 || pread(fd, &byte, 1, (off_t)(uintptr_t)address(op[2])) != 1 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

/* By the order of a key's words in src/trace/syscalls.ts; the last is one that nobody allocates. */
static int do_mprotect(const int32_t *op)
{
	const int keys[] = { -1, 0, own_key, 15 };

	if (op[5] == 0)
		return outcome(mprotect(address(op[2]), (size_t)op[3] * PAGE, protection(op[4])));
	return outcome(syscall(SYS_pkey_mprotect, address(op[2]), (size_t)op[3] * PAGE,
			       protection(op[4]), keys[op[5]]));
}

int perform(const struct world *world, const int32_t *op)
{
	window = world->address;
	if (op[0] > DRV_MMAP)
		return outcome(ioctl(drivers_file(), PFNDIFF_PERFORM, op));
	switch (op[0]) {
	case OP_MMAP:
		return do_mmap(world, op);
	case DRV_MMAP:
		return do_drv_mmap(op);
	case OP_MUNMAP:
		return outcome(munmap(address(op[2]), (size_t)op[3] * PAGE));
	case OP_MREMAP:
		return do_mremap(op);
	case OP_MPROTECT:
		return do_mprotect(op);
	case OP_MADVISE:
		return do_madvise(op);
	case OP_TOUCH:
		return do_touch(op);
	case OP_MLOCK:
		return outcome(mlock(address(op[2]), (size_t)op[3] * PAGE));
	case OP_MUNLOCK:
		return outcome(munlock(address(op[2]), (size_t)op[3] * PAGE));
	case OP_MSEAL:
		return outcome(syscall(SYS_mseal, address(op[2]), (size_t)op[3] * PAGE, 0));
	case OP_PEEK:
		return do_peek(op);
	default:
		_exit(0);
	}
}
