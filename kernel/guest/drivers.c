/*
 * The module that performs what drivers and the kernel itself do in traces, and shows page tables and what drivers'
 * calls return (kernel/module). Where none was built for this kernel the host is told, and sends no such ops.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "guest.h"

#define MODULE "/pfndiff.ko"
#define DEVICE "/dev/pfndiff"
#define MISC_MAJOR 10
/* Room for what read() gives, and for the runs of the largest page table of a trace, in words. */
#define WORDS (64 * 1024)

static int file = -1;
static int32_t *words;

static int minor_of_device(void)
{
	FILE *misc = fopen("/proc/misc", "r");
	char name[64];
	int minor = -1, number;

	while (misc && minor < 0 && fscanf(misc, "%d %63s", &number, name) == 2)
		if (strcmp(name, "pfndiff") == 0)
			minor = number;
	if (misc)
		fclose(misc);
	return minor;
}

void drivers_setup(struct pfndiff_hello *hello)
{
	int module = open(MODULE, O_RDONLY | O_CLOEXEC), minor;

	*hello = (struct pfndiff_hello){ 0 };
	if (module >= 0 && syscall(SYS_finit_module, module, "", 0) < 0)
		fprintf(stderr, "the module cannot be loaded: %s\n", strerror(errno));
	close(module);
	minor = minor_of_device();
	words = own_memory(WORDS * sizeof(*words));
	if (minor >= 0 && words && mknod(DEVICE, S_IFCHR | 0600, makedev(MISC_MAJOR, (unsigned int)minor)) == 0)
		file = open(DEVICE, O_RDWR);
	if (file >= 0 && ioctl(file, PFNDIFF_HELLO, hello) == 0) {
		if (!hello->has_memremap_pages)
			say("lacks CONFIG_ZONE_DEVICE");
		return;
	}
	close(file);
	file = -1;
	say("lacks pfndiff.ko");
}

int drivers_file(void)
{
	return file;
}

const char *drivers_begin(const struct world *world)
{
	struct pfndiff_world asked = { .window = world->address };

	for (int i = 0; i < PFNDIFF_REGIONS; i++) {
		const struct place *place = &world->places[i];

		asked.base[i] = place->region->base + place->window;
		asked.pages[i] = (uint32_t)(place->bytes / PAGE);
	}

	return file < 0 || ioctl(file, PFNDIFF_WORLD, &asked) == 0 ? NULL : "the module does not begin a trace";
}

const char *drivers_calls(const int32_t *rows, uint32_t count, uint32_t says, uint32_t hook)
{
	const struct pfndiff_calls asked = {
		.rows = (uintptr_t)rows, .count = count, .says = says, .has_prepare = hook
	};

	return ioctl(file, PFNDIFF_CALLS, &asked) == 0 ? NULL : "the module does not take the calls of a driver";
}

const char *drivers_observe(void)
{
	static const uint32_t types[][2] = { { RECORD_CALLS, 3 }, { RECORD_KERNEL_MAPS, 6 }, { RECORD_RAM, 3 } };
	const int32_t *at = words;

	if (file < 0)
		return NULL;
	if (read(file, words, WORDS * sizeof(*words)) < 0)
		return "the module has more to show than the guest has room for";
	for (int i = 0; i < 3; i++) {
		const size_t length = (size_t)*at * types[i][1];

		if (length > 0)
			record(types[i][0], NULL, 0, at + 1, length * sizeof(*at));
		at += length + 1;
	}
	return NULL;
}

/* A question about the window of a process, answered in `words`; see PFNDIFF_ENTRIES and PFNDIFF_MARKS. */
static int ask_of_window(unsigned long what, const struct world *world, int proc)
{
	const struct pfndiff_entries asked = { .address = world->address,
					       .rows = (uintptr_t)words,
					       .pid = (uint32_t)procs_pid(proc),
					       .pages = (uint32_t)(world->virtual_bytes / PAGE),
					       .room = WORDS };

	return ioctl(file, what, &asked);
}

const char *drivers_pages(const struct world *world, int proc)
{
	const uint32_t id = (uint32_t)proc;

	if (file < 0)
		return NULL;
	const int runs = ask_of_window(PFNDIFF_ENTRIES, world, proc);

	if (runs < 0)
		return errno == ESRCH ? NULL : "the module does not show a page table";
	record(RECORD_PAGES, &id, 1, words, (size_t)runs * 3 * sizeof(*words));
	return NULL;
}

int drivers_marks(const struct world *world, int proc, const int32_t **rows)
{
	const int count = ask_of_window(PFNDIFF_MARKS, world, proc);

	*rows = words;
	/* A process that a BUG has ended has no VMAs any more. */
	return count < 0 && errno == ESRCH ? 0 : count;
}
