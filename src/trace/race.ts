import { z } from "zod";
import { type Both, type Task } from "./both.ts";
import { bornBy, LIMITS, type Op } from "./op.ts";
import { racedOpSchema } from "./opschema.ts";
import { type Trace, traceSchema } from "./trace.ts";

/** A trace with a `both` among its ops. */
export interface RacedTrace extends Omit<Trace, "ops"> {
  readonly ops: readonly (Op | Both)[];
}

/** What a task does, and what comes before and after. */
export interface Race {
  readonly trace: RacedTrace;
  /** Where the `both` stands. */
  readonly at: number;
  readonly both: Both;
}

const isBoth = (op: Op | Both): op is Both => op.op === "both";

/** A trace's two tasks; one that has none is a plain trace. */
export function raceIn(trace: RacedTrace): Race | null {
  const at = trace.ops.findIndex(isBoth);
  const both = trace.ops[at];
  return both === undefined || !isBoth(both) ? null : { trace, at, both };
}

function isPlain(trace: RacedTrace): trace is Trace {
  return raceIn(trace) === null;
}

/** What a trace is: two tasks among its ops, or a plain one. */
export function sortedOut(trace: RacedTrace): { race: Race } | { trace: Trace } {
  if (isPlain(trace)) return { trace };
  const race = raceIn(trace);
  if (race === null) throw new Error("a trace has two tasks or has not");
  return { race };
}

/**
 * The plain trace in which whole ops follow each other: `order` says whose the next one is, and what it leaves
 * out comes at the end.
 */
export function inOrder({ trace, at, both }: Race, order: readonly Task[]): Trace {
  const left = { a: [...both.a], b: [...both.b] };
  const ops = order.flatMap((task) => left[task].splice(0, 1));
  const plain = (part: readonly (Op | Both)[]) => part.filter((op): op is Op => !isBoth(op));
  return {
    ...trace,
    ops: [
      ...plain(trace.ops.slice(0, at)),
      ...ops,
      ...left.a,
      ...left.b,
      ...plain(trace.ops.slice(at + 1)),
    ],
  };
}

/** Every order of whole ops that keeps each task's, task a's first. */
export function ordersOf({ both }: Race): Task[][] {
  const from = (a: number, b: number): Task[][] => {
    if (a === 0 && b === 0) return [[]];
    const orders: Task[][] = [];
    if (a > 0) orders.push(...from(a - 1, b).map((rest): Task[] => ["a", ...rest]));
    if (b > 0) orders.push(...from(a, b - 1).map((rest): Task[] => ["b", ...rest]));
    return orders;
  };
  return from(both.a.length, both.b.length);
}

/** The same tasks, to be run as one likes. */
export function withoutSchedule({ trace, at, both }: Race): Race {
  const { schedule: _schedule, ...open } = both;
  return { trace: { ...trace, ops: trace.ops.with(at, open) }, at, both: open };
}

/** Every order of whole ops as a plain trace, whose name says whose the ops are. */
export function wholeOrders(race: Race): Trace[] {
  return ordersOf(race).map((order) => {
    const trace = inOrder(race, order);
    return { ...trace, name: `${trace.name} (${order.join(" ")})`.trim() };
  });
}

/** What is wrong with a `both` of a trace, and where, or null. */
function raceFault(trace: RacedTrace): [path: PropertyKey[], message: string] | null {
  const race = raceIn(trace);
  if (race === null) return null;
  const second = trace.ops.findIndex((op, index) => index > race.at && isBoth(op));
  if (second >= 0) return [["ops", second], "is a second both; a trace has one at most"];
  for (const task of ["a", "b"] as const) {
    for (const [index, op] of race.both[task].entries()) {
      const path = ["ops", race.at, task, index];
      if (op.fault !== undefined) return [path, "has a fault, which ops of a both cannot have"];
      const borne = race.both[task === "a" ? "b" : "a"].map(bornBy);
      if ("proc" in op && bornBy(op) !== op.proc && borne.includes(op.proc)) {
        return [path, `is about process ${op.proc}, which the other task brings to life`];
      }
      if (op.op === "fork" && op.late === true) {
        return [path, "is a late fork, which a both cannot have"];
      }
    }
  }
  const parsed = traceSchema.safeParse(inOrder(race, []));
  const [issue] = parsed.error?.issues ?? [];
  return issue === undefined ? null : [["ops", race.at], issue.message];
}

/** pfndiff/trace@1 for those who can do with a `both`; any other trace is what `traceSchema` says. */
export const racedTraceSchema = z
  .strictObject({ ...traceSchema.shape, ops: z.array(racedOpSchema).max(LIMITS.ops) })
  .superRefine((trace, context) => {
    if (isPlain(trace)) {
      for (const issue of traceSchema.safeParse(trace).error?.issues ?? []) {
        context.addIssue({ code: "custom", path: issue.path, message: issue.message });
      }
      return;
    }
    const fault = raceFault(trace);
    if (fault === null) return;
    context.addIssue({ code: "custom", path: fault[0], message: fault[1] });
  });
