import { RecordingFeed } from "../src/oracle/feed.ts";
import {
  type Observed,
  PAT_LOST,
  VMA_PRIVATE,
  VmaTable,
  type VmaView,
} from "../src/oracle/observed.ts";
import type { Op, OpOf } from "../src/trace/op.ts";
import type { Recording } from "../src/trace/recording.ts";

/**
 * What a campaign must have done at least once, or it has tested nothing. All but the failing fork
 * (one told to fail does not count) and the refused mmap are about mappings that are tracked; `split` is by mprotect, madvise or mseal,
 * `fork-split` a fork while the pieces still lie side by side. Order is bit order.
 */
export const GOALS = [
  "split",
  "munmap-head",
  "munmap-middle",
  "munmap-tail",
  "mremap-shrink",
  "move-whole",
  "move-piece",
  "fork-split",
  "fork-fails",
  "mmap-refused",
  "mmap-replaces",
  "cow-first",
] as const;

export type Goal = (typeof GOALS)[number];

/** Goals as bits, `1 << GOALS.indexOf(goal)`; sets of several runs or sides are or-ed. */
export type GoalSet = number;

/** The bit of a goal. */
export function goalBit(goal: Goal): GoalSet {
  return 1 << GOALS.indexOf(goal);
}

/** The goals of a set, in order. */
export function goalsIn(set: GoalSet): Goal[] {
  return GOALS.filter((goal) => (set & goalBit(goal)) !== 0);
}

/** What a pair of designs can reach: only page-table-derived tracking can make a fork fail. */
export function reachableGoals(designs: readonly ("vm-pat" | "kref" | undefined)[]): Goal[] {
  const neverFailsFork = designs.every((design) => design === "kref");
  return GOALS.filter((goal) => goal !== "fork-fails" || !neverFailsFork);
}

/** A goal that is never reached. */
const ALWAYS = 1 << GOALS.length;
const REPLACES = goalBit("mmap-replaces");
const REFUSED = goalBit("mmap-refused");
const OF_MUNMAP = goalBit("munmap-head") | goalBit("munmap-middle") | goalBit("munmap-tail");
const OF_MREMAP = goalBit("mremap-shrink") | goalBit("move-whole") | goalBit("move-piece");
const COW_FIRST = goalBit("cow-first");

/** What the ops have in common that act on pages of a process. */
type OpAt = { readonly proc: number; readonly at: number };

/** Goals that one or both sides of a trace have reached. */
export class Reached {
  set: GoalSet = 0;
}

/**
 * Watches one side's execution of one trace and notes the goals it reaches: from what happened,
 * never from what was meant to happen. It looks at the VMAs around the op before the op and after
 * it, and only while the op could reach something new.
 */
export class GoalObserver {
  private readonly was = new VmaTable();
  private readonly is = new VmaTable();
  /** Borders that a split has made and that still stand, by process; few traces have any. */
  private readonly borders = new Map<number, number[]>();
  private looks = false;

  /** Two sides that note into one set spare each other the second look. */
  constructor(private readonly goals = new Reached()) {}

  get reached(): GoalSet {
    return this.goals.set;
  }

  /** Makes it ready for another trace. */
  reset(): void {
    this.goals.set = 0;
    if (this.borders.size > 0) this.borders.clear();
  }

  /** Takes in what an op is about to act on. */
  before(op: Op, view: VmaView): void {
    this.looks = false;
    switch (op.op) {
      case "mmap":
        return this.look(op, op.pages, REPLACES, view);
      case "munmap":
        return this.look(op, op.pages, OF_MUNMAP, view);
      case "mremap":
        return this.look(op, op.pages, OF_MREMAP, view);
      case "mprotect":
      case "madvise":
      case "mseal":
        // Always looked at: the borders of a split are what a later fork of it is known by.
        return this.look(op, op.pages, ALWAYS, view);
      case "touch":
        return op.write ? this.look(op, 1, COW_FIRST, view) : undefined;
      default:
        return;
    }
  }

  /** Reads the VMAs that the op is about, and those next to them, if it may reach a goal. */
  private look(op: OpAt, pages: number, within: GoalSet, view: VmaView): void {
    if ((this.goals.set & within) === within) return;
    this.looks = true;
    this.was.clear();
    view.readRange(op.proc, op.at - 1, op.at + pages + 1, this.was);
  }

  /** Takes in what came of it. */
  after(op: Op, seen: Observed): void {
    if (seen.outcome !== null) this.observeFailure(op, seen);
    else if (this.looks) this.observeSuccess(op, seen.view);
    if (this.borders.size === 0) return;
    if (op.op === "fork" && seen.outcome === null) this.observeFork(op, seen.view);
    this.keepStandingBorders(op.proc, seen.view);
  }

  private reach(goal: Goal): void {
    this.goals.set |= goalBit(goal);
  }

