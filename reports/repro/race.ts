import type { RaceOutcome } from "../../src/races/document.ts";
import { stepsOf } from "../../src/races/judged.ts";
import type { Task } from "../../src/trace/both.ts";
import { closedTrace } from "../../src/trace/closed.ts";
import { isDriverOp } from "../../src/trace/driverkinds.ts";
import {
  bornBy,
  type Op,
  REGION_VIAS,
  type RegionVia,
  type SyscallOp,
} from "../../src/trace/op.ts";
import { inOrder, ordersOf, type Race } from "../../src/trace/race.ts";
import type { Memtype, Recording, Step, TraceEvent } from "../../src/trace/recording.ts";
import type { Trace, World } from "../../src/trace/trace.ts";
import { UserError } from "../../src/usererror.ts";
import { unsaid } from "./calls.ts";
import { outcomeOf } from "./expectation.ts";

/** What a try of two tasks is part of: the set-up, one of the tasks, or what shows what is left. */
export const LANES = ["setup", "a", "b", "later"] as const;
export type Lane = (typeof LANES)[number];

export interface RaceStep {
  readonly lane: Lane;
  readonly op: SyscallOp;
}

/** What a program can see of a try, as constants of C. */
export interface SeenOutcome {
  /** Who gives it, and whether that is an order of whole ops. */
  readonly name: string;
  readonly isOfOrder: boolean;
  /** What the ops of a returned, then those of b: 0 or an errno. */
  readonly results: readonly string[];
  /** Messages of an untrack that finds nothing, while both run and afterwards. */
  readonly invalid: readonly [both: number, later: number];
  readonly warned: boolean;
  /** The list once both are through, and when no process is left; null where nobody knows. */
  readonly list: string;
  readonly end: string | null;
}

/** Everything that a stress program is made of. */
export interface RaceStress {
  readonly name: string;
  readonly world: World;
  readonly steps: readonly RaceStep[];
  readonly vias: readonly RegionVia[];
  readonly procs: number;
  /** What orders of whole ops give, and the race outcome that it is about, where there is one. */
  readonly known: readonly SeenOutcome[];
}

/** The traces of a race in every order of whole ops, with an exit for every process. */
export function closedOrders(
  race: Race,
): { readonly order: readonly Task[]; readonly trace: Trace }[] {
  return ordersOf(race).map((order) => ({ order, trace: closedTrace(inOrder(race, order)) }));
}

/** What each order gave on a backend. */
export interface RecordedOrder {
  readonly order: readonly Task[];
  readonly recording: Recording;
}

/**
 * What a stress program of two tasks does and knows: `orders` are recordings of `closedOrders`, on any backends.
 * UserError where a program cannot perform an op.
 */
export function raceStress(
  race: Race,
  orders: readonly RecordedOrder[],
  outcome: RaceOutcome | null,
): RaceStress {
  const { trace, at, both } = race;
  const closed = closedTrace(inOrder(race, [])).ops;
  const after = at + both.a.length + both.b.length;
  const steps = (["setup", "a", "b", "later"] as const).flatMap((lane) =>
    laneOps(lane, closed, at, both.a.length, after).map((op) => ({ lane, op: doable(op, lane) })),
  );
  const used = new Set(steps.flatMap(({ op }) => (op.op === "mmap" ? [op.via] : [])));
  const named = outcome === null ? [] : [ofOutcome(outcome)];
  return {
    name: trace.name,
    world: trace.world,
    steps,
    vias: REGION_VIAS.filter((via) => used.has(via)),
    procs: Math.max(1, ...steps.map(({ op }) => Math.max(op.proc, bornBy(op) ?? 0) + 1)),
    known: unique([...orders.map((one) => ofOrder(race, one)), ...named]),
  };
}

function laneOps(
  lane: Lane,
  ops: readonly Op[],
  at: number,
  ofA: number,
  after: number,
): readonly Op[] {
  switch (lane) {
    case "setup":
      return ops.slice(0, at);
    case "a":
      return ops.slice(at, at + ofA);
    case "b":
      return ops.slice(at + ofA, after);
    case "later":
      return ops.slice(after);
  }
}

function doable(op: Op, lane: Lane): SyscallOp {
  if (isDriverOp(op)) throw new UserError(`${op.op} is a driver's work, which no program can do`);
  if (op.op === "spawn" && lane !== "setup") {
    throw new UserError("a program for two tasks has every spawn before them");
  }
  const cannot = op.op === "revoke" ? null : unsaid(op);
  if (cannot !== null) throw new UserError(`${op.op} ${cannot}`);
  if (op.fault !== undefined || (op.op === "fork" && op.late === true)) {
    throw new UserError(`${op.op} must fail where no program can choose`);
  }
  return op;
}

/** Outcomes that look alike are one, which has the names of all. */
function unique(outcomes: readonly SeenOutcome[]): SeenOutcome[] {
  const seen = new Map<string, SeenOutcome>();
  for (const { name, ...shown } of outcomes) {
    const key = JSON.stringify(shown);
    const first = seen.get(key);
    seen.set(key, { ...shown, name: first === undefined ? name : `${first.name}; ${name}` });
  }
  return [...seen.values()];
}

const invalidFrees = (events: readonly TraceEvent[]) =>
  events.filter(({ kind }) => kind === "invalid-free").length;

const hasWarned = (events: readonly TraceEvent[]) => events.some(({ kind }) => kind === "warn");

/** A list as a program writes it down. */
const listOf = (memtype: readonly Memtype[]) =>
  memtype.map(({ start, end, type }) => `[${start},${end}) ${type} `).join("");

const eventsOf = (steps: readonly Step[]) => steps.flatMap(({ events }) => events);

function ofOrder(race: Race, { order, recording }: RecordedOrder): SeenOutcome {
  const both = {
    a: stepsOf(race, { recording, order }, "a"),
    b: stepsOf(race, { recording, order }, "b"),
  };
  const during = [...both.a, ...both.b];
  const last = race.at + during.length - 1;
  const later = recording.steps.slice(last + 1);
  return {
    name: `${order.join(" ")} on ${recording.backend ?? recording.kernel?.release ?? "a kernel"}`,
    isOfOrder: true,
    results: during.map((step) => outcomeOf(step) ?? "0"),
    invalid: [invalidFrees(eventsOf(during)), invalidFrees(eventsOf(later))],
    warned: hasWarned(eventsOf(during)),
    list: listOf(recording.steps[last]?.memtype ?? []),
    end: listOf(recording.steps.at(-1)?.memtype ?? []),
  };
}

/** The outcome of a schedule, of which nobody has said what comes later. */
function ofOutcome({ signature, results, events, memtype }: RaceOutcome): SeenOutcome {
  const during = [...events.a, ...events.b];
  return {
    name: signature,
    isOfOrder: false,
    results: [...results.a, ...results.b].map((result) => ("errno" in result ? result.errno : "0")),
    invalid: [invalidFrees(during), 0],
    warned: hasWarned(during),
    list: listOf(memtype),
    end: null,
  };
}
