import { assertNever } from "../src/assertnever.ts";
import { VM_PRIVATE } from "../src/mm/vmaflags.ts";
import { RecordingFeed } from "../src/oracle/feed.ts";
import { EMPTY_SPACE, type Observed, type SeenVma, vmaAt } from "../src/oracle/observed.ts";
import type { Op, OpOf } from "../src/trace/op.ts";
import type { Recording } from "../src/trace/recording.ts";

/**
 * What a campaign must have done at least once, or it has tested nothing; what its designs cannot do
 * is left out (reachable.ts). All but the failing fork (one told to fail does not count) and the
 * refused mmap are about mappings that are tracked; `split` is by mprotect, madvise or mseal,
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

const [SPLIT, HEAD, MIDDLE, TAIL] = [
  goalBit("split"),
  goalBit("munmap-head"),
  goalBit("munmap-middle"),
  goalBit("munmap-tail"),
];
const SHRINK = goalBit("mremap-shrink");
const MOVE_WHOLE = goalBit("move-whole");
const MOVE_PIECE = goalBit("move-piece");
const FORK_SPLIT = goalBit("fork-split");
const FORK_FAILS = goalBit("fork-fails");
const REFUSED = goalBit("mmap-refused");
const REPLACES = goalBit("mmap-replaces");
const COW_FIRST = goalBit("cow-first");

/** What of a side the goals are seen by. */
type View = Pick<Observed, "space" | "isPatLost">;

/** Goals that one or both sides of a trace have reached. */
export class Reached {
  set: GoalSet = 0;
}

/**
 * Watches one side's execution of one trace and notes the goals it reaches: from what happened,
 * never from what was meant to happen. Before an op it looks at the VMAs around it for what the op
 * would reach if it succeeded, and only while that is something new.
 */
export class GoalObserver {
  /** What the op at hand reaches if it succeeds. */
  private pending: GoalSet = 0;
  /** Where it would cut a tracked VMA in two, if it succeeds. */
  private readonly cuts: number[] = [];
  /** Borders that a split has made and that still stand, by process; few traces have any. */
  private readonly borders = new Map<number, number[]>();

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
  before(op: Op, view: View): void {
    this.pending = 0;
    while (this.cuts.length > 0) this.cuts.pop();
    switch (op.op) {
      case "mmap":
        if (this.mayReach(REPLACES)) this.pending = replaced(op, view);
        return;
      case "munmap":
        if (this.mayReach(HEAD | MIDDLE | TAIL)) this.pending = cutBy(op, view);
        return;
      case "mremap":
        if (this.mayReach(SHRINK | MOVE_WHOLE | MOVE_PIECE)) this.pending = moved(op, view);
        return;
      case "mprotect":
      case "madvise":
      case "mseal":
        // Always looked at: the borders of a split are what a later fork of it is known by.
        this.noteCut(op.proc, op.at, view);
        return this.noteCut(op.proc, op.at + op.pages, view);
      case "touch":
        if (op.write && this.mayReach(COW_FIRST)) this.pending = copied(op, view);
        return;
      case "spawn":
      case "fork":
      case "exit":
      case "mlock":
      case "munlock":
      case "revoke":
      case "peek":
      case "drv-mmap":
      case "drv-run":
      case "drv-zap":
      case "ioremap":
      case "iounmap":
      case "memremap":
      case "memunmap":
      case "memremap-pages":
      case "memunmap-pages":
      case "reserve-memtype-wc":
      case "free-memtype-wc":
      case "set-memory":
      case "claim":
      case "release":
        return;
      default:
        return assertNever(op);
    }
  }

  private mayReach(goals: GoalSet): boolean {
    return (this.goals.set & goals) !== goals;
  }

  private noteCut(proc: number, border: number, view: View): void {
    const vma = vmaIn(view, proc, border);
    if (vma !== null && vma.start < border && !view.isPatLost(vma)) this.cuts.push(border);
  }

  /** Takes in what came of it. */
  after(op: Op, seen: Observed): void {
    if (seen.outcome !== null) this.observeFailure(op, seen);
    else {
      this.goals.set |= this.pending;
      if (this.cuts.length > 0) this.observeSplit(op.proc, seen);
    }
    if (this.borders.size === 0) return;
    if (op.op === "fork" && seen.outcome === null) this.observeFork(op, seen);
    this.keepStandingBorders(op.proc, seen);
  }

