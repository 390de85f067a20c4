import { CACHE_MODES } from "../pat/cachemode.ts";
import type { Outcome } from "../mm/errno.ts";
import type { Memtype, Recording, Step, TraceEvent, VmaState } from "../trace/recording.ts";
import {
  MemtypeDelta,
  type Observed,
  PAT_LOST,
  VMA_DONTFORK,
  VMA_PRIVATE,
  VMA_READ,
  VMA_SEALED,
  VMA_WRITE,
  type VmaTable,
  type VmaView,
} from "./observed.ts";

/** Turns the steps of a recording, one after the other, into what the oracle consumes. */
export class RecordingFeed implements Observed, VmaView {
  outcome: Outcome = null;
  events: readonly TraceEvent[] = [];
  badContexts = 0;
  readonly memtype = new MemtypeDelta();

  private step: Step | null = null;
  private readonly steps: readonly Step[];

  constructor(recording: Recording) {
    this.steps = recording.steps;
  }

  get view(): VmaView {
    return this;
  }

  /** Shows the step of this index; they are asked for in order. */
  show(index: number): this {
    const step = this.steps[index];
    if (step === undefined) throw new RangeError(`the recording has no step ${index}`);
    diffMemtype(this.step?.memtype ?? [], step.memtype, this.memtype);
    this.step = step;
    this.outcome = "errno" in step.result ? step.result.errno : null;
    this.events = step.events;
    this.badContexts = 0;
    for (const { refs, holders } of step.contexts ?? []) {
      if (refs !== holders || holders === 0) this.badContexts++;
    }
    return this;
  }

  readRange(proc: number, from: number, to: number, into: VmaTable): void {
    const low = Math.max(from, into.lastEnd);
    for (const vma of this.step?.vmas[String(proc)] ?? []) {
      if (vma.end > low && vma.start < to) into.push(vma.start, vma.end, vma.pfn, vmaBits(vma));
    }
  }

  read(proc: number, into: VmaTable): void {
    into.clear();
    for (const vma of this.step?.vmas[String(proc)] ?? []) {
      into.push(vma.start, vma.end, vma.pfn, vmaBits(vma));
    }
  }
}

function vmaBits(vma: VmaState): number {
  return (
    (vma.pat === false ? PAT_LOST : 0) |
    (vma.private ? VMA_PRIVATE : 0) |
    (vma.prot === "none" ? 0 : VMA_READ) |
    (vma.prot === "rw" ? VMA_WRITE : 0) |
    (vma.dontfork === true ? VMA_DONTFORK : 0) |
    (vma.sealed === true ? VMA_SEALED : 0)
  );
}

/** Fills `delta` with the entries that went and came between two lists; equal ones are alike. */
function diffMemtype(was: readonly Memtype[], is: readonly Memtype[], delta: MemtypeDelta): void {
  delta.clear();
  let head = 0;
  while (head < was.length && head < is.length && same(was[head], is[head])) head++;
  let [wasEnd, isEnd] = [was.length, is.length];
  while (wasEnd > head && isEnd > head && same(was[wasEnd - 1], is[isEnd - 1])) {
    wasEnd--;
    isEnd--;
  }
  for (const entry of was.slice(head, wasEnd)) delta.remove(entry.start, entry.end, typeOf(entry));
  for (const entry of is.slice(head, isEnd)) delta.add(entry.start, entry.end, typeOf(entry));
}

function typeOf(entry: Memtype): number {
  return CACHE_MODES.indexOf(entry.type);
}

function same(a: Memtype | undefined, b: Memtype | undefined): boolean {
  return a?.start === b?.start && a?.end === b?.end && a?.type === b?.type;
}
