import { assertNever } from "../src/assertnever.ts";
import { MARKS, type Op, type OpOf, OPS, placeOf, rowOf } from "../src/trace/op.ts";
import type { VmaEffect } from "../src/trace/syscalls.ts";

/**
 * A VMA in one small integer: start, end, and whether forks leave it out. Generated worlds are
 * small enough, and a list of small integers is cheap to cut and copy.
 */
type PackedVma = number;

const END_SHIFT = 12;
const PAGE_MASK = 0xfff;
const DONTFORK = 1 << 24;

export const startOf = (vma: PackedVma): number => vma & PAGE_MASK;
export const endOf = (vma: PackedVma): number => (vma >> END_SHIFT) & PAGE_MASK;

/** Pages that a mask has bits for: all of the worlds that campaigns draw. */
const MASKED = 32;

/** A bit for each page below a place, as far as there are bits. */
const bitsBelow = (at: number): number => (at < MASKED ? ~(-1 << at) : -1);
const bitsOf = (from: number, to: number): number => bitsBelow(to) & ~bitsBelow(from);

/**
 * A light guess, kept while a trace is generated, of where a process has VMAs: every op is taken
 * to succeed. It only steers ranges towards live VMAs and their edges; a wrong guess costs a
 * failed op, never a wrong verdict.
 */
export class ProcessModel {
  readonly id: number;
  /** In no order. */
  readonly vmas: PackedVma[] = [];
  /** Which pages are mapped; a look at it spares most of the searches through the VMAs. */
  private mapped = 0;

  constructor(id: number) {
    this.id = id;
  }

  /** Unmaps everything; the list keeps its room. */
  clear(): void {
    this.mapped = 0;
    while (this.vmas.length > 0) this.vmas.pop();
  }

  /** True when nothing is mapped in a range. */
  isFree(from: number, to: number): boolean {
    if (to <= MASKED) return (this.mapped & bitsOf(from, to)) === 0;
    const { vmas } = this;
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i] as PackedVma;
      if (startOf(vma) < to && from < endOf(vma)) return false;
    }
    return true;
  }

  /** Maps a range, replacing what is there. */
  map(from: number, to: number): void {
    this.unmap(from, to);
    this.vmas.push(from | (to << END_SHIFT));
    this.mapped |= bitsOf(from, to);
  }

  /** Cuts the VMA that crosses `at` in two there. */
  split(at: number): void {
    if (at < MASKED && (this.mapped & bitsOf(at, at + 1)) === 0) return;
    const { vmas } = this;
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i] as PackedVma;
      if (startOf(vma) >= at || endOf(vma) <= at) continue;
      vmas[i] = startOf(vma) | (at << END_SHIFT) | (vma & DONTFORK);
      vmas.push(at | (vma & ~PAGE_MASK));
      return;
    }
  }

  /** Cuts at both ends of a range. */
  cut(from: number, to: number): void {
    this.split(from);
    this.split(to);
  }

  /** Unmaps a range; an empty one cuts the VMA that it lies in. */
  unmap(from: number, to: number): void {
    const last = Math.max(from + 1, to);
    if (last <= MASKED && (this.mapped & bitsOf(from, last)) === 0) return;
    this.mapped &= ~bitsOf(from, to);
    const { vmas } = this;
    for (let i = vmas.length - 1; i >= 0; i--) {
      const vma = vmas[i] as PackedVma;
      const start = startOf(vma);
      const end = endOf(vma);
      if (start >= to || end <= from) continue;
      const last = vmas.pop() as PackedVma;
      if (i < vmas.length) vmas[i] = last;
      if (start < from) vmas.push(start | (from << END_SHIFT) | (vma & DONTFORK));
      if (end > to) vmas.push(to | (end << END_SHIFT) | (vma & DONTFORK));
    }
  }

  /** Moves what lies in a range to a place apart from it; what was there is unmapped. */
  move(from: number, pages: number, to: number): void {
    this.split(from);
    this.split(from + pages);
    this.unmap(to, to + pages);
    const { vmas } = this;
    const shift = to - from;
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i] as PackedVma;
      const start = startOf(vma);
      if (start < from || start >= from + pages) continue;
      const end = endOf(vma);
      vmas[i] = (start + shift) | ((end + shift) << END_SHIFT) | (vma & DONTFORK);
      this.mapped &= ~bitsOf(start, end);
      this.mapped |= bitsOf(start + shift, end + shift);
    }
  }

  /** Splits a range off and keeps it from forks. */
  dontfork(from: number, to: number): void {
    this.cut(from, to);
    const { vmas } = this;
    for (let i = 0; i < vmas.length; i++) {
      const start = startOf(vmas[i] as PackedVma);
      if (start >= from && start < to) vmas[i] = (vmas[i] as PackedVma) | DONTFORK;
    }
  }

  /** Gives a child without VMAs what a fork leaves to it; returns the child. */
  fork(child: ProcessModel): ProcessModel {
    const { vmas } = this;
    for (let i = 0; i < vmas.length; i++) {
      const vma = vmas[i] as PackedVma;
      if ((vma & DONTFORK) !== 0) continue;
      child.vmas.push(vma);
      child.mapped |= bitsOf(startOf(vma), endOf(vma));
    }
    return child;
  }
}

/** What an op that succeeds leaves of the VMAs of its process; births are for whoever keeps those. */
export function follow(process: ProcessModel, op: Op): void {
  const [span] = rowOf(op.op).spans;
  if (span === undefined) return;
  const { at, pages } = placeOf(op, span);
  leave(process, op, OPS[op.op].vmas, at, pages);
}

/** The same, for those who know the pages of the op and what it does to VMAs. */
export function leave(
  process: ProcessModel,
  op: Op,
  effect: VmaEffect,
  at: number,
  pages: number,
): void {
  switch (effect) {
    case "map":
      return process.map(at, at + pages);
    case "unmap":
      return process.unmap(at, at + pages);
    case "cut":
      return process.cut(at, at + pages);
    case "advise":
      if (op.op !== "madvise" || !MARKS.includes(op.advice)) return;
      if (op.advice === "dontfork") process.dontfork(at, at + pages);
      else process.cut(at, at + pages);
      return;
    case "move":
      if (op.op === "mremap") followMremap(process, op);
      return;
    case "spawn":
    case "fork":
    case "exit":
    case "none":
      return;
    default:
      return assertNever(effect);
  }
}

/** A move over itself, or one that grows, is refused or rare: the guess leaves it out. */
export function followMremap(
  process: ProcessModel,
  { at, pages, newPages, to, dontunmap }: OpOf<"mremap">,
): void {
  if (dontunmap === true) return;
  if (newPages > pages || newPages === 0) return;
  if (to === undefined) return process.unmap(at + newPages, at + pages);
  if (to < at + pages && at < to + newPages) return;
  process.unmap(at + newPages, at + pages);
  process.move(at, newPages, to);
}
