import { SYMPTOMS, type Symptom } from "../../src/oracle/finding.ts";
import { SideOracle } from "../../src/oracle/side.ts";
import { bornBy, endsProcess } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { isTried, type Letter } from "./alphabet.ts";
import { type Bounds, firstOps, worldOf } from "./bounds.ts";
import { lettersOf } from "./groups.ts";
import type { ExploredSide } from "../../src/engine/exploredside.ts";

/** What every sequence of a small scope showed on one side with its last op. */
export interface ScopeTally {
  sequences: number;
  readonly shown: Record<Symptom, ShownTally>;
  /** Pages kept past their last mapping after the last op, and mappings it lost to such pages. */
  pageOps: number;
  refused: number;
  changed: number;
}

/** Sequences whose last op shows a symptom, and the length of the shortest; null if none. */
interface ShownTally {
  sequences: number;
  fewest: number | null;
  /** One of the shortest, behind what every sequence begins with; absent if none. */
  shortest?: Trace;
}

/** Sequences between two chances to stop. */
const PAUSE_EVERY = 1024;

/**
 * Performs every sequence of the exploration's alphabet within the bounds on one side by itself,
 * judged by the side's own ledger. No two sequences are taken for the same, so nothing that a
 * design hides can be missed. Yields the tally so far now and then, and at the end.
 */
export function* everySequence(
  bounds: Bounds,
  side: ExploredSide,
): Generator<ScopeTally, void, undefined> {
  const letters = lettersOf(bounds);
  const walk = new Walk(bounds, side);
  const tally = emptyTally();
  const pending: (readonly Letter[])[] = [[]];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    walk.go(path);
    if (path.length > 0) walk.note(path, tally);
    if (path.length < bounds.depth) {
      for (const letter of letters) if (walk.isTried(letter)) pending.push([...path, letter]);
    }
    if (tally.sequences % PAUSE_EVERY === 0) yield tally;
  }
  yield tally;
}

function emptyTally(): ScopeTally {
  const nothing = (): ShownTally => ({ sequences: 0, fewest: null });
  const shown = Object.fromEntries(SYMPTOMS.map((symptom) => [symptom, nothing()]));
  return { sequences: 0, shown: shown as ScopeTally["shown"], pageOps: 0, refused: 0, changed: 0 };
}

/** A side at the end of one sequence after another. */
class Walk {
  private readonly oracle = new SideOracle("after");
  private readonly alive: number[] = [];
  private born = 0;
  /** What over-retention had cost before the last op. */
  private refused = 0;
  private changed = 0;

  constructor(
    private readonly bounds: Bounds,
    private readonly side: ExploredSide,
  ) {}

  go(path: readonly Letter[]): void {
    const { side, oracle, bounds } = this;
    const world = worldOf(bounds);
    side.reset(world);
    oracle.reset(world);
    this.alive.length = 0;
    this.born = 0;
    for (const op of firstOps(bounds)) this.apply(op);
    for (const { op } of path) this.apply(op);
  }

  isTried(letter: Letter): boolean {
    const { alive, born, side } = this;
    return isTried(letter, { procs: this.bounds.procs, alive, born, sides: [side] });
  }

  /** Adds what the last op of a path showed. */
  note(path: readonly Letter[], tally: ScopeTally): void {
    const { findings, step, pages, retention } = this.oracle;
    tally.sequences++;
    tally.pageOps += pages.retained;
    tally.refused += retention.refused - this.refused;
    tally.changed += retention.changed - this.changed;
    const fresh = findings.filter((finding) => finding.step === step);
    for (const symptom of new Set(fresh.map((finding) => finding.symptom))) {
      const shown = tally.shown[symptom];
      shown.sequences++;
      if (shown.fewest !== null && shown.fewest <= path.length) continue;
      shown.fewest = path.length;
      const ops = [...firstOps(this.bounds), ...path.map(({ op }) => op)];
      const name = `shortest-${symptom}`;
      shown.shortest = { format: "pfndiff/trace@1", name, world: worldOf(this.bounds), ops };
    }
  }

  private apply(op: Letter["op"]): void {
    const { side, oracle, alive } = this;
    this.refused = oracle.retention.refused;
    this.changed = oracle.retention.changed;
    oracle.judge(op, side.apply(op));
    const child = bornBy(op);
    if (child !== null) {
      this.born++;
      if (side.isAlive(child)) alive.push(child);
    } else if (endsProcess(op)) {
      alive.splice(alive.indexOf(op.proc), 1);
    }
  }
}
