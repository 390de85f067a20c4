// SPDX-License-Identifier: MIT
/*
 * Does to a file what drivers in user space do to a device: maps it in pieces, splits, moves and
 * unmaps, from several threads and processes. Its strace logs are the test data beside it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static int fd;
static char *shared;

static char *map(unsigned long pages, unsigned long first)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(first * PAGE));

	if (at == MAP_FAILED)
		exit(1);
	return at;
}

static void *thread(void *unused)
{
	(void)unused;
	munmap(shared + 2 * PAGE, PAGE);
	usleep(20000);
	mprotect(shared, PAGE, PROT_READ);
	return NULL;
}

static void child(char *registers)
{
	char *own = map(1, 8);

	munmap(registers, PAGE);
	usleep(30000);
	munmap(own, PAGE);
	_exit(0);
}

int main(int argc, char **argv)
{
	pthread_t id;

	if (argc != 2 || (fd = open(argv[1], O_RDWR | O_SYNC)) < 0)
		return 1;
	char *registers = map(2, 0), *ring = map(4, 4), *noise = malloc(1 << 20);

	shared = map(3, 12);
	pthread_create(&id, NULL, thread, NULL);
	usleep(5000);
	mprotect(ring + PAGE, PAGE, PROT_READ);
	pthread_join(id, NULL);
	madvise(ring, PAGE, MADV_DONTFORK);
	if (fork() == 0)
		child(registers);
	/* Moves to an address of the kernel's choice, then shrinks where it is. */
	char *place = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved = mremap(ring + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);

	moved = mremap(moved, 2 * PAGE, PAGE, 0);
	mremap(registers, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	wait(NULL);
	/* Memory of another kind takes the place of a device page. */
	mmap(ring, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	munmap(moved, PAGE);
	close(fd);
	free(noise);
	return 0;
}
