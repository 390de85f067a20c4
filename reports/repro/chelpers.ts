import { isDevice } from "../../src/trace/trace.ts";
import { assertNever } from "../../src/assertnever.ts";
import type { SyscallOp } from "../../src/trace/op.ts";
import type { Program } from "./program.ts";

/** What the helpers need to know of a program. */
export interface Placed extends Pick<Program, "world" | "vias" | "procs"> {
  readonly steps: readonly { readonly op: SyscallOp }[];
}

/** Whether any step touches a page, and so may fault. */
export function touches(program: Placed): boolean {
  return program.steps.some(({ op }) => op.op === "touch");
}

/** Whether any step gives pages a protection key that the program allocates. */
export function hasKey(program: Pick<Placed, "steps">): boolean {
  return program.steps.some(({ op }) => op.op === "mprotect" && op.pkey === "own");
}

/** Whether any step names a protection key, for which older libcs have no function. */
export function namesKey(program: Placed): boolean {
  return program.steps.some(({ op }) => op.op === "mprotect" && op.pkey !== undefined);
}

/** Whether any step reads a page as a debugger does. */
export function peeks(program: Placed): boolean {
  return program.steps.some(({ op }) => op.op === "peek");
}

/** Whether any step forks inside a process of the trace. */
export function forks(program: Placed): boolean {
  return program.steps.some(({ op }) => op.op === "fork");
}

/** Whether any step seals a mapping, which older libcs have no function and no number for. */
export function seals(program: Placed): boolean {
  return program.steps.some(({ op }) => op.op === "mseal");
}

/** The libc headers that the helpers below need. */
export function headers(program: Placed): string {
  const names = [
    "errno.h",
    "fcntl.h",
    ...(forks(program) ? ["sched.h"] : []),
    ...(touches(program) ? ["setjmp.h"] : []),
    "signal.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
    "sys/mman.h",
    "sys/prctl.h",
    ...(forks(program) || seals(program) || namesKey(program) ? ["sys/syscall.h"] : []),
    "sys/wait.h",
    "unistd.h",
  ];
  const includes = names.map((name) => `#include <${name}>\n`).join("");
  return seals(program) ? `${includes}${MSEAL}` : includes;
}

export const MSEAL = `
#ifndef SYS_mseal
#define SYS_mseal 462 /* 6.10 and later */
#endif
`;

/** Constants and state, the same for every program but for their numbers. */
export function state(program: Placed): string {
  const { world, steps, procs } = program;
  return `#define PAGE 4096UL
#define PAGES ${world.pfns}UL /* of the window, from OFFSET on */
#define AT(page) ((void *)(0x10000000000UL + (page) * PAGE))
#define LIST "/sys/kernel/debug/x86/pat_memtype_list"
#define STEPS ${steps.length}
#define PROCS ${procs}

enum { ${program.vias.map((via) => via.toUpperCase()).join(", ")}${program.vias.length > 0 ? ", " : ""}VIAS };

${program.vias.length > 0 ? "static int fds[VIAS];\nstatic off_t offsets[VIAS];\n" : ""}static unsigned long long base; /* physical address of the window */
`;
}

/** Opens what the steps map. */
export function opening(program: Placed): string {
  const isAperture = isDevice(program.world);
  const opens = program.vias.map((via) => `\t${openLine(via, isAperture)}\n`).join("");
  const needsTwin = program.vias.includes("resource_wc");
  return `${isAperture ? `${BAR_ADDRESS}\n` : ""}${opens === "" ? "" : OPEN_AS}/* Opens the files; NULL, or why the test cannot run. */
static const char *open_files(const char *path, unsigned long long offset)
{
	const char *why = NULL;
${isAperture ? '\tint is_mem = strcmp(path, "/dev/mem") == 0;\n' : ""}${needsTwin ? "\tchar twin[4096];\n" : ""}
${isAperture ? APERTURE_BASE : MEMORY_BASE}${needsTwin ? TWIN : ""}${opens}	return why;
}
`;
}

