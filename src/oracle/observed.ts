import type { Fault } from "../trace/fields.ts";
import type { Op } from "../trace/op.ts";
import type { PatEvent } from "../pat/events.ts";
import type { TraceEvent } from "../trace/recording.ts";
import type { World } from "../trace/trace.ts";
import type { Outcome } from "../mm/errno.ts";
import type { ListChanges } from "./listchanges.ts";

/** A VMA as a side shows it; a model's own record is one. */
export interface SeenVma {
  readonly start: number;
  readonly end: number;
  /** What the first page maps; of a driver's VMA its file offset. */
  readonly pfn: number;
  /** VM_READ and others of src/mm/vmaflags.ts. */
  readonly flags: number;
  /** Anonymous memory, which maps no pfn. */
  readonly isAnon: boolean;
  /** Null unless the file is a driver's: then the page table tells what is mapped. */
  readonly device: object | null;
}

/** The VMAs of one process, which lie apart; a model's own address space is one. */
export interface SeenSpace {
  /** The first VMA that ends after `page`: the one that holds it, or the next one; or null. */
  find(page: number): SeenVma | null;
  /** The next VMA by address, or null. */
  after(vma: SeenVma): SeenVma | null;
}

/** A process that has no VMA. */
export const EMPTY_SPACE: SeenSpace = { find: () => null, after: () => null };

/** The VMA of a file that holds `page`, or null: anonymous memory is as good as nothing here. */
export function vmaAt(space: SeenSpace, page: number): SeenVma | null {
  const vma = space.find(page);
  return vma !== null && vma.start <= page && !vma.isAnon ? vma : null;
}

/** `vma` itself, or the next VMA after it that is of a file, or null. */
export function fileVmaFrom(space: SeenSpace, vma: SeenVma | null): SeenVma | null {
  let next = vma;
  while (next !== null && next.isAnon) next = space.after(next);
  return next;
}

/** Every VMA of a file by rising address; for where an op costs much anyway. */
export function* everyVma(space: SeenSpace | null): Generator<SeenVma> {
  for (let vma = space?.find(0) ?? null; vma !== null; vma = space?.after(vma) ?? null) {
    if (!vma.isAnon) yield vma;
  }
}

/** Whether two VMAs show the same, VM_PAT aside. */
function isSameVma(mine: SeenVma, other: SeenVma): boolean {
  return (
    mine.start === other.start &&
    mine.end === other.end &&
    mine.isAnon === other.isAnon &&
    (mine.isAnon || mine.pfn === other.pfn) &&
    mine.flags === other.flags
  );
}

/** Whether two processes show the same VMAs with a page in [from, to), VM_PAT aside. */
export function areEqualSpaces(
  mine: SeenSpace,
  other: SeenSpace,
  from: number,
  to: number,
): boolean {
  let vma = mine.find(from);
  let twin = other.find(from);
  for (;;) {
    const isIn = vma !== null && vma.start < to;
    if (isIn !== (twin !== null && twin.start < to)) return false;
    if (!isIn || vma === null || twin === null) return true;
    if (!isSameVma(vma, twin)) return false;
    vma = mine.after(vma);
    twin = other.after(twin);
  }
}

/** Whether two processes map other files, or files otherwise: where anonymous memory is cut is left out. */
export function doFilesDiffer(mine: SeenSpace | null, other: SeenSpace | null): boolean {
  if (mine === null || other === null) return mine !== other;
  const [one, two] = [[...everyVma(mine)], [...everyVma(other)]];
  return one.length !== two.length || !one.every((vma, at) => isSameVma(vma, two[at] as SeenVma));
}

/** A range that the kernel has mapped for itself, as a side shows it. */
export interface SeenKernelMap {
  readonly via: string;
  readonly slot: number;
  readonly start: number;
  readonly end: number;
  /** Index into CACHE_MODES. */
  readonly mode: number;
}

/** Pages of RAM [start, end), counted in pages of RAM, with one mode: an index into CACHE_MODES. */
export interface SeenRamRun {
  readonly start: number;
  readonly end: number;
  readonly mode: number;
}

/** What a call of a driver's handler returned. */
export interface SeenCall {
  readonly call: string;
  readonly outcome: Outcome;
}

/** No page is mapped there, or one of RAM, which nothing tracks. */
export const NOTHING = -1;

/** What a page table entry of the region holds, as one number. */
export function pageTableEntry(pfn: number, mode: number): number {
  return (pfn << 3) | mode;
}

export function entryPfn(entry: number): number {
  return entry >> 3;
}

export function entryMode(entry: number): number {
  return entry & 7;
}

/** A kernel message, as a recording spells it or as a model holds it. */
export type SeenEvent = TraceEvent | PatEvent;

/** Whether the task that met it, or the whole kernel, has ended with it. */
export function endsTask(event: SeenEvent): boolean {
  return event.kind === "bug" && !("goesOn" in event && event.goesOn === true);
}

/** Everything one side showed after one op; good until the next op. */
export interface Observed {
  readonly outcome: Outcome;
  /** The allocation that failed within the op, or null. That one was told to fail says nothing. */
  readonly failed: Fault | null;
  /** How the memtype list changed; the oracle uses it up. */
  readonly changes: ListChanges;
  readonly events: readonly SeenEvent[];
  /** Pfns that page tables still mapped when an untrack took their last reservation, in order. */
  readonly bared: readonly { readonly start: number; readonly end: number }[];
  /** Whether VMAs show VM_PAT, which a VMA has or has not. */
  readonly hasVmPat: boolean;
  /** Contexts whose count is wrong or that nobody holds; 0 where the backend shows none. */
  readonly badContexts: number;
  /** A kernel's own code has met its end in this step: the side shows nothing of later ones. */
  readonly isOver: boolean;
  /** What the calls of a driver's handlers returned. */
  readonly calls: readonly SeenCall[];
  /** What the kernel has mapped of the region for itself, in order of mapping. */
  readonly kernelMaps: readonly SeenKernelMap[];
  /** Pages of RAM whose mode is not write-back, in order. */
  readonly ram: readonly SeenRamRun[];
  /** Whether a driver's VMA maps any of the pages of RAM [from, to). */
  mapsRam(proc: number, vma: SeenVma, from: number, to: number): boolean;
  /** The VMAs of a process, or null where it is not alive. */
  space(proc: number): SeenSpace | null;
  /** Whether VM_PAT is seen to be off a VMA; never where the design has no such flag. */
  isPatLost(vma: SeenVma): boolean;
  /**
   * What a page of a VMA maps by the page table (pageTableEntry()); NOTHING, too, where the side does
   * not show that.
   */
  entryAt(proc: number, vma: SeenVma, page: number): number;
  /**
   * Where the pages from `page` on stop to map consecutive pfns with one mode, or to map nothing; at
   * most `to`, which lies in the VMA.
   */
  runEnd(proc: number, vma: SeenVma, page: number, to: number): number;
}

/** A side that runs while it is judged: the oracle looks into it instead of at a recording. */
export interface LiveSide extends Observed {
  /**
   * Starts over in `world`: no process, no reservation. `ops` are those that will be applied, for a
   * side that is asked for whole traces.
   */
  reset(world: World, ops?: readonly Op[]): void;
  /** Performs one op; from then on the side shows what came of it. */
  apply(op: Op): this;
  /** Whether every step of the trace that was begun will show the same on another side, where that is known. */
  willShowTheSameAs?(other: LiveSide): boolean;
}
