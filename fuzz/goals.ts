import type { Op, OpOf } from "../src/trace/op.ts";
import type { Step, VmaState } from "../src/trace/recording.ts";
import { assertNever } from "../src/assertnever.ts";

/**
 * What a campaign must have done at least once, or it has tested nothing. All but the failing fork
 * and the refused mmap are about mappings that are tracked; `split` is by mprotect or madvise,
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

/** VM_PAT tells on the before side; the refcounted design tracks all that these ops map. */
const isTracked = (vma: VmaState) => vma.pat !== false;

const NO_VMAS: readonly VmaState[] = [];

/**
 * Watches one side's execution of one trace, step after step, and notes the goals it reaches:
 * from what happened, never from what was meant to happen.
 */
class GoalObserver {
  private set: GoalSet = 0;
  private vmas: Step["vmas"] = {};
  /** Borders that a split has made and that still stand, by process. */
  private readonly borders = new Map<number, number[]>();

  get reached(): GoalSet {
    return this.set;
  }

  /** Takes in the next op of the trace and the step it led to. */
  observe(op: Op, step: Step): void {
    const before = this.vmas[op.proc];
    this.vmas = step.vmas;
    if (before === undefined) return;
    if ("ok" in step.result) this.observeSuccess(op, before, step.vmas[op.proc] ?? NO_VMAS);
    else this.observeFailure(op, step);
    this.keepStandingBorders(op.proc);
  }

  private reach(goal: Goal): void {
    this.set |= goalBit(goal);
  }

  private observeFailure(op: Op, step: Step): void {
    if (op.op === "fork") this.reach("fork-fails");
    const refusal = step.events.some(
      ({ kind }) => kind === "reserve-failed" || kind === "type-mismatch",
    );
    if (op.op === "mmap" && refusal) this.reach("mmap-refused");
  }

  private observeSuccess(op: Op, before: readonly VmaState[], after: readonly VmaState[]): void {
    switch (op.op) {
      case "spawn":
      case "exit":
        return;
      case "munmap":
        return this.observeMunmap(op, before);
      case "mremap":
        return this.observeMremap(op, before);
      case "mprotect":
      case "madvise":
        return this.observeSplit(op, before, after);
      case "mmap":
        if (before.some((vma) => isTracked(vma) && overlaps(vma, op.at, op.at + op.pages))) {
          this.reach("mmap-replaces");
        }
        return;
      case "touch":
        if (
          op.write &&
          before.some((vma) => vma.private && isTracked(vma) && vma.start === op.at)
        ) {
          this.reach("cow-first");
        }
        return;
      case "fork":
        return this.observeFork(op);
      default:
        return assertNever(op);
    }
  }

  private observeMunmap(op: OpOf<"munmap">, before: readonly VmaState[]): void {
    const end = op.at + op.pages;
    for (const vma of before) {
      if (!isTracked(vma) || !overlaps(vma, op.at, end)) continue;
      const keepsHead = vma.start < op.at;
      const keepsTail = end < vma.end;
      if (keepsHead && keepsTail) this.reach("munmap-middle");
      else if (keepsTail) this.reach("munmap-head");
      else if (keepsHead) this.reach("munmap-tail");
    }
  }

  private observeMremap(op: OpOf<"mremap">, before: readonly VmaState[]): void {
    const vma = before.find((one) => one.start <= op.at && op.at < one.end);
    if (vma === undefined || !isTracked(vma)) return;
    if (op.newPages < op.pages) this.reach("mremap-shrink");
    if (op.to === undefined || op.newPages !== op.pages) return;
    const whole = vma.start === op.at && vma.end === op.at + op.pages;
    const piece = op.at + op.pages <= vma.end;
    if (whole) this.reach("move-whole");
    else if (piece) this.reach("move-piece");
  }

  private observeSplit(
    op: OpOf<"mprotect"> | OpOf<"madvise">,
    before: readonly VmaState[],
    after: readonly VmaState[],
  ): void {
    if (after.length <= before.length) return;
    for (const border of [op.at, op.at + op.pages]) {
      const cut = before.find((vma) => vma.start < border && border < vma.end);
      if (cut === undefined || !isTracked(cut)) continue;
      this.reach("split");
      const known = this.borders.get(op.proc);
      if (known === undefined) this.borders.set(op.proc, [border]);
      else known.push(border);
    }
  }

  private observeFork(op: OpOf<"fork">): void {
    const borders = this.borders.get(op.proc);
    if (borders === undefined || borders.length === 0) return;
    this.reach("fork-split");
    this.borders.set(op.child, [...borders]);
    this.keepStandingBorders(op.child);
  }

  private keepStandingBorders(proc: number): void {
    const borders = this.borders.get(proc);
    if (borders === undefined || borders.length === 0) return;
    const vmas = this.vmas[proc] ?? NO_VMAS;
    const standing = borders.filter((border) => isSplitAt(vmas, border));
    this.borders.set(proc, standing);
  }
}

function overlaps(vma: VmaState, start: number, end: number): boolean {
  return vma.start < end && start < vma.end;
}

/** Two VMAs meet there and go on from one physical page to the next. */
function isSplitAt(vmas: readonly VmaState[], border: number): boolean {
  const left = vmas.find((vma) => vma.end === border);
  const right = vmas.find((vma) => vma.start === border);
  if (left === undefined || right === undefined) return false;
  return left.pfn + (left.end - left.start) === right.pfn;
}

/** The goals that one side's execution of a trace reached. */
export function goalsReached(ops: readonly Op[], steps: readonly Step[]): GoalSet {
  const observer = new GoalObserver();
  ops.forEach((op, index) => {
    const step = steps[index];
    if (step === undefined) throw new Error(`step ${index} is missing`);
    observer.observe(op, step);
  });
  return observer.reached;
}
