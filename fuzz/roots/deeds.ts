import { type Op, rowOf } from "../../src/trace/op.ts";
import { mappedRuns } from "../../src/trace/mapped.ts";
import type { Step, VmaState } from "../../src/trace/recording.ts";

/**
 * What an op did, in the terms of the places where tracking is told of it. One op does several: an
 * munmap() of a head cuts a VMA, takes pages out of a page table, and frees what was cut off.
 */
export type Deed = string;

/** What is mapped, by process and page: the pfn, and `r` before one of RAM. */
function mappedPages({ vmas }: Step): Map<string, string> {
  const pages = new Map<string, string>();
  for (const [proc, list] of Object.entries(vmas)) {
    for (const vma of list) {
      for (const { at, pages: count, pfn, ram } of mappedRuns(vma)) {
        for (let n = 0; n < count; n++)
          pages.set(`${proc} ${at + n}`, `${ram === true ? "r" : ""}${pfn + n}`);
      }
    }
  }
  return pages;
}

/** The pfns of the region that a side maps. */
export function mappedPfns(step: Step): Set<number> {
  const pfns = new Set<number>();
  for (const list of Object.values(step.vmas)) {
    for (const { pages, pfn, ram } of list.flatMap(mappedRuns)) {
      if (ram !== true) for (let n = 0; n < pages; n++) pfns.add(pfn + n);
    }
  }
  return pfns;
}

function hasLostPages(was: Step, is: Step): boolean {
  const now = mappedPages(is);
  for (const [page, pfn] of mappedPages(was)) if (now.get(page) !== pfn) return true;
  return false;
}

/** What became of the VMAs of the op's process: freed ones, cut ones, new borders. */
function vmaDeeds(was: readonly VmaState[], is: readonly VmaState[]): Deed[] {
  const deeds: Deed[] = [];
  for (const vma of was) {
    const left = is.filter(
      ({ start, end, pfn }) =>
        start < vma.end && end > vma.start && pfn - start === vma.pfn - vma.start,
    );
    const [first, last] = [left[0], left.at(-1)];
    if (first === undefined || last === undefined) {
      deeds.push("free");
      continue;
    }
    const kept = left.reduce((sum, { start, end }) => sum + end - start, 0);
    if (kept < vma.end - vma.start) deeds.push("free", "cut", cutPlace(vma, first, last));
    if (left.length > 1) deeds.push("split");
  }
  return deeds;
}

function cutPlace(vma: VmaState, first: VmaState, last: VmaState): Deed {
  if (first.start > vma.start) return "cut-head";
  return last.end < vma.end ? "cut-tail" : "cut-middle";
}

/** Calls of a driver's handler that take pages out of the page table again. */
const TAKING: ReadonlySet<string> = new Set(["zap", "fail"]);

/** What an op does by what it is, whatever came of it. */
function ownDeeds(op: Op, is: Step): Deed[] {
  const deeds: Deed[] = [`op ${op.op}`];
  const { allocates } = rowOf(op.op);
  if (allocates.includes("memtype")) deeds.push("reserve");
  if (op.fault !== undefined) deeds.push("fail", `fail ${op.fault.at}`);
  if (op.op === "revoke" || op.op === "claim" || op.op === "drv-zap") deeds.push("unmap");
  for (const { call } of [...("calls" in op ? op.calls : []), ...(is.calls ?? [])]) {
    deeds.push(`call ${call}`);
    if (TAKING.has(call)) deeds.push("unmap");
  }
  // What a failing op has made so far it takes down again.
  const hasFailed =
    "errno" in is.result || (is.calls ?? []).some(({ errno }) => errno !== undefined);
  if (hasFailed && allocates.length > 0) deeds.push("unmap", "free");
  return deeds;
}

/** Whether pages of the op's process are mapped anew in place of others. */
function replaces(op: Op, vmas: readonly VmaState[]): boolean {
  if (op.op !== "mmap" && op.op !== "drv-mmap") return false;
  return vmas.some(({ start, end }) => start < op.at + op.pages && end > op.at);
}

/** What an op did on the side that shows these two steps; `was` is null before the first op. */
export function deedsOf(op: Op, was: Step | null, is: Step): Set<Deed> {
  const deeds = new Set(ownDeeds(op, is));
  if (was === null) return deeds;
  const [vmas, now] = [was.vmas[op.proc] ?? [], is.vmas[op.proc] ?? []];
  for (const deed of vmaDeeds(vmas, now)) deeds.add(deed);
  if (hasLostPages(was, is)) deeds.add("unmap");
  // Where the same pfns are mapped again nothing seems to go.
  if (replaces(op, vmas)) for (const deed of ["replace", "unmap", "free"]) deeds.add(deed);
  const isMoved = op.op === "mremap" && op.to !== undefined && deeds.has("unmap");
  if (isMoved) deeds.add("move");
  if (isMoved || op.op === "fork" || deeds.has("split") || deeds.has("cut")) deeds.add("dup");
  return deeds;
}
