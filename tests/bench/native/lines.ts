import type { Outcome } from "../../../src/mm/errno.ts";
import type { Mm } from "../../../src/mm/mm.ts";
import type { Vma } from "../../../src/mm/vma.ts";
import type { ModelBackend } from "../../../src/model/backend.ts";
import type { Machine } from "../../../src/model/machine.ts";
import { ADVICES, type Op, PROTS, VIAS } from "../../../src/trace/op.ts";
import type { Trace } from "../../../src/trace/trace.ts";
import { traceOfRun } from "../../../fuzz/arbitrary.ts";
import { MODELS } from "../../models.ts";

const NONE = -1;
const ANON = -2;

/** The ops of the native program, in its order; a campaign's rare ones are not among them. */
const KINDS: readonly string[] = [
  "spawn",
  "mmap",
  "munmap",
  "mremap",
  "mprotect",
  "madvise",
  "touch",
  "fork",
  "exit",
];

/** The first so many traces of a campaign that the native program knows all of. */
export function knownTraces(seed: number, count: number): Trace[] {
  const known: Trace[] = [];
  for (let run = 0; known.length < count; run++) {
    const trace = traceOfRun(seed, run);
    if (isKnown(trace)) known.push(trace);
  }
  return known;
}

function isKnown({ world, ops }: Trace): boolean {
  const isLate = (op: Op) => op.op === "fork" && op.late === true;
  return world.maps === undefined && ops.every((op) => KINDS.includes(op.op) && !isLate(op));
}

/** A trace as the native program reads it (check.h). */
export function traceLines({ world, ops }: Trace): string[] {
  const isWriteBack = Number(world.mtrr === "write-back");
  return [`world ${world.pfns} ${world.vpages} ${isWriteBack}`, ...ops.map(opLine)];
}

function opLine(op: Op): string {
  const kind = KINDS.indexOf(op.op);
  if (kind < 0) throw new Error(`the native program knows no ${op.op}`);
  const at = "at" in op ? op.at : 0;
  const pages = "pages" in op ? op.pages : 0;
  const [pfn, via, isPrivate] =
    op.op === "mmap" ? [op.pfn, VIAS.indexOf(op.via), Number(op.private)] : [0, 0, 0];
  const [newPages, to] = op.op === "mremap" ? [op.newPages, op.to ?? NONE] : [0, NONE];
  return [kind, op.proc, at, pages, argument(op), pfn, via, isPrivate, newPages, to].join(" ");
}

function argument(op: Op): number {
  switch (op.op) {
    case "mmap":
    case "mprotect":
      return PROTS.indexOf(op.prot);
    case "madvise":
      return ADVICES.indexOf(op.advice);
    case "touch":
      return Number(op.write);
    case "fork":
      return op.child;
    default:
      return 0;
  }
}

/** What the native program should print of a trace: a line for each model after every op. */
export function stepLines({ world, ops }: Trace): string[] {
  const machines = ["6.12", "7.2"].map((name) => (MODELS[name] as ModelBackend).machine(world));
  return ops.flatMap((op) => machines.map((machine) => stepLine(machine, machine.apply(op))));
}

function stepLine(machine: Machine, outcome: Outcome): string {
  const processes = [...machine.processes];
  const reservations = machine.memtype.entries.map((e) => `${e.start}-${e.end}:${e.mode}`);
  return [
    `${outcome ?? "ok"} ${machine.events.length} |${reservations.map((one) => ` ${one}`).join("")}`,
    ...processes.map(([id, mm]) => [id, ...mm.vmas.map((v) => vmaText(machine, mm, v))].join(" ")),
    faults(machine).join(" "),
  ].join(" | ");
}

function vmaText({ spec }: Machine, { pageTable }: Mm, vma: Vma): string {
  const context = spec.contextOf?.(vma) ?? null;
  const fields = [
    vma.pfn,
    PROTS.indexOf(vma.prot),
    Number(vma.isPrivate),
    Number(vma.dontfork),
    ...(spec.hasVmPat === undefined ? [] : [Number(spec.hasVmPat(vma))]),
    ...(context === null ? [] : [`${context.pfn}+${context.pages}*${context.kref}`]),
  ];
  let pages = "";
  for (let at = vma.start; at < vma.end; at++) {
    const pfn = pageTable.pfnAt(at);
    if (pfn !== null) pages += `/${pfn}.${pageTable.modeAt(at)}`;
    else pages += `/${pageTable.isAnon(at) ? ANON : NONE}`;
  }
  return `${vma.start}-${vma.end}:${fields.join(",")}${pages}`;
}

/** What the native oracle counts, in its order; contexts that nobody holds are not seen here. */
function faults(machine: Machine): number[] {
  const modes = new Map<number, Set<number>>();
  const holders = new Map<{ readonly kref: number }, number>();
  for (const [, mm] of machine.processes) {
    for (const vma of mm.vmas) {
      const context = machine.spec.contextOf?.(vma) ?? null;
      if (context !== null) holders.set(context, (holders.get(context) ?? 0) + 1);
      for (let at = vma.start; at < vma.end; at++) {
        const pfn = mm.pageTable.pfnAt(at);
        if (pfn === null) continue;
        modes.set(pfn, (modes.get(pfn) ?? new Set()).add(mm.pageTable.modeAt(at)));
      }
    }
  }
  const mapped = [...modes.keys()];
  const { entries } = machine.memtype;
  return [
    mapped.filter((pfn) => !entries.some((e) => e.start <= pfn && pfn < e.end)).length,
    [...modes.values()].filter((set) => set.size > 1).length,
    entries.filter((e) => !mapped.some((pfn) => e.start <= pfn && pfn < e.end)).length,
    [...holders].filter(([context, count]) => context.kref !== count).length,
  ];
}
