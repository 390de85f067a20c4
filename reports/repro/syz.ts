import { plural } from "../numbers.ts";
import { UserError } from "../../src/usererror.ts";
import { hex, type SyzPlaces, syzCalls } from "./calls.ts";
import { hasKey } from "./chelpers.ts";
import { expectationText } from "./expectation.ts";
import type { ReproInput } from "./input.ts";
import { checkText, type Program, reproProgram } from "./program.ts";

/** Where the program's pages are, and which file it maps: syzkaller takes no arguments. */
export interface SyzTarget {
  /** A PCI resource file, or /dev/mem. */
  readonly file: string;
  /** Physical address of the window's first page; the file's offset 0 has address `base`. */
  readonly base: number;
  /** Offset of the window in the file, in bytes. */
  readonly offset: number;
}

const PAGE = 4096;
/** Where syzkaller's text format places its data area, and what we keep free there for strings. */
const AREA = 0x7f0000000000;
const STRINGS = 1;
const WINDOW = 16;

/**
 * The finding's ops as a syzkaller program. It has no checks: the memtype list must be looked at
 * afterwards. UserError where the ops need a second process that acts, which it cannot express.
 */
export function syzProgram(input: ReproInput, target: SyzTarget): string {
  const program = reproProgram(input);
  assertOneActor(program);
  if (program.world.maps !== undefined) {
    const { signature } = program.finding;
    throw new UserError(
      `${signature}: a syzkaller program cannot count its own VMAs to limit them`,
    );
  }
  assertPlaced(program, target);
  const places = placesOf(program, target);
  const opened = opens(program, target);
  const lines = [
    `# ${program.finding.signature}`,
    `# ${program.finding.detail.replaceAll(/[\r\n]+/g, " ")}`,
    `# To look at: ${checkText(program)}`,
    ...(opened.some((line) => line.includes("openat(")) ? [UNSAFE] : []),
    `# The window is ${plural(program.world.pfns, "page")} at ${hex(target.base + target.offset)}.`,
    `#{"procs":1,"slowdown":1,"sandbox":"none"}`,
    ...opened,
    ...program.steps.flatMap((step) => [
      `# ${step.index}: ${step.text}`,
      ...syzCalls(step.op, places),
    ]),
    `# Here: ${expectationText(program.expectation)}, or the symptom shows.`,
  ];
  return `${lines.join("\n")}\n`;
}

/** syzkaller's parser refuses every absolute path, unless it is told that the program may harm the machine. */
const UNSAFE = "# An absolute path escapes the sandbox: syz-execprog -unsafe, syz-prog2c -unsafe.";

/**
 * Write-combining is asked for by the twin of a prefetchable BAR's file, which /dev/mem does not have; and
 * /dev/mem reaches a BAR's pages by their physical address, where 0 is memory of the machine.
 */
function assertPlaced({ vias, finding }: Program, { file, base }: SyzTarget): void {
  const fail = (what: string) => {
    throw new UserError(`${finding.signature}: ${what}`);
  };
  const isBar = file !== "/dev/mem";
  if (!isBar && vias.includes("resource_wc")) {
    fail("maps write-combining, by a PCI resource file that has a _wc twin: name it by --device");
  }
  if (isBar && base === 0 && vias.some((via) => via === "devmem" || via === "devmem_sync")) {
    fail(`maps /dev/mem too: name the physical address of ${file} by --base`);
  }
}

/** The child of syz_clone() only waits a moment and exits. */
function assertOneActor(program: Program): void {
  const actor = program.steps.find(({ op }) => op.op === "spawn")?.op.proc ?? 0;
  const other = program.steps.find(({ op }) => op.proc !== actor && op.op !== "exit");
  if (other === undefined) return;
  throw new UserError(
    `${program.finding.signature}: a syzkaller program has one process that acts, but step ${other.index} is ${other.text}`,
  );
}

/** A string constant in the data area. */
function text(index: number, value: string): string {
  return `&(${hex(AREA + (index + 1) * 256)})='${value}\\x00'`;
}

/** A range of virtual pages of the window. */
function vma(at: number, pages: number): string {
  const start = AREA + (WINDOW + at) * PAGE;
  return `&(${hex(start)}/${hex(Math.max(pages, 1) * PAGE)})=nil`;
}

const O_RDWR = 0x2;
const O_SYNC = 0x101000;

function opens(program: Program, target: SyzTarget): string[] {
  const open = (name: string, path: string, flags: number, index: number) =>
    `${name} = openat(0xffffffffffffff9c, ${text(index, path)}, ${hex(flags)}, 0x0)`;
  const devices = program.vias.map((via, index) => {
    const path = via === "resource_wc" ? `${target.file}_wc` : target.file;
    const isMem = via === "devmem" || via === "devmem_sync";
    const sync = via === "devmem_sync" || (via === "resource" && target.file === "/dev/mem");
    const flags = O_RDWR | (sync ? O_SYNC : 0);
    return open(`r${index}`, isMem ? "/dev/mem" : path, flags, STRINGS + index);
  });
  const next = program.vias.length;
  const does = (kind: "touch" | "peek") => program.steps.some(({ op }) => op.op === kind);
  return [
    ...devices,
    ...(does("touch")
      ? [
          open(`r${next}`, "/dev/zero", O_RDWR, STRINGS + next),
          `pipe(&(${hex(AREA)})={0xffffffffffffffff, <r${next + 1}=>0xffffffffffffffff})`,
        ]
      : []),
    ...(does("peek") ? [open(`r${next + 2}`, "/proc/self/mem", 0, STRINGS + next + 2)] : []),
    ...(hasKey(program) ? [`r${next + 3} = pkey_alloc(0x0, 0x0)`] : []),
  ];
}

function placesOf(program: Program, { base, offset }: SyzTarget): SyzPlaces {
  const next = program.vias.length;
  return {
    vma,
    address: (page) => hex(AREA + (WINDOW + page) * PAGE),
    file: (via, pfn) => {
      const start = via === "devmem" || via === "devmem_sync" ? base + offset : offset;
      return { fd: `r${program.vias.indexOf(via)}`, offset: hex(start + pfn * PAGE) };
    },
    zero: `r${next}`,
    pipe: `r${next + 1}`,
    memory: `r${next + 2}`,
    key: `r${next + 3}`,
    byte: `&(${hex(AREA)})=""/1`,
  };
}
