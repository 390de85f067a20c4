import { Differential } from "../../src/oracle/differential.ts";
import { areEqualSpaces, everyVma, type SeenSpace } from "../../src/oracle/observed.ts";
import type { Op } from "../../src/trace/op.ts";
import { bornBy, type World } from "../../src/trace/trace.ts";
import type { ExploredSide } from "../../src/engine/exploredside.ts";
import { writeFindings, writeLedger } from "./ledger.ts";
import { mixed } from "../../src/engine/shapes.ts";
import { StateHash } from "../../src/engine/statehash.ts";

/** What two sides can show differently after an op; bit i of a mask stands for ASPECTS[i]. */
export const ASPECTS = ["result", "vmas", "memtype", "log"] as const;

/** Both sides and the oracle in one state, and the canonical hash of all three. */
export class ExploredPair {
  readonly before: ExploredSide;
  readonly after: ExploredSide;
  readonly oracle = new Differential();
  readonly hash = new StateHash();
  /** Processes that are alive on a side, by birth, and the lowest number that no process ever had. */
  readonly alive: number[] = [];
  born = 0;
  high = 0;
  low = 0;

  private vpages = 1;
  private readonly judged: boolean;

  /** `judged`: with the oracle. Without it the state is what the machines hold, and no more. */
  constructor(before: ExploredSide, after: ExploredSide, judged: boolean) {
    this.before = before;
    this.after = after;
    this.judged = judged;
  }

  reset(world: World): void {
    this.vpages = world.vpages;
    this.before.reset(world);
    this.after.reset(world);
    this.oracle.reset(world);
    this.alive.length = 0;
    this.born = 0;
  }

  /** Keeps the state between two ops; returns what puts it back, or null where a side cannot. */
  keep(): (() => void) | null {
    const [before, after] = [this.before.keep(), this.after.keep()];
    if (before === null || after === null) return null;
    const oracle = this.judged ? this.oracle.keep() : null;
    const { born } = this;
    const alive = [...this.alive];
    return () => {
      before();
      after();
      oracle?.();
      this.alive.splice(0, this.alive.length, ...alive);
      this.born = born;
    };
  }

  apply(op: Op): void {
    const { before, after, oracle, alive } = this;
    before.apply(op);
    after.apply(op);
    if (this.judged) oracle.judge(op, before, after);
    const child = bornBy(op);
    if (child !== null) {
      this.born = Math.max(this.born, child + 1);
      if (this.isAlive(child)) alive.push(child);
    } else if (op.op === "exit") {
      const at = alive.indexOf(op.proc);
      if (at >= 0 && !this.isAlive(op.proc)) alive.splice(at, 1);
    }
  }

  /** Whether both sides refused the last op. */
  get isRefused(): boolean {
    return this.before.outcome !== null && this.after.outcome !== null;
  }

  /** Whether the last op had a finding on either side. */
  get hasNews(): boolean {
    const { before, after } = this.oracle;
    return (
      before.findings.at(-1)?.step === before.step || after.findings.at(-1)?.step === after.step
    );
  }

  /** In which aspects the sides show different things after the last op; VM_PAT is not shown. */
  differences(): number {
    const { before, after } = this;
    const vmas = this.alive.some((proc) => this.vmasDiffer(proc));
    return (
      Number(before.outcome !== after.outcome) |
      (Number(vmas) << 1) |
      (Number(this.memtypeDiffers()) << 2) |
      (Number(this.logDiffers()) << 3)
    );
  }

  /**
   * Hashes the state without the names of processes: they are in the order of how their VMAs look,
   * and where some look alike, of all those orders the one with the least hash names the state.
   * Modes and contexts are named by first appearance.
   */
  rehash(): void {
    this.high = -1;
    const { alive } = this;
    const looks = alive.map((proc) => this.lookOf(proc));
    for (const places of PLACES[alive.length] ?? [orderBy(looks)]) {
      if (places.some((place, n) => n > 0 && isLess(looks, place, places[n - 1]))) continue;
      this.write(places.map((place) => alive[place] as number));
      const { high, low } = this.hash;
      const isLower = high < this.high || (high === this.high && low < this.low);
      if (this.high >= 0 && !isLower) continue;
      this.high = high;
      this.low = low;
    }
  }

