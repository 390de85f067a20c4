import type { Outcome } from "../../mm/errno.ts";
import type { Mm } from "../../mm/mm.ts";
import { PageTable, TABLE_PAGES } from "../../mm/pagetable.ts";
import { UC_MINUS } from "../../pat/cachemode.ts";
import type { Op, OpOf } from "../../trace/op.ts";
import { Machine } from "../machine.ts";
import type { SharedFault } from "./shared.ts";

type SyscallOp = Exclude<Op, OpOf<"spawn">>;
const BOTH: SharedFault["on"] = ["modern", "legacy"];

/** The first page of the table after the one that covers a page. */
const nextTable = (page: number) => page - (page % TABLE_PAGES) + TABLE_PAGES;

function inTable(
  id: string,
  at: string,
  does: string,
  pageTable: typeof PageTable,
  on: SharedFault["on"] = BOTH,
): SharedFault {
  return { id, place: "page table", at, does, parts: { pageTable }, on, isRare: true };
}

type After = (machine: Machine, op: SyscallOp, mm: Mm, outcome: Outcome) => void;

/** A machine that does something more once an op is done. */
function afterOp(
  id: string,
  at: string,
  does: string,
  more: After,
  on: SharedFault["on"],
): SharedFault {
  const machine = class extends Machine {
    protected override applyTo(mm: Mm, op: SyscallOp): Outcome {
      const outcome = super.applyTo(mm, op);
      more(this, op, mm, outcome);
      return outcome;
    }
  };
  return { id, place: "mm", at, does, parts: { machine }, on, isRare: true };
}

/** Planted faults where a mapping meets a second page table. */
const SECOND_TABLE: readonly SharedFault[] = [
  inTable(
    "second-table-unmapped",
    "remap",
    "what lies in a second page table is not mapped",
    class extends PageTable {
      override remap(...[start, end, pfn, mode]: Parameters<PageTable["remap"]>): void {
        super.remap(start, Math.min(end, nextTable(start)), pfn, mode);
      }
    },
  ),
  inTable(
    "second-table-begins-anew",
    "remap",
    "a second page table maps from the first pfn again",
    class extends PageTable {
      override remap(...[start, end, pfn, mode]: Parameters<PageTable["remap"]>): void {
        const border = nextTable(start);
        super.remap(start, Math.min(end, border), pfn, mode);
        super.remap(border, end, pfn, mode);
      }
    },
    ["legacy"],
  ),
  inTable(
    "second-table-uncached-minus",
    "remap",
    "a second page table maps uncached-minus",
    class extends PageTable {
      override remap(...[start, end, pfn, mode]: Parameters<PageTable["remap"]>): void {
        const border = nextTable(start);
        super.remap(start, Math.min(end, border), pfn, mode);
        super.remap(border, end, pfn + border - start, UC_MINUS);
      }
    },
    ["modern"],
  ),
  inTable(
    "fork-copies-first-table",
    "copyFrom",
    "a child lacks what a second page table maps",
    class extends PageTable {
      override copyFrom(...[source, start, end]: Parameters<PageTable["copyFrom"]>): void {
        if (start < TABLE_PAGES) super.copyFrom(source, start, end);
      }
    },
  ),
];

/** Planted faults in error paths, of drivers and of the kernel's own mappings too. */
const ERROR_PATHS: readonly SharedFault[] = [
  afterOp(
    "failed-ioremap-keeps-reservation",
    "ioremap",
    "without room for its addresses an ioremap() leaves its reservation behind",
    ({ memtype }, op, _mm, outcome) => {
      const isOurs = op.op === "ioremap" || op.op === "memremap";
      if (!isOurs || op.fault?.at !== "kernel-area" || outcome !== "ENOMEM") return;
      if (op.ram !== true) memtype.reserve(op.pfn, op.pfn + op.pages, UC_MINUS, { mode: 0 });
    },
    ["modern"],
  ),
  afterOp(
    "failed-ioctl-loses-context",
    "drv-run",
    "a driver's call that fails on a live VMA takes its tracking away",
    (_machine, op, mm, outcome) => {
      const vma = op.op === "drv-run" && outcome !== null ? mm.lookup(op.at) : null;
      if (vma !== null) vma.track = null;
    },
    ["modern"],
  ),
  afterOp(
    "failed-split-loses-flag",
    "splitVma",
    "mprotect() that fails for want of memory leaves the VMA untracked",
    (_machine, op, mm, outcome) => {
      const vma = op.op === "mprotect" && outcome === "ENOMEM" ? mm.lookup(op.at) : null;
      if (vma !== null) vma.track = null;
    },
    BOTH,
  ),
  afterOp(
    "failed-fork-loses-flag",
    "fork",
    "a fork that fails leaves the parent's first VMA untracked",
    (_machine, op, mm, outcome) => {
      const vma = op.op === "fork" && outcome !== null ? mm.find(0) : null;
      if (vma !== null) vma.track = null;
    },
    BOTH,
  ),
  afterOp(
    "sealed-vma-loses-flag",
    "mseal",
    "a sealed VMA is untracked",
    (_machine, op, mm, outcome) => {
      const vma = op.op === "mseal" && outcome === null ? mm.lookup(op.at) : null;
      if (vma !== null) vma.track = null;
    },
    ["modern"],
  ),
];

/** Planted faults that only what is seldom drawn can show. */
export const BEYOND_FAULTS: readonly SharedFault[] = [...SECOND_TABLE, ...ERROR_PATHS];