  private observeFailure(op: Op, seen: Observed): void {
    if (op.op === "fork" && op.late !== true && seen.outcome !== "ESRCH") this.reach("fork-fails");
    if (op.op !== "mmap" || (this.goals.set & REFUSED) !== 0) return;
    for (const { kind } of seen.events) {
      if (kind === "reserve-failed" || kind === "type-mismatch") this.reach("mmap-refused");
    }
  }

  private observeSuccess(op: Op, view: VmaView): void {
    switch (op.op) {
      case "munmap":
        return this.observeMunmap(op);
      case "mremap":
        return this.observeMremap(op);
      case "mprotect":
      case "madvise":
      case "mseal":
        return this.observeSplit(op, view);
      case "mmap":
        return this.observeMmap(op);
      case "touch":
        return this.observeTouch(op);
      default:
        return;
    }
  }

  private observeMmap(op: OpOf<"mmap">): void {
    const { was } = this;
    for (let row = was.firstAfter(op.at); row < was.count; row++) {
      if ((was.start[row] as number) >= op.at + op.pages) return;
      if (isTracked(was, row)) this.reach("mmap-replaces");
    }
  }

  private observeTouch(op: OpOf<"touch">): void {
    const { was } = this;
    const row = was.firstAfter(op.at);
    if (row >= was.count || was.start[row] !== op.at) return;
    const isPrivate = ((was.bits[row] as number) & VMA_PRIVATE) !== 0;
    if (isPrivate && isTracked(was, row)) this.reach("cow-first");
  }

  private observeMunmap(op: OpOf<"munmap">): void {
    const { was } = this;
    const end = op.at + op.pages;
    for (let row = was.firstAfter(op.at); row < was.count; row++) {
      if ((was.start[row] as number) >= end) return;
      if (!isTracked(was, row)) continue;
      const keepsHead = (was.start[row] as number) < op.at;
      const keepsTail = end < (was.end[row] as number);
      if (keepsHead && keepsTail) this.reach("munmap-middle");
      else if (keepsTail) this.reach("munmap-head");
      else if (keepsHead) this.reach("munmap-tail");
    }
  }

  private observeMremap(op: OpOf<"mremap">): void {
    const { was } = this;
    const row = was.firstAfter(op.at);
    if (row >= was.count || (was.start[row] as number) > op.at || !isTracked(was, row)) return;
    if (op.newPages < op.pages) this.reach("mremap-shrink");
    if (op.to === undefined || op.newPages !== op.pages) return;
    const end = op.at + op.pages;
    if (was.start[row] === op.at && was.end[row] === end) this.reach("move-whole");
    else if (end <= (was.end[row] as number)) this.reach("move-piece");
  }

  private observeSplit(op: OpOf<"mprotect" | "madvise" | "mseal">, view: VmaView): void {
    const { was } = this;
    this.is.clear();
    view.readRange(op.proc, op.at - 1, op.at + op.pages + 1, this.is);
    if (this.is.count <= was.count) return;
    for (const border of [op.at, op.at + op.pages]) {
      const row = was.firstAfter(border);
      if (row >= was.count || (was.start[row] as number) >= border || !isTracked(was, row))
        continue;
      this.reach("split");
      const known = this.borders.get(op.proc);
      if (known === undefined) this.borders.set(op.proc, [border]);
      else known.push(border);
    }
  }

  private observeFork(op: OpOf<"fork">, view: VmaView): void {
    const borders = this.borders.get(op.proc);
    if (borders === undefined || borders.length === 0) return;
    this.reach("fork-split");
    this.borders.set(op.child, [...borders]);
    this.keepStandingBorders(op.child, view);
  }

  private keepStandingBorders(proc: number, view: VmaView): void {
    const borders = this.borders.get(proc);
    if (borders === undefined || borders.length === 0) return;
    const standing = borders.filter((border) => this.isSplitAt(proc, border, view));
    if (standing.length < borders.length) this.borders.set(proc, standing);
  }

  /** Whether two VMAs meet there and go on from one physical page to the next. */
  private isSplitAt(proc: number, border: number, view: VmaView): boolean {
    const vmas = this.is;
    vmas.clear();
    view.readRange(proc, border - 1, border + 1, vmas);
    if (vmas.count !== 2 || vmas.end[0] !== border || vmas.start[1] !== border) return false;
    return (vmas.pfn[0] as number) + border - (vmas.start[0] as number) === vmas.pfn[1];
  }
}

/** VM_PAT tells on the before side; the refcounted design tracks all that these ops map. */
function isTracked(vmas: VmaTable, row: number): boolean {
  return ((vmas.bits[row] as number) & PAT_LOST) === 0;
}

/** The goals that one side's recording of a trace reached. */
export function goalsReached(recording: Recording): GoalSet {
  const observer = new GoalObserver();
  const feed = new RecordingFeed(recording);
  recording.trace.ops.forEach((op, index) => {
    observer.before(op, feed);
    observer.after(op, feed.show(index));
  });
  return observer.reached;
}