  /** A number that processes have in common if their VMAs are equal on both sides. */
  private lookOf(proc: number): number {
    return lookOf(this.after.space(proc), lookOf(this.before.space(proc), 0));
  }

  private write(order: readonly number[]): void {
    const { hash, oracle } = this;
    hash.begin();
    this.before.writeState(order, hash);
    this.after.writeState(order, hash);
    if (this.judged) {
      writeLedger(oracle.before, order, hash);
      writeLedger(oracle.after, order, hash);
      hash.push(Number(oracle.haveParted));
      if (!oracle.haveParted) for (const proc of order) hash.push(oracle.partingOf(proc));
      writeFindings(oracle, hash);
    }
    hash.finish();
  }

  private isAlive(proc: number): boolean {
    return this.before.isAlive(proc) || this.after.isAlive(proc);
  }

  private vmasDiffer(proc: number): boolean {
    const [mine, other] = [this.before.space(proc), this.after.space(proc)];
    if (mine === null || other === null) return mine !== other;
    return !areEqualSpaces(mine, other, 0, this.vpages) || this.pagesDiffer(proc, mine);
  }

  /** Whether page tables differ, where a side is a kernel's own code; equal VMAs are asked for. */
  private pagesDiffer(proc: number, space: SeenSpace): boolean {
    const { before, after } = this;
    if (before.showsPages !== true && after.showsPages !== true) return false;
    for (const vma of everyVma(space)) {
      const twin = after.space(proc)?.find(vma.start);
      if (twin === null || twin === undefined) return true;
      for (let page = vma.start; page < vma.end; page++) {
        if (before.entryAt(proc, vma, page) !== after.entryAt(proc, twin, page)) return true;
        if (before.isCopied(proc, page) !== after.isCopied(proc, page)) return true;
      }
    }
    return false;
  }

  private memtypeDiffers(): boolean {
    const mine = this.before.reservations();
    const other = this.after.reservations();
    return (
      mine.length !== other.length ||
      mine.some((entry, at) => {
        const twin = other[at];
        return entry.start !== twin?.start || entry.end !== twin.end || entry.mode !== twin.mode;
      })
    );
  }

  private logDiffers(): boolean {
    const { before, after } = this;
    if (before.events.length === 0 && after.events.length === 0) return false;
    return JSON.stringify(before.said()) !== JSON.stringify(after.said());
  }
}

function lookOf(space: SeenSpace | null, seed: number): number {
  if (space === null) return mixed(seed, -1);
  let look = seed;
  for (let vma = space.find(0); vma !== null; vma = space.after(vma)) {
    look = mixed(mixed(look, (vma.start << 16) | (vma.end << 8) | vma.pfn), vma.flags);
  }
  return look;
}

function isLess(looks: readonly number[], place: number, other: number | undefined): boolean {
  return (looks[place] as number) < (looks[other as number] as number);
}

/** Every order of a few places. */
function ordersOf(places: readonly number[]): readonly (readonly number[])[] {
  if (places.length < 2) return [places];
  return places.flatMap((place) =>
    ordersOf(places.filter((other) => other !== place)).map((rest) => [place, ...rest]),
  );
}

/** The orders of a few processes. */
const PLACES = [[], [0], [0, 1], [0, 1, 2]].map(ordersOf);

/** One order of many: those that look alike stay as they were born, and merge fewer states. */
function orderBy(looks: readonly number[]): readonly number[] {
  return looks.map((_, place) => place).sort((a, b) => (looks[a] as number) - (looks[b] as number));
}
