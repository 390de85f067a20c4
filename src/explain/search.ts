import { shrink } from "../../fuzz/shrink.ts";
import { ModelSide } from "../engine/modelside.ts";
import { LivePair } from "../oracle/livepair.ts";
import { DRIVER_OPS } from "../trace/driverop.ts";
import type { ModelBackend } from "../model/backend.ts";
import { modelNamed, NEWEST } from "../models.ts";
import type { Trace } from "../trace/trace.ts";
import { RELEASES } from "./releases.ts";
import { TalkingSide } from "./said.ts";
import { type Pattern, stepOf } from "./shape.ts";

/** What a sequence takes besides a program that may open the device. */
export const NEEDS = ["driver", "failing-allocation"] as const;
export type Need = (typeof NEEDS)[number];

/** A sequence of ops that makes a model log the lines of a pattern. */
export interface Sequence {
  readonly trace: Trace;
  /** The model on which it was found. */
  readonly model: string;
  readonly needs: readonly Need[];
  /** The releases whose models log the same lines, and those whose models do not, oldest first. */
  readonly shows: readonly string[];
  readonly not: readonly string[];
  /** What makes the last op be refused on one design only, or empty. */
  readonly refusal: string;
}

/** Of each group of hits so many are shrunk: the shortest. */
const KEPT = 4;

const sides = new Map<string, TalkingSide>();

/** The listener of a model; machines are made once. */
export function talking(model: ModelBackend): TalkingSide {
  const known = sides.get(model.id);
  if (known !== undefined) return known;
  const side = new TalkingSide(model);
  sides.set(model.id, side);
  return side;
}

/** Whether the lines of a pattern are logged somewhere in a trace on a model. */
export function logs(pattern: Pattern, trace: Trace, model: ModelBackend): boolean {
  return stepOf(pattern, talking(model).says(trace)) !== null;
}

/** What a trace needs besides system calls. */
export function needsOf({ ops }: Trace): Need[] {
  const driver = ops.some(({ op }) => op in DRIVER_OPS || op === "revoke");
  const failing = ops.some(
    (op) => op.fault !== undefined || (op.op === "fork" && op.late === true),
  );
  return [
    ...(driver ? ["driver" as const] : []),
    ...(failing ? ["failing-allocation" as const] : []),
  ];
}

const DESIGNS: readonly ModelBackend[] = [NEWEST.legacy, NEWEST.modern].map(
  (id) => modelNamed(id) as ModelBackend,
);

const bothDesigns = new LivePair(...twoSides());

function twoSides(): [ModelSide, ModelSide] {
  const [before, after] = DESIGNS.map((model) => new ModelSide(model));
  if (before === undefined || after === undefined) throw new Error("there are two designs");
  return [before, after];
}

/** Why the last op is refused on one design only, as the oracle has it; empty where it is not. */
function refusalIn(trace: Trace): string {
  const last = trace.ops.length - 1;
  const causes = bothDesigns
    .run(trace)
    .filter(({ symptom, step }) => symptom === "refused" && step === last)
    .map(({ cause }) => cause);
  return [...new Set(causes)].sort().join("+");
}

/** Looks in traces for the lines of patterns on one model; each is offered once. */
export class SequenceSearch {
  /** Traces that log a pattern, in groups that may have different causes. */
  private readonly hits: Map<string, Trace[]>[];

  constructor(
    readonly model: ModelBackend,
    private readonly patterns: readonly Pattern[],
  ) {
    this.hits = patterns.map(() => new Map());
  }

  offer(trace: Trace): void {
    const said = talking(this.model).says(trace);
    if (said.length === 0) return;
    this.patterns.forEach((pattern, at) => {
      const step = stepOf(pattern, said);
      if (step === null) return;
      const cut = { ...trace, ops: trace.ops.slice(0, step + 1) };
      const group = this.groupOf(pattern, cut);
      const hits = this.hits[at]?.get(group) ?? [];
      hits.push(cut);
      hits.sort((a, b) => a.ops.length - b.ops.length);
      this.hits[at]?.set(group, hits.slice(0, KEPT));
    });
  }

  /** What it needs, and on which designs it does the same: by that, causes are told apart. */
  private groupOf(pattern: Pattern, trace: Trace): string {
    const where = DESIGNS.map((model) => logs(pattern, trace, model));
    const isSame = where.every((shown) => shown === where[0]);
    return `${needsOf(trace).join("+")}|${where.join()}|${isSame ? "" : refusalIn(trace)}`;
  }

  /** The shortest sequence of each group that asks for no more than another with the same effect. */
  sequences(at: number): Sequence[] {
    const pattern = this.patterns[at] as Pattern;
    const groups = [...(this.hits[at] ?? [])];
    const found = groups.map(([group, hits]) => {
      // The lines stay those of the last op, by whose outcome groups are told apart.
      const holds = (trace: Trace) =>
        stepOf(pattern, talking(this.model).says(trace)) === trace.ops.length - 1 &&
        this.groupOf(pattern, trace) === group;
      return hits.map((hit) => shrink(hit, holds)).sort(bySize)[0] as Trace;
    });
    return found
      .map((trace) => this.sequence(pattern, trace))
      .filter(
        (one, index, all) =>
          !all.some((other, o) => o !== index && isBetter(other, one, o < index)),
      )
      .sort((a, b) => a.needs.length - b.needs.length || bySize(a.trace, b.trace));
  }

  private sequence(pattern: Pattern, trace: Trace): Sequence {
    const shows = RELEASES.filter((model) => logs(pattern, trace, model)).map(({ id }) => id);
    const not = RELEASES.map(({ id }) => id).filter((id) => !shows.includes(id));
    const refusal = shows.length === RELEASES.length ? "" : refusalIn(trace);
    return { trace, model: this.model.id, needs: needsOf(trace), shows, not, refusal };
  }
}

const bySize = (a: Trace, b: Trace) =>
  a.ops.length - b.ops.length || JSON.stringify(a.ops).length - JSON.stringify(b.ops).length;

/** Whether a sequence needs less for the same: then the other tells nothing new. */
export function isBetter(one: Sequence, other: Sequence, isEarlier: boolean): boolean {
  if (one.shows.join() !== other.shows.join() || one.refusal !== other.refusal) return false;
  if (!one.needs.every((need) => other.needs.includes(need))) return false;
  return one.needs.length < other.needs.length || isEarlier;
}
