/*
 * Allocations that fail on request: /proc/self/fail-nth, which counts the allocations of one task,
 * among them only those that a function makes. The functions are those of the sites that traces
 * name; the kernel logs the stack of what it fails, by which the host tells the site again.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "guest.h"

struct range {
	unsigned long start, end;
};

/* By place; those whose name begins with the last one's make contexts, and lie beside each other. */
enum { MEMTYPE, PAGE_TABLE, DUPLICATE, SPLIT, REMAP, FUNCTIONS };
static const char *const NAMES[FUNCTIONS] = { "memtype_reserve", "pte_alloc_one", "vm_area_dup",
					      "__split_vma", "remap_pfn_range" };
#define FAR_APART 65536

static struct range functions[FUNCTIONS];
/* What an attribute fails nothing with, and what it excludes nothing with. */
static const struct range NOTHING = { 1, 1 };
/* How many allocations one vm_area_dup() makes: the VMA, and on some releases its lock. */
static int per_duplicate;

static int function_named(const char *name)
{
	for (int i = 0; i < REMAP; i++) {
		size_t length = strlen(NAMES[i]);

		if (strncmp(name, NAMES[i], length) == 0 && (name[length] == 0 || name[length] == '.'))
			return i;
	}
	/* What prepares a remap allocates nothing, and lies far from the others. */
	if (strstr(name, "_prepare"))
		return -1;
	if (strncmp(name, "do_", 3) == 0)
		name += 3;
	return strncmp(name, NAMES[REMAP], strlen(NAMES[REMAP])) == 0 ? REMAP : -1;
}

/* A function ends where the next one begins. */
static void find_functions(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], name[256], type;
	unsigned long at, last = 0;
	int current = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %c %255s", &at, &type, name) != 3 || (type | 32) != 't')
			continue;
		if (current >= 0 && at != last)
			functions[current].end = at;
		int which = strstr(name, ".cold") ? -1 : function_named(name);

		if (which >= 0 && functions[which].start == 0)
			functions[which].start = at;
		if (at != last)
			current = -1;
		if (which >= 0)
			current = which;
		last = at;
	}
	if (file)
		fclose(file);
	if (functions[REMAP].end - functions[REMAP].start > FAR_APART)
		functions[REMAP] = (struct range){ 0 };
}

static const char *put(const char *attribute, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", attribute, name);
	int fd = open(path, O_WRONLY);
	ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return written == (ssize_t)strlen(text) ? NULL : "an attribute of failing allocations cannot be set";
}

static const char *put_range(const char *attribute, const char *what, struct range range)
{
	char name[32], text[32];
	const char *failure;

	snprintf(name, sizeof(name), "%s-start", what);
	snprintf(text, sizeof(text), "0x%lx", range.start);
	failure = put(attribute, name, text);
	snprintf(name, sizeof(name), "%s-end", what);
	snprintf(text, sizeof(text), "0x%lx", range.end);
	return failure ? failure : put(attribute, name, text);
}

/* From here on those allocations count that `within` makes and `without` does not. */
static const char *aim(int is_page, struct range within, struct range without)
{
	const char *failure = put_range("failslab", "require", is_page ? NOTHING : within);

	if (!failure)
		failure = put_range("failslab", "reject", without);
	return failure ? failure : put_range("fail_page_alloc", "require", is_page ? within : NOTHING);
}

int faults_begin(int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", nth);
	int fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, (size_t)length) != length)
		_exit(1);
	return fd;
}

int faults_end(int fd)
{
	char left[16] = "";
	ssize_t n = pread(fd, left, sizeof(left) - 1, 0);

	if (n <= 0 || pwrite(fd, "0", 1, 0) != 1)
		_exit(1);
	close(fd);
	return atoi(left) == 0;
}

/* A split makes one duplicate, so all that fails within vm_area_dup() is of that one. */
static int allocations_of_duplicate(void)
{
	for (int count = 0;; count++) {
		char *at = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		int fd = faults_begin(count + 1);

		munmap(at, PAGE);
		int failed = faults_end(fd);

		munmap(at, 2 * PAGE);
		if (!failed)
			return count;
	}
}

const char *faults_setup(void)
{
	const char *failure;

	if (access("/sys/kernel/debug/failslab/require-start", F_OK) != 0 ||
	    access("/sys/kernel/debug/fail_page_alloc/require-start", F_OK) != 0)
		return NULL;
	find_functions();
	failure = put("failslab", "ignore-gfp-wait", "N");
	if (!failure)
		failure = put("fail_page_alloc", "ignore-gfp-wait", "N");
	if (!failure)
		failure = put("fail_page_alloc", "min-order", "0");
	if (!failure)
		failure = aim(0, functions[DUPLICATE], (struct range){ 0 });
	if (!failure)
		per_duplicate = allocations_of_duplicate();
	return failure;
}

/*
 * Aims at the op's site and returns which of its allocations is to fail, 0 where the kernel has none
 * that the trace could mean: what a fork copies above the window, and what a second duplicate needs,
 * of which nobody knows how many allocations the first one took.
 */
int faults_aim(const struct world *world, const int32_t *op, const char **failure)
{
	static const struct range none;
	int nth = op[OP_FAULT_NTH], is_fork = op[0] == OP_FORK;
	struct copied copied = { 0 };

	if (is_fork)
		*failure = observe_copied(world, op[1], &copied);
	if (*failure)
		return 0;
	switch (op[OP_FAULT_SITE]) {
	case SITE_MEMTYPE:
		*failure = aim(0, functions[MEMTYPE], none);
		return nth;
	case SITE_CONTEXT:
		*failure = aim(0, functions[REMAP], functions[MEMTYPE]);
		return functions[REMAP].start ? nth : 0;
	case SITE_PAGE_TABLE:
		*failure = aim(1, functions[PAGE_TABLE], none);
		return is_fork && nth > copied.tables ? 0 : nth;
	case SITE_VMA:
		*failure = aim(0, functions[DUPLICATE], none);
		return is_fork && nth > copied.vmas ? 0 : (nth - 1) * per_duplicate + 1;
	case SITE_VMA_SETUP:
		*failure = aim(0, functions[SPLIT], functions[DUPLICATE]);
		return nth > 1 || is_fork || op[0] == OP_MREMAP ? 0 : nth;
	default:
		return 0;
	}
}
