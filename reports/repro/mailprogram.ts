import { isDevice } from "../../src/trace/trace.ts";
import { watches } from "./ccheck.ts";
import { MSEAL, namesKey, peeks, seals } from "./chelpers.ts";
import { isLimited } from "./climits.ts";
import { checksAtExit, hasWindow, ownSteps, stepExpression, stepRemark } from "./cstraight.ts";
import { statement } from "./ctext.ts";
import { checkText, type Program, type ProgramStep } from "./program.ts";

/** A program short enough to be read in a mail, and what to do with it. */
export interface MailProgram {
  readonly code: string;
  /** How to run it, and what tells that the symptom shows: sentences. */
  readonly says: string;
}

/** One that takes no more than its calls. */
export interface ShortProgram extends MailProgram {
  /** The words for its arguments. */
  readonly given: readonly string[];
}

const LIST = "/sys/kernel/debug/x86/pat_memtype_list";

/**
 * The calls of a program of one process (isStraight), a line after the other, whose results it prints; the reader looks
 * at the list or the log himself. The kernel touches pages in its stead, so no fault needs a handler. Null where it takes
 * protection keys, for which libcs differ.
 */
export function mailProgram(program: Program): ShortProgram | null {
  if (namesKey(program)) return null;
  return {
    code: codeOf(program),
    says: `${runText(program)} ${lookText(program)}`,
    given: givenOf(program),
  };
}

const isByAddress = (via: string) => via.startsWith("devmem");

/** A BAR's file is mapped from an offset on; /dev/mem wants the address of the same page. */
function givenOf({ vias }: Program): readonly string[] {
  return [
    ...(vias.every(isByAddress) ? [] : ["RESOURCE-FILE", "OFFSET"]),
    ...(vias.some(isByAddress) ? ["ADDRESS"] : []),
  ];
}

function runText(program: Program): string {
  if (!hasWindow(program)) return `A program that shows it on a kernel; ${AS[whose(program)]}.`;
  const given = givenOf(program);
  const bar = `a PCI BAR that no driver uses, from an offset on at which nothing has been tried since boot${given.includes("ADDRESS") ? " (ADDRESS is where that is in memory)" : ""}`;
  const where = isDevice(program.world) ? bar : "low memory that nothing else has reserved";
  return `A program that shows it on a kernel: run it as root, as repro ${given.join(" ")}, on ${where}.`;
}

const whose = (program: Program) => (isLimited(program) ? "root" : "anybody");
const AS = {
  root: "run it as root, it takes no arguments",
  anybody: "it takes no arguments",
} as const;

function lookText(program: Program): string {
  const right = checkText(program).replace(/^After step (\d+) (.*)\.$/, "after step $1 $2");
  return `It is right where ${right}: ${WHERE[watches(program)](program)}.`;
}

/** Where the reader sees it. */
const WHERE: Readonly<Record<ReturnType<typeof watches>, (program: Program) => string>> = {
  list: (program) =>
    checksAtExit(program) ? `look into ${LIST} once it has ended` : `it prints ${LIST}`,
  log: () => "look into the kernel's log",
  result: () => "it prints what each call came to",
  mapping: () => "it says so at its end",
};

const touchesBy = ({ steps }: Program, write: boolean) =>
  steps.some(({ op }) => op.op === "touch" && op.write === write);

