import { isDevice } from "../../src/trace/trace.ts";
import { watches } from "./ccheck.ts";
import { hasKey, namesKey, peeks, seals, touches } from "./chelpers.ts";
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

const LIST = "/sys/kernel/debug/x86/pat_memtype_list";

/**
 * The calls of a program of one process (isStraight), a line after the other, whose results it prints; the reader looks
 * at the list or the log himself. Null where the calls want more: signal handlers, keys, limits.
 */
export function mailProgram(program: Program): MailProgram | null {
  const wantsMore =
    touches(program) || peeks(program) || hasKey(program) || namesKey(program) || seals(program);
  if (wantsMore || isLimited(program)) return null;
  return { code: codeOf(program), says: `${runText(program)} ${lookText(program)}` };
}

/** A BAR's file is mapped from its first byte on; /dev/mem wants the address. */
function givenOf({ world, vias }: Program): readonly string[] {
  const isAperture = isDevice(world);
  const isByAddress = vias.some((via) => via.startsWith("devmem"));
  return [...(isAperture ? ["RESOURCE-FILE"] : []), ...(isByAddress ? ["ADDRESS"] : [])];
}

function runText(program: Program): string {
  if (!hasWindow(program)) return "A program that shows it on a kernel; it takes no arguments.";
  const given = givenOf(program);
  const bar = `a PCI BAR that no driver uses${given.includes("ADDRESS") ? " (ADDRESS is where it begins)" : ""}`;
  const where = isDevice(program.world) ? bar : "low memory that nothing else has reserved";
  return `A program that shows it on a kernel: run it as root, as repro ${given.join(" ")}, on ${where}.`;
}

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

function codeOf(program: Program): string {
  const headers = ["errno", ...(hasWindow(program) ? ["fcntl"] : []), "stdio", "stdlib", "string"];
  return `#define _GNU_SOURCE
${headers.map((name) => `#include <${name}.h>\n`).join("")}#include <sys/mman.h>

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
  return [
    ...opening(program),
    ...ownSteps(program).flatMap((step) => [...stepRemark(step), ...stepLines(step)]),
    ...looking(program),
  ];
}

function stepLines(step: ProgramStep): string[] {
  // Only a BAR's own file is mapped here, so an errno is what it is.
  const plain = { ...step, before: null, after: null };
  return statement(`done(${step.index}, ${stepExpression(plain)});`);
}

/** Opens what is mapped; each way into the window is a variable that has its file. */
function opening(program: Program): string[] {
  if (!hasWindow(program)) return [];
  const { vias } = program;
  const given = givenOf(program);
  const needsTwin = vias.includes("resource_wc");
  const files = {
    resource: "argv[1], O_RDWR",
    resource_wc: "twin, O_RDWR",
    devmem: '"/dev/mem", O_RDWR',
    devmem_sync: '"/dev/mem", O_RDWR | O_SYNC',
  } as const;
  return [
    ...(needsTwin ? ["char twin[4096];"] : []),
    ...(given.includes("RESOURCE-FILE") ? ["off_t offset = 0;"] : []),
    ...(given.includes("ADDRESS") ? ["off_t base;"] : []),
    `int ${vias.join(", ")};`,
    "",
    `if (argc != ${given.length + 1})`,
    "\treturn 4;",
    ...(given.includes("ADDRESS") ? [`base = strtoull(argv[${given.length}], NULL, 0);`] : []),
    ...(needsTwin ? ['snprintf(twin, sizeof(twin), "%s_wc", argv[1]);'] : []),
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
