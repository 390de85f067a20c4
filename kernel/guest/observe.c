/*
 * What a step shows of the kernel's state: the memtype list and the VMAs. The guest only picks lines,
 * it does not interpret them: reading their formats is the host's work (kernel/parse).
 *
 * Both /proc/PID/smaps and pat_memtype_list are made line by line as they are read, in the order
 * of addresses. So the window lies below everything else a process maps, windows are handed out
 * from high to low, and reading stops at the first line past the window: the cost of a step then
 * does not grow with what earlier traces leaked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "guest.h"

#define TEXT_BYTES (4 << 20)
/* The kernel makes at least as much of a file as is read: about as much as a window shows at a time. */
#define SMAPS_BYTES 1024
#define MEMTYPE_BYTES 256
#define TABLE_BYTES (2UL << 20) /* what one page table covers */

static int memtype_fd;
static char *text; /* the lines picked so far */
static size_t text_length;
static int is_quiet; /* whether VMAs are to be told without a look at their pages */

const char *observe_setup(void)
{
	memtype_fd = open("/sys/kernel/debug/x86/pat_memtype_list", O_RDONLY);
	if (memtype_fd < 0 && !devices_without_pat())
		return "no pat_memtype_list in debugfs (PAT off, or debugfs missing)";
	text = own_memory(TEXT_BYTES);
	return text ? NULL : "out of memory";
}

static int pick(const char *line, size_t length)
{
	if (text_length + length + 2 > TEXT_BYTES)
		return -1;
	memcpy(text + text_length, line, length);
	text_length += length;
	text[text_length++] = '\n';
	return 0;
}

enum verdict { SKIP, PICK, STOP };
typedef enum verdict (*judge)(const char *line, const void *context);

/* Reads a file from its start, some bytes at once, a line at a time, until `judge` stops it or it ends. */
static const char *read_lines(int fd, size_t bytes, judge judge, const void *context)
{
	char buffer[SMAPS_BYTES + 1];
	size_t kept = 0;

	text_length = 0;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return "a kernel file cannot be read again";
	for (;;) {
		ssize_t n = read(fd, buffer + kept, bytes - kept);
		char *line = buffer, *newline;

		/* ESRCH and 0 both mean that the process has no address space any more. */
		if (n == 0 || (n < 0 && errno == ESRCH))
			return kept ? "a kernel file ends inside a line" : NULL;
		if (n < 0)
			return "a kernel file cannot be read";
		buffer[kept + (size_t)n] = 0;
		while ((newline = strchr(line, '\n')) != NULL) {
			*newline = 0;
			enum verdict verdict = judge(line, context);

			if (verdict == STOP)
				return NULL;
			if (verdict == PICK && pick(line, (size_t)(newline - line)) < 0)
				return "a kernel file is larger than the guest's buffer";
			line = newline + 1;
		}
		kept = strlen(line);
		if (kept == bytes)
			return "a kernel file has a line longer than the guest's buffer";
		memmove(buffer, line, kept);
	}
}

/* Any line with two hexadecimal numbers is taken for a range, so both list formats pass. */
static enum verdict judge_memtype(const char *line, const void *context)
{
	const struct world *world = context;
	const char *number = strstr(line, "0x");
	char *rest;

	if (!number)
		return SKIP;
	uint64_t start = strtoull(number, &rest, 16);

	number = strstr(rest, "0x");
	if (!number)
		return SKIP;
	const uint64_t end = strtoull(number, NULL, 16);
	enum verdict verdict = STOP;

	for (int i = 0; i <= FURTHER_REGIONS && world->places[i].bytes; i++) {
		const struct place *place = &world->places[i];
		const uint64_t first = place->region->base + place->window;

		if (start < first + place->bytes && end > first)
			return PICK;
		if (start < first + place->bytes)
			verdict = SKIP;
	}
	return verdict;
}

/* Without PAT nothing is reserved, and nothing lists it. */
static const char *read_memtype(const struct world *world)
{
	text_length = 0;
	return memtype_fd < 0 ? NULL : read_lines(memtype_fd, MEMTYPE_BYTES, judge_memtype, world);
}

const char *observe_fresh(const struct world *world)
{
	is_quiet = 0;
	const char *failure = read_memtype(world);

	return failure ? failure : text_length ? "the window already holds reservations" : NULL;
}

const char *observe_memtype(const struct world *world)
{
	const char *failure = read_memtype(world);

	if (!failure)
		record(RECORD_MEMTYPE, NULL, 0, text, text_length);
	return failure;
}

/* A VMA's header line starts with its address; all other lines with a capital letter. */
static enum verdict judge_vma(const char *line, const void *context)
{
	const struct world *world = context;

