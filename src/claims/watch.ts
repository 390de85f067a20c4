import type { Outcome } from "../mm/errno.ts";
import type { Finding, Side } from "../oracle/finding.ts";
import { CAME, type ListChange, type ListChanges } from "../oracle/listchanges.ts";
import type { Observed, SeenEvent } from "../oracle/observed.ts";
import { SideOracle } from "../oracle/side.ts";
import type { Retention } from "../oracle/state.ts";
import type { Op } from "../trace/op.ts";
import type { World } from "../trace/trace.ts";

/** A tracked VMA of which an op took away a part, and left a part. */
export interface Cut {
  readonly part: "head" | "middle" | "tail";
  /** Its reservation was the only one over its pages, and of exactly its extent. */
  readonly sole: boolean;
  /** A reservation of that extent still stands after the op. */
  readonly stands: boolean;
}

/** What claims look at in one step of one side. */
export interface SeenStep {
  readonly op: Op;
  readonly outcome: Outcome;
  readonly events: readonly SeenEvent[];
  /** What the oracle found at this step. */
  readonly findings: readonly Finding[];
  /** The tracked VMA that the op cut, where it took from no other VMA. */
  readonly cut: Cut | null;
  /** The reservations that came and went, in a form that can be compared. */
  readonly changes: readonly string[];
  /** How many reservations came. */
  readonly reserved: number;
}

/** A trace as one side went through it. */
export interface SeenTrace {
  readonly steps: readonly SeenStep[];
  /** Reservations that stand after the last step. */
  readonly left: number;
  readonly retention: Retention;
}

/** Both designs and the variants as they went through one trace. */
export interface Watched {
  readonly before: SeenTrace;
  readonly after: SeenTrace;
  readonly eraseByEnd: SeenTrace;
  readonly laxFork: SeenTrace;
}

/** Whether two sides showed user space, or the list, or the log, anything different. */
export function differs(base: SeenStep, variant: SeenStep | undefined): boolean {
  const shown = (step: SeenStep | undefined) =>
    JSON.stringify([step?.outcome, step?.changes, step?.events]);
  return shown(base) !== shown(variant);
}

/** Performs the op of an index, or shows what a recording has of it. */
export type Show = (op: Op, index: number) => Observed;

/** Takes one side through a trace; `view` is where its VMAs are read before each op. */
export function watch(
  side: Side,
  world: World,
  ops: readonly Op[],
  view: Observed,
  show: Show,
): SeenTrace {
  const watcher = new Watcher(side, world);
  const steps = ops.map((op, index) => watcher.step(op, view, () => show(op, index)));
  return { steps, left: watcher.left, retention: watcher.retention };
}

class Watcher {
  private readonly oracle: SideOracle;
  /** How many reservations there are of each extent, by `start end`. */
  private readonly extents = new Map<string, number>();

  constructor(side: Side, world: World) {
    this.oracle = new SideOracle(side);
    this.oracle.reset(world);
  }

  get left(): number {
    return [...this.extents.values()].reduce((sum, count) => sum + count, 0);
  }

  get retention(): Retention {
    return { ...this.oracle.retention };
  }

  step(op: Op, view: Observed, show: () => Observed): SeenStep {
    const hit = this.onlyHit(op, view);
    const seen = show();
    const known = this.oracle.findings.length;
    const { outcome } = seen;
    const events = [...seen.events];
    // The oracle uses the changes up, so it is read first.
    seen.changes.normalise();
    const { changes, reserved } = this.follow(seen.changes);
    this.oracle.judge(op, seen);
    const cut = outcome === null && hit !== null ? this.after(hit) : null;
    const findings = this.oracle.findings.slice(known);
    return { op, outcome, events, findings, cut, changes, reserved };
  }

  private after({ part, sole, extent }: CutBefore): Cut {
    return { part, sole, stands: (this.extents.get(extent) ?? 0) > 0 };
  }

  /** The tracked VMA that an unmapping op would cut, as it is before it; null for any other op. */
  private onlyHit(op: Op, view: Observed): CutBefore | null {
    const gone = unmappedBy(op);
    if (gone === null) return null;
    const space = view.space(op.proc);
    const vma = space?.find(gone.start) ?? null;
    if (space === null || vma === null || vma.isAnon) return null;
    const next = space.after(vma)?.start ?? gone.end;
    if (vma.start >= gone.end || next < gone.end) return null;
    const { start, end, pfn } = vma;
    const part = partOf(start, end, gone);
    if (part === null || view.isPatLost(vma)) return null;
    const extent = `${pfn} ${pfn + end - start}`;
    return { part, extent, sole: this.isSole(pfn, pfn + end - start) };
  }

  private isSole(start: number, end: number): boolean {
    let over = 0;
    for (const [extent, count] of this.extents) {
      const [from = 0, to = 0] = extent.split(" ").map(Number);
      if (from < end && start < to) over += count;
    }
    return over === 1 && this.extents.get(`${start} ${end}`) === 1;
  }

  private follow({ all, count: changed }: ListChanges): { changes: string[]; reserved: number } {
    const changes: string[] = [];
    let reserved = 0;
    for (let at = 0; at < changed; at++) {
      const { state, start, end, mode } = all[at] as ListChange;
      const came = state === CAME;
      const extent = `${start} ${end}`;
      const count = (this.extents.get(extent) ?? 0) + (came ? 1 : -1);
      if (count === 0) this.extents.delete(extent);
      else this.extents.set(extent, count);
      if (came) reserved += 1;
      changes.push(`${came ? "+" : "-"}${extent} ${mode}`);
    }
    return { changes, reserved };
  }
}

interface CutBefore {
  readonly part: Cut["part"];
  readonly sole: boolean;
  readonly extent: string;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What an op that succeeds unmaps and maps nothing over. */
function unmappedBy(op: Op): Range | null {
  if (op.op === "munmap") return { start: op.at, end: op.at + op.pages };
  return isShrink(op) ? { start: op.at + op.newPages, end: op.at + op.pages } : null;
}

/** Whether an op is an mremap() that shrinks in place. */
export function isShrink(op: Op): op is Extract<Op, { op: "mremap" }> {
  return op.op === "mremap" && op.to === undefined && op.newPages < op.pages;
}

/** Which part of [start, end) goes; null where all of it or nothing does. */
function partOf(start: number, end: number, gone: Range): Cut["part"] | null {
  const head = gone.start <= start;
  const tail = gone.end >= end;
  if (head && tail) return null;
  if (head) return "head";
  return tail ? "tail" : "middle";
}
