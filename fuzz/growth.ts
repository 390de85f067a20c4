import type { Op } from "../src/trace/op.ts";
import type { Trace, World } from "../src/trace/trace.ts";
import { type Random, randomOfRun } from "./random.ts";
import { traceOfRun } from "./traceofrun.ts";
import type { Coverage } from "./coverage.ts";
import { mend, MUTATIONS, mutate, withExits } from "./mutate.ts";

/** A kept trace and the features that it was the first to show. */
interface Entry {
  readonly trace: Trace;
  readonly features: readonly number[];
}

/** Grows a corpus: what shows a feature first is cut down to that, kept, and mutated from then on. */
export class Growth {
  private readonly entries: Entry[] = [];
  /** In how many runs each feature was seen. */
  private readonly seen = new Map<number, number>();

  /** `seed` and the given traces decide what is drawn. */
  constructor(
    private readonly coverage: Coverage,
    private readonly seed: number,
    given: readonly Trace[] = [],
  ) {
    for (const trace of given) this.admit(trace);
  }

  /** The traces kept so far, in the order in which they came. */
  get traces(): readonly Trace[] {
    return this.entries.map(({ trace }) => trace);
  }

  get features(): number {
    return this.seen.size;
  }

  /** The trace of a run: half of them are drawn afresh, the rest are mutants of what is kept. */
  draw(run: number): Trace {
    const random = randomOfRun(this.seed, run, "mutation");
    if (this.entries.length === 0 || random.chance(1, 2)) return traceOfRun(this.seed, run);
    return mutate(random, this.pick(random), this.pick(random), MUTATIONS);
  }

  /** Takes in a trace; what it shows first is kept as traces of its own, as small as can be. */
  learn(trace: Trace): void {
    const steps = this.coverage.of(trace);
    const fresh = this.see(steps.flat());
    for (const [index, features] of steps.entries()) {
      for (const feature of features) {
        if (fresh.has(feature)) this.keep(trace, trace.ops.slice(0, index + 1), feature, fresh);
      }
    }
  }

  /** Takes a trace of an earlier corpus as it is. */
  private admit(trace: Trace): void {
    this.entries.push({ trace, features: [...this.see(this.coverage.of(trace).flat())] });
  }

  /** Counts what a run showed; returns what none did before. */
  private see(shown: readonly number[]): Set<number> {
    const fresh = new Set<number>();
    for (const feature of new Set(shown)) {
      const count = this.seen.get(feature) ?? 0;
      if (count === 0) fresh.add(feature);
      this.seen.set(feature, count + 1);
    }
    return fresh;
  }

  /** Keeps the least that shows a feature; what it shows of `fresh` is no longer in there. */
  private keep(
    { format, world }: Trace,
    until: readonly Op[],
    feature: number,
    fresh: Set<number>,
  ): void {
    const shows = (ops: readonly Op[]) =>
      this.coverage
        .of({ world, ops: [...ops] })
        .at(-1)
        ?.includes(feature) === true;
    const ops = withExits(leastThat(shows, world, until));
    const trace: Trace = { format, name: "", world, ops };
    const features: number[] = [];
    for (const shown of new Set(this.coverage.of(trace).flat())) {
      // The exits at its end may show more than the run that it comes from.
      const isNew = !this.seen.has(shown);
      if (isNew) this.seen.set(shown, 1);
      if (fresh.delete(shown) || isNew) features.push(shown);
    }
    this.entries.push({ trace, features });
  }

  /** An entry by how rare its rarest feature is; all of them have a chance. */
  private pick(random: Random): Trace {
    const entries = this.entries;
    let best = entries[random.index(entries.length)] as Entry;
    const other = entries[random.index(entries.length)] as Entry;
    if (this.rarity(other) < this.rarity(best)) best = other;
    return best.trace;
  }

  private rarity({ features }: Entry): number {
    let least = Number.POSITIVE_INFINITY;
    for (const feature of features) least = Math.min(least, this.seen.get(feature) ?? 0);
    return least;
  }
}

/** Leaves out what it can of all but the last op, from the end on. */
function leastThat(
  shows: (ops: readonly Op[]) => boolean,
  world: World,
  ops: readonly Op[],
): readonly Op[] {
  let least: readonly Op[] = mend(world, ops);
  for (let at = least.length - 2; at >= 0; at--) {
    const less = mend(world, least.toSpliced(at, 1));
    if (shows(less)) least = less;
    at = Math.min(at, least.length - 1);
  }
  return least;
}