  private observeFailure(op: Op, { outcome, events }: Observed): void {
    if (op.op === "fork" && op.late !== true && op.fault === undefined && outcome !== "ESRCH") {
      this.goals.set |= FORK_FAILS;
    }
    if (op.op !== "mmap" || !this.mayReach(REFUSED)) return;
    for (const { kind } of events) {
      if (kind === "reserve-failed" || kind === "type-mismatch") this.goals.set |= REFUSED;
    }
  }

  private observeSplit(proc: number, view: View): void {
    for (const border of this.cuts) {
      if (vmaIn(view, proc, border)?.start !== border) continue;
      this.goals.set |= SPLIT;
      const known = this.borders.get(proc);
      if (known === undefined) this.borders.set(proc, [border]);
      else known.push(border);
    }
  }

  private observeFork(op: OpOf<"fork">, view: View): void {
    const borders = this.borders.get(op.proc);
    if (borders === undefined || borders.length === 0) return;
    this.goals.set |= FORK_SPLIT;
    this.borders.set(op.child, [...borders]);
    this.keepStandingBorders(op.child, view);
  }

  private keepStandingBorders(proc: number, view: View): void {
    const borders = this.borders.get(proc);
    if (borders === undefined || borders.length === 0) return;
    const standing = borders.filter((border) => isSplitAt(view, proc, border));
    if (standing.length < borders.length) this.borders.set(proc, standing);
  }
}

/** The VMA of a process that holds a page, or null. */
function vmaIn(view: View, proc: number, page: number): SeenVma | null {
  const space = view.space(proc);
  return space === null ? null : vmaAt(space, page);
}

/** Whether two VMAs meet there and go on from one physical page to the next. */
function isSplitAt(view: View, proc: number, border: number): boolean {
  const [lower, upper] = [vmaIn(view, proc, border - 1), vmaIn(view, proc, border)];
  if (lower?.end !== border || upper?.start !== border) return false;
  return lower.pfn + border - lower.start === upper.pfn;
}

/** Whether an mmap() replaces a tracked VMA. */
function replaced({ proc, at, pages }: OpOf<"mmap">, view: View): GoalSet {
  const space = view.space(proc) ?? EMPTY_SPACE;
  for (let vma = space.find(at); vma !== null && vma.start < at + pages; vma = space.after(vma)) {
    if (!view.isPatLost(vma)) return REPLACES;
  }
  return 0;
}

/** Which parts of tracked VMAs a munmap() takes. */
function cutBy({ proc, at, pages }: OpOf<"munmap">, view: View): GoalSet {
  const space = view.space(proc) ?? EMPTY_SPACE;
  const end = at + pages;
  let goals = 0;
  for (let vma = space.find(at); vma !== null && vma.start < end; vma = space.after(vma)) {
    if (view.isPatLost(vma)) continue;
    const keepsHead = vma.start < at;
    const keepsTail = end < vma.end;
    if (keepsHead && keepsTail) goals |= MIDDLE;
    else if (keepsTail) goals |= HEAD;
    else if (keepsHead) goals |= TAIL;
  }
  return goals;
}

/** Whether an mremap() shrinks a tracked VMA, or moves all or a piece of one. */
function moved({ proc, at, pages, newPages, to }: OpOf<"mremap">, view: View): GoalSet {
  const vma = vmaIn(view, proc, at);
  if (vma === null || view.isPatLost(vma)) return 0;
  if (newPages < pages) return SHRINK;
  if (to === undefined || newPages !== pages) return 0;
  if (vma.start === at && vma.end === at + pages) return MOVE_WHOLE;
  return at + pages <= vma.end ? MOVE_PIECE : 0;
}

/** Whether a write copies the first page of a tracked private VMA. */
function copied({ proc, at }: OpOf<"touch">, view: View): GoalSet {
  const vma = vmaIn(view, proc, at);
  const isFirst = vma?.start === at && (vma.flags & VM_PRIVATE) !== 0;
  return isFirst && !view.isPatLost(vma) ? COW_FIRST : 0;
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
