import { assertNever } from "../../src/assertnever.ts";
import type { RegionVia } from "../../src/trace/op.ts";
import { isDevice } from "../../src/trace/trace.ts";
import { cExpression, mmapCall } from "./calls.ts";
import { asksMtrr, memoryCheck, watches, wrongMemory } from "./ccheck.ts";
import {
  BAR_ADDRESS,
  MSEAL,
  namesKey,
  NOT_EMPTY,
  peeks,
  RESERVED,
  seals,
  touches,
} from "./chelpers.ts";
import { isLimited, limitHelpers } from "./climits.ts";
import { PEEK, touching } from "./csteps.ts";
import { remark } from "./ctext.ts";
import type { Program, ProgramStep } from "./program.ts";

/** Whether one process does all of it: it is brought to life first, and exits last or not at all. */
export function isStraight({ steps }: Program): boolean {
  const proc = steps[0]?.op.proc;
  return steps.every(({ op, index }) => {
    if (op.op === "spawn") return index === 0;
    if (op.proc !== proc || op.op === "fork") return false;
    return index > 0 && (op.op !== "exit" || index === steps.length - 1);
  });
}

/** Whether the check is about what is left once the process is gone, so that another has to make it. */
export function checksAtExit({ steps, expectation }: Program): boolean {
  return steps[expectation.step]?.op.op === "exit";
}

/** The steps that the process makes, up to the one that is checked. */
export function ownSteps({ steps, expectation }: Program): readonly ProgramStep[] {
  return steps.filter(
    ({ op, index }) => index <= expectation.step && op.op !== "spawn" && op.op !== "exit",
  );
}

/** Whether any file is mapped: without one there is no window to look after. */
export function hasWindow({ vias }: Program): boolean {
  return vias.length > 0;
}

/** A step's op as a C comment. */
export function stepRemark({ index, text }: ProgramStep): string[] {
  return remark(`${index}: ${text}`);
}

/** A C expression that performs a step and is 0 or an errno; a way into the region is a variable that has its file. */
export function stepExpression({ op, before, after }: ProgramStep): string {
  if (op.op !== "mmap" || op.via === "anon") return cExpression(op);
  const { via } = op;
  const from = via === "resource" || via === "resource_wc" ? "offset" : "base";
  // A refused mapping is EINVAL from a PCI file; /dev/mem, which may stand for one, says EAGAIN.
  const isRefused = via === "resource" && (before === "EINVAL" || after === "EINVAL");
  const failed = isRefused ? "(is_mem && errno == EAGAIN ? EINVAL : errno)" : "errno";
  return `${mmapCall({ ...op, via }, from)} ? ${failed} : 0`;
}

/** The libc headers of a program of one process. */
export function straightHeaders(program: Program): string {
  const names = [
    "errno.h",
    "fcntl.h",
    ...(touches(program) ? ["setjmp.h", "signal.h"] : []),
    "stdio.h",
    "stdlib.h",
    "string.h",
    "sys/mman.h",
    ...(seals(program) || namesKey(program) ? ["sys/syscall.h"] : []),
    ...(checksAtExit(program) ? ["sys/wait.h"] : []),
    "unistd.h",
  ];
  return `${names.map((name) => `#include <${name}>\n`).join("")}${seals(program) ? MSEAL : ""}`;
}

/** Constants and variables of such a program. */
export function straightState(program: Program): string {
  const { world, vias } = program;
  const files = isDevice(world) ? ["is_mem", ...vias] : vias;
  const window = `#define PAGES ${world.pfns} /* of the window */
#define LIST "/sys/kernel/debug/x86/pat_memtype_list"

static int ${files.join(", ")};
static unsigned long long base, offset; /* in memory, in the file */
`;
  return `#define PAGE 4096UL
#define AT(page) ((void *)(0x10000000000UL + (page) * PAGE))
${hasWindow(program) ? window : ""}`;
}

/** The functions that its steps and its start call; the check's own are ccheck's. */
export function straightHelpers(program: Program): string[] {
  return [
    hasWindow(program) && isDevice(program.world) ? BAR_ADDRESS : "",
    hasWindow(program) || watches(program) === "list" ? RESERVED : "",
    asksMtrr(program) ? memoryCheck(program.world, "devmem", "base") : "",
    ...touching(program),
    peeks(program) ? PEEK : "",
    isLimited(program) ? limitHelpers(program) : "",
  ].filter((part) => part !== "");
}

/** What such a program is given. */
export function usageOf({ world }: Program): string {
  return isDevice(world) ? "RESOURCE-FILE|/dev/mem [OFFSET]" : "/dev/mem ADDRESS";
}

/**
 * Lines that take a window from `path` and `where`, which may be NULL, and open what is mapped;
 * `command` is how it is called, `refuse` makes a statement that ends the program with a reason.
 */
export function windowLines(
  program: Program,
  command: string,
  refuse: (why: string) => string,
): string[] {
  if (!hasWindow(program)) return [];
  const { world, vias } = program;
  const isAperture = isDevice(world);
  const unless = (condition: string, why: string) => [`if (${condition})`, `\t${refuse(why)}`];
  return [
    ...(isAperture ? ['is_mem = path && !strcmp(path, "/dev/mem");'] : []),
    ...unless(
      isAperture ? "!path || (is_mem && !where)" : '!path || strcmp(path, "/dev/mem") || !where',
      `usage: ${command} ${usageOf(program)}`,
    ),
    "offset = where ? strtoull(where, &rest, 0) : 0;",
    ...unless("*rest || offset % PAGE", "the offset is no multiple of 4096"),
    isAperture ? "base = offset + (is_mem ? 0 : bar_address(path));" : "base = offset;",
    ...(isAperture ? unless("base == offset && !is_mem", "the file is no PCI resource file") : []),
    ...(vias.includes("resource_wc") ? ['snprintf(twin, sizeof(twin), "%s_wc", path);'] : []),
    ...vias.map((via) => `${via} = open(${fileOf(via, isAperture)});`),
    ...unless(vias.map((via) => `${via} < 0`).join(" || "), "a file cannot be opened"),
    ...unless("reserved(0, PAGES, NULL)", NOT_EMPTY),
    ...(asksMtrr(program) ? unless("check_memory()", wrongMemory(world)) : []),
  ];
}

/** What those lines need declared beside `path` and `where`. */
export function windowVariables(program: Program): string[] {
  if (!hasWindow(program)) return [];
  return [
    'char *rest = "";',
    ...(program.vias.includes("resource_wc") ? ["char twin[4096];"] : []),
  ];
}

function fileOf(via: RegionVia, isAperture: boolean): string {
  switch (via) {
    case "resource":
      // /dev/mem opened O_SYNC asks for uncached-minus too.
      return isAperture ? "path, O_RDWR | (is_mem ? O_SYNC : 0)" : "path, O_RDWR";
    case "resource_wc":
      return "twin, O_RDWR";
    case "devmem":
      return '"/dev/mem", O_RDWR';
    case "devmem_sync":
      return '"/dev/mem", O_RDWR | O_SYNC';
    default:
      return assertNever(via);
  }
}
