import { CACHE_MODES, type CacheMode } from "../pat/cachemode.ts";
import type { OpOf } from "../trace/op.ts";
import { SET_MEMORY } from "./causes.ts";
import { everyVma, type Observed, type SeenEvent } from "./observed.ts";
import { modeName, type SideState } from "./state.ts";

/** Pages of RAM [start, end), in pages of RAM, to which set_memory_*() gave a mode for a process. */
export interface RamHold {
  readonly start: number;
  readonly end: number;
  readonly proc: number;
  /** A VMA maps some of them, as of the last step, or has done so once. */
  isMapped: boolean;
  wasMapped: boolean;
  /** It was told that nobody is left for whom they could be set back. */
  isTold: boolean;
}

/**
 * Follows which pages of RAM have another mode than write-back, and for whom. Whoever called
 * set_memory_wc() or set_memory_uc() has to call set_memory_wb() before the pages are given to
 * anybody else: no tracking does that. Asked only while there are such pages, or where they may come.
 */
export function followRam(side: SideState, seen: Observed): void {
  const { ramHolds } = side;
  for (const event of seen.events) if (event.kind === "ram-request") checkRequest(side, event);
  if (side.op.op === "set-memory" && seen.outcome === null) noteHold(side, side.op);
  for (let at = ramHolds.length - 1; at >= 0; at--) {
    const hold = ramHolds[at] as RamHold;
    if (!seen.ram.some((run) => overlap(run, hold))) ramHolds.splice(at, 1);
    else hold.isMapped = isMapped(side, seen, hold);
    hold.wasMapped ||= hold.isMapped;
  }
  if (ramHolds.length > 0 && side.procs.everyLiving().next().done === true) reportLeft(side);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Whether two ranges have a page in common. */
function overlap(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

function noteHold({ ramHolds }: SideState, op: OpOf<"set-memory">): void {
  if (op.ram !== true || op.mode === "wb") return;
  const { pfn: start, pages, proc } = op;
  ramHolds.push({
    start,
    end: start + pages,
    proc,
    isMapped: false,
    wasMapped: false,
    isTold: false,
  });
}

function isMapped({ procs }: SideState, seen: Observed, { start, end }: RamHold): boolean {
  for (const [id] of procs.everyLiving()) {
    for (const vma of everyVma(seen.space(id))) {
      if (vma.device !== null && seen.mapsRam(id, vma, start, end)) return true;
    }
  }
  return false;
}

type RamRequest = Extract<SeenEvent, { kind: "ram-request" }>;

/**
 * stale-memtype: a mapping of RAM got the mode that somebody has left behind: the process is gone
 * for which it was set, or the pages have been mapped since and are so no longer.
 */
function checkRequest(side: SideState, { start, end, request, got }: RamRequest): void {
  const left = side.ramHolds.find(
    (hold) =>
      overlap(hold, { start, end }) &&
      !hold.isMapped &&
      (hold.wasMapped || side.procs.living(hold.proc) === null),
  );
  if (left === undefined) return;
  const [asked, given] = [indexOf(request), indexOf(got)];
  const tell = () =>
    `RAM pages [${start}, ${end}) were asked ${modeName(asked)} and got ${modeName(given)}, which set-memory for process ${left.proc} has left on them`;
  side.report("stale-memtype", SET_MEMORY, tell, modeName(given));
}

/** leak: pages of RAM have such a mode, and no process is left for which it could be set back. */
function reportLeft(side: SideState): void {
  for (const hold of side.ramHolds) {
    const { start, end, isTold } = hold;
    hold.isTold = true;
    const tell = () => `RAM pages [${start}, ${end}) are left with a mode, and no process is`;
    if (!isTold) side.report("leak", SET_MEMORY, tell);
  }
}

function indexOf(mode: CacheMode | number): number {
  return typeof mode === "number" ? mode : CACHE_MODES.indexOf(mode);
}