	if (strncmp(line, "VmFlags:", 8) == 0)
		return PICK;
	/* A protection key that is not the first. */
	if (strncmp(line, "ProtectionKey:", 14) == 0 && strtoul(line + 14, NULL, 10) != 0)
		return PICK;
	if (line[0] >= 'A' && line[0] <= 'Z')
		return SKIP;
	return strtoull(line, NULL, 16) >= world->address + world->virtual_bytes ? STOP : PICK;
}

/* Names of marks in VmFlags, by the order of enum pfndiff_mark. */
static const char MARK_NAMES[][4] = { " ar", " dc", " sl", " rr", " sr", " hg", " nh", " lo", " dd", " wf", " mg" };

/* What is left of the rows of drivers_marks() while the lines of maps are read, which tell of the same VMAs. */
struct marked {
	const struct world *world;
	const int32_t *rows;
	int left;
};

/* As smaps has them: a header line, which that of maps is, the key, and the flags. */
static enum verdict judge_marked(const char *line, const void *context)
{
	struct marked *marked = (struct marked *)context;
	const struct world *world = marked->world;
	const uint64_t start = strtoull(line, NULL, 16);
	char flags[64] = "VmFlags:";

	if (start >= world->address + world->virtual_bytes)
		return STOP;
	pick(line, strlen(line));
	if (!marked->left || (start - world->address) / PAGE != (uint64_t)marked->rows[0])
		return SKIP;
	if (marked->rows[1] & MARK_KEY)
		pick("ProtectionKey: 1", 16);
	for (size_t i = 0; i < sizeof(MARK_NAMES) / sizeof(*MARK_NAMES); i++)
		if (marked->rows[1] & 1 << i)
			strcat(flags, MARK_NAMES[i]);
	pick(flags, strlen(flags));
	marked->rows += 2;
	marked->left--;
	return SKIP;
}

/*
 * smaps looks at each page, and a kernel says of one that should not be where it is that the page table is bad, whoever
 * looks. So where a driver makes such mappings its lines are put together of maps and of what the module tells.
 */
static const char *read_marked(const struct world *world, int proc)
{
	struct marked marked = { .world = world };
	char path[32];

	marked.left = drivers_marks(world, proc, &marked.rows);
	if (marked.left < 0)
		return "the module does not tell what VMAs are marked with";
	snprintf(path, sizeof(path), "/proc/%d/maps", procs_pid(proc));
	int fd = open(path, O_RDONLY);
	const char *failure = fd < 0 ? "cannot open the maps of a process" : read_lines(fd, SMAPS_BYTES, judge_marked, &marked);

	close(fd);
	return failure;
}

static const char *read_vmas(const struct world *world, int proc)
{
	return is_quiet ? read_marked(world, proc) : read_lines(procs_smaps(proc), SMAPS_BYTES, judge_vma, world);
}

void observe_quietly(void)
{
	is_quiet = 1;
}

const char *observe_copied(const struct world *world, int proc, struct copied *copied)
{
	const char *failure = read_vmas(world, proc);
	unsigned long start = 0, end = 0, next = 0;

	text[text_length] = 0;
	*copied = (struct copied){ 0 };
	for (char *line = strtok(text, "\n"); line && !failure; line = strtok(NULL, "\n")) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 || line[0] == 'P' || strstr(line, " dc"))
			continue;
		copied->vmas++;
		if (start / TABLE_BYTES >= next || next == 0)
			next = start / TABLE_BYTES;
		copied->tables += (int)((end - 1) / TABLE_BYTES + 1 - next);
		next = (end - 1) / TABLE_BYTES + 1;
	}
	return failure;
}

/*
 * Every live process, but only those that the op concerned are read: smaps is the most expensive
 * part of a step, and only a revoke, a claim and a driver's zap change what other processes have.
 */
const char *observe_vmas(const struct world *world, const int32_t *op)
{
	int actor = op[1], child = op[0] == OP_FORK ? op[4] : op[1];
	int is_for_all = op[0] == OP_REVOKE || op[0] == CLAIM || op[0] == DRV_ZAP;

	for (int proc = 0; proc < procs_limit(); proc++) {
		uint32_t id = (uint32_t)proc;

		if (!procs_alive(proc))
			continue;
		if (proc != actor && proc != child && !is_for_all) {
			record(RECORD_SAME, &id, 1, NULL, 0);
			continue;
		}
		const char *failure = read_vmas(world, proc);

		if (failure)
			return failure;
		record(RECORD_VMAS, &id, 1, text, text_length);
		failure = drivers_pages(world, proc);
		if (failure)
			return failure;
	}
	return NULL;
}