function codeOf(program: Program): string {
  const opens = hasWindow(program) || touchesBy(program, true) || peeks(program);
  const calls = [...(seals(program) ? ["sys/syscall.h"] : []), "unistd.h"];
  const needsCalls =
    seals(program) || peeks(program) || program.steps.some(({ op }) => op.op === "touch");
  const names = [
    "errno.h",
    ...(opens ? ["fcntl.h"] : []),
    "stdio.h",
    "stdlib.h",
    "string.h",
    "sys/mman.h",
    ...(needsCalls ? calls : []),
  ];
  return `#define _GNU_SOURCE
${names.map((name) => `#include <${name}>\n`).join("")}${seals(program) ? MSEAL : ""}
#define PAGE 4096UL
#define AT(page) ((void *)(0x10000000000UL + (page) * PAGE))

static void done(int step, int error)
{
	printf("%d: %s\\n", step, error ? strerror(error) : "ok");
}

int main(${hasWindow(program) ? "int argc, char **argv" : "void"})
{
${bodyOf(program)
  .map((line) => (line === "" ? "" : `\t${line}`))
  .join("\n")}
	return 0;
}
`;
}

function bodyOf(program: Program): string[] {
  const variables = [
    ...windowVariables(program),
    ...(touchesBy(program, true) ? ['int zero = open("/dev/zero", O_RDONLY);'] : []),
    ...(touchesBy(program, false) ? ["int ends[2];"] : []),
    ...(peeks(program) ? ['int memory = open("/proc/self/mem", O_RDONLY);', "char byte;"] : []),
    ...(isLimited(program) ? LIMIT_VARIABLES : []),
  ];
  return [
    ...variables,
    ...(variables.length > 0 ? [""] : []),
    ...opening(program),
    ...(touchesBy(program, false) ? ["if (pipe(ends))", "\treturn 4;", ""] : []),
    ...limitLines(program),
    ...ownSteps(program).flatMap((step) => [...stepRemark(step), ...stepLines(step)]),
    ...looking(program),
    ...(isLimited(program)
      ? ["rewind(limit);", 'fprintf(limit, "%ld", was);', "fclose(limit);"]
      : []),
  ];
}

const LIMIT_VARIABLES = [
  'FILE *maps = fopen("/proc/self/maps", "r");',
  'FILE *limit = fopen("/proc/sys/vm/max_map_count", "r+");',
  "char line[256];",
  "long was, own = 0;",
];

/** A process has as many VMAs as its file of them has lines, but for the vsyscall page. */
function limitLines({ world: { maps } }: Program): string[] {
  if (maps === undefined) return [];
  return [
    `/* Leaves room for ${maps} VMA${maps === 1 ? "" : "s"} more than it has. */`,
    'if (!maps || !limit || fscanf(limit, "%ld", &was) != 1)',
    "\treturn 4;",
    "while (fgets(line, sizeof(line), maps))",
    '\town += !strstr(line, "[vsyscall]");',
    "rewind(limit);",
    `fprintf(limit, "%ld", own + ${maps});`,
    "fflush(limit);",
    "",
  ];
}

function stepLines(step: ProgramStep): string[] {
  return statement(`done(${step.index}, ${callOf(step)});`);
}

/** A step as an expression that is 0 or an errno. */
function callOf(step: ProgramStep): string {
  const { op } = step;
  if (op.op === "touch") {
    const call = op.write ? "read(zero" : "write(ends[1]";
    return `${call}, AT(${op.at}), 1) < 0 ? errno : 0`;
  }
  if (op.op === "peek") return `pread(memory, &byte, 1, (off_t)AT(${op.at})) < 0 ? errno : 0`;
  // Only a BAR's own file is mapped here, so an errno is what it is.
  return stepExpression({ ...step, before: null, after: null });
}

/** Each way into the window is a variable that has its file. */
function windowVariables(program: Program): string[] {
  if (!hasWindow(program)) return [];
  const given = givenOf(program);
  return [
    ...(program.vias.includes("resource_wc") ? ["char twin[4096];"] : []),
    ...(given.includes("OFFSET") ? ["off_t offset;"] : []),
    ...(given.includes("ADDRESS") ? ["off_t base;"] : []),
    `int ${program.vias.join(", ")};`,
  ];
}

/** Opens what is mapped. */
function opening(program: Program): string[] {
  if (!hasWindow(program)) return [];
  const { vias } = program;
  const given = givenOf(program);
  const files = {
    resource: "argv[1], O_RDWR",
    resource_wc: "twin, O_RDWR",
    devmem: '"/dev/mem", O_RDWR',
    devmem_sync: '"/dev/mem", O_RDWR | O_SYNC',
  } as const;
  return [
    `if (argc != ${given.length + 1})`,
    "\treturn 4;",
    ...(given.includes("OFFSET") ? ["offset = strtoull(argv[2], NULL, 0);"] : []),
    ...(given.includes("ADDRESS") ? [`base = strtoull(argv[${given.length}], NULL, 0);`] : []),
    ...(vias.includes("resource_wc") ? ['snprintf(twin, sizeof(twin), "%s_wc", argv[1]);'] : []),
    ...vias.map((via) => `${via} = open(${files[via]});`),
    "",
  ];
}

/** What it looks at itself after the step that is checked. */
function looking(program: Program): string[] {
  const { expectation } = program;
  if (expectation.kind === "mapping") {
    const { page } = expectation;
    return [
      `printf("page ${page}: %smapped\\n",`,
      `       msync(AT(${page}), PAGE, MS_ASYNC) ? "not " : "");`,
    ];
  }
  if (watches(program) !== "list" || checksAtExit(program)) return [];
  return [`if (system("cat ${LIST}"))`, "\treturn 4;"];
}