function openLine(via: Program["vias"][number], isAperture: boolean): string {
  const call = (...args: string[]) => `why = why ? why : open_as(${args.join(", ")});`;
  switch (via) {
    case "resource":
      // /dev/mem opened O_SYNC asks for uncached-minus too.
      return call("RESOURCE", "path", "is_mem ? O_SYNC : 0", "offset");
    case "resource_wc":
      return call("RESOURCE_WC", "twin", "0", "offset");
    case "devmem":
      return call("DEVMEM", isAperture ? '"/dev/mem"' : "path", "0", "base");
    case "devmem_sync":
      return call("DEVMEM_SYNC", isAperture ? '"/dev/mem"' : "path", "O_SYNC", "base");
    default:
      return assertNever(via);
  }
}

const OPEN_AS = `static const char *open_as(int via, const char *path, int flags,
			   off_t offset)
{
	static char why[512];

	fds[via] = open(path, O_RDWR | flags);
	offsets[via] = offset;
	snprintf(why, sizeof(why), "cannot open %.400s: %s", path,
		 strerror(errno));
	return fds[via] < 0 ? why : NULL;
}

`;

const MEMORY_BASE = `	if (strcmp(path, "/dev/mem") != 0)
		return "this one needs /dev/mem and the address of reserved low memory";
	base = offset;
`;

const APERTURE_BASE = `	base = is_mem ? offset : bar_address(path) + offset;
	if (base == offset && !is_mem)
		return "FILE is neither /dev/mem nor a PCI resource file";
`;

const TWIN = `	if (is_mem)
		return "write-combining needs a PCI resource file";
	snprintf(twin, sizeof(twin), "%s_wc", path);
`;

export const BAR_ADDRESS = `/* Where BAR N begins: line N of the file beside resourceN; 0 if none. */
static unsigned long long bar_address(const char *path)
{
	const char *name = strrchr(path, '/');
	unsigned long long start = 0;
	char list[4096];
	FILE *file;
	int bar;

	if (!name || sscanf(name, "/resource%d", &bar) != 1)
		return 0;
	snprintf(list, sizeof(list), "%.*s/resource", (int)(name - path), path);
	file = fopen(list, "r");
	for (int i = 0; file && i <= bar; i++)
		if (fscanf(file, "%llx %*s %*s", &start) != 1)
			start = 0;
	if (file)
		fclose(file);
	return start;
}
`;

/** Looks for reservations of the window. */
export const RESERVED = `/* Counts the reservations over pages [start, end), all or of one type. */
static int reserved(unsigned long start, unsigned long end,
		    const char *type)
{
	FILE *list = fopen(LIST, "r");
	unsigned long long from, to;
	char line[256], name[20];
	int count = 0;

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "PAT: [mem %llx-%llx] %19s", &from, &to, name) == 3 &&
		    from < base + end * PAGE && to > base + start * PAGE)
			count += !type || !strcmp(name, type);
	if (list)
		fclose(list);
	return list ? count : -1;
}
`;

/** Why nothing runs where the window is not as the steps expect it. */
export const NOT_EMPTY = "the window is in use, or the list cannot be read";

/** Reads all reservations of the window. */
export const LIST_READER = `struct entry {
	unsigned long start, end; /* pages of the window, end not included */
	char type[20];
};

static struct entry list[1024];
static int entries;

/* Reads the reservations over the window; NULL, or why it cannot. */
static const char *read_list(void)
{
	unsigned long long start, end, bytes = PAGES * PAGE;
	FILE *file = fopen(LIST, "r");
	char line[256], type[20];

	entries = 0;
	if (!file)
		return "cannot read " LIST " (root, debugfs and PAT are needed)";
	while (entries < 1024 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "PAT: [mem %llx-%llx] %19s", &start, &end, type) != 3)
			continue;
		if (end <= base || start >= base + bytes)
			continue;
		list[entries].start = start < base ? 0 : (start - base) / PAGE;
		list[entries].end = (end - base) / PAGE;
		strcpy(list[entries++].type, type);
	}
	fclose(file);
	return NULL;
}
`;
