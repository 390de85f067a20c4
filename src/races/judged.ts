import { judgeSide } from "../oracle/judge.ts";
import type { Finding } from "../oracle/finding.ts";
import { SYMPTOMS } from "../oracle/severity.ts";
import { type Task, TASKS } from "../trace/both.ts";
import type { Race } from "../trace/race.ts";
import type { Recording, Step, TraceEvent } from "../trace/recording.ts";

/** A schedule, or an order of whole ops, as it ran: a recording of its ops in the order in which they ended. */
export interface RanInOrder {
  readonly recording: Recording;
  /** Whose the ops of the `both` are, in that order; less than all where the kernel's code did not come out. */
  readonly order: readonly Task[];
}

/** What of an outcome no order of whole ops gives: each by itself, or only all of it together. */
export const DIFFERENCES = ["results", "messages", "state", "together"] as const;
export type Difference = (typeof DIFFERENCES)[number];

/** What the oracle makes of an outcome that no order of whole ops gives. */
export interface JudgedRace {
  /** Findings that no order of whole ops shows, the gravest first. */
  readonly findings: readonly Finding[];
  readonly differs: readonly Difference[];
  /**
   * The gravest symptom, `deadlock`, or `other` where there is none, and the ops of the two tasks:
   * `leak:revoke+fork`. A cause by the ledger would name one op, and it took two.
   */
  readonly signature: string;
}

const keyOf = ({ symptom, cause }: Finding) => `${symptom}:${cause}`;

/** Steps of the `both`, by task. */
export function stepsOf({ at }: Race, { recording, order }: RanInOrder, task: Task): Step[] {
  return order.flatMap((whose, index) => {
    const step = recording.steps[at + index];
    return whose === task && step !== undefined ? [step] : [];
  });
}

const textOf = (value: unknown) => JSON.stringify(value);

/** Where both tasks have come to their ends: the step after which nothing is under way. */
export const lastOf = ({ at, both }: Race) => at + both.a.length + both.b.length - 1;

/** What an outcome shows, aspect by aspect: what is equal in text is equal. */
function aspectsOf(race: Race, ran: RanInOrder): Record<Exclude<Difference, "together">, string> {
  const { steps } = ran.recording;
  const both = { a: stepsOf(race, ran, "a"), b: stepsOf(race, ran, "b") };
  const last = lastOf(race);
  const later = steps.slice(last + 1);
  const messages = (some: readonly Step[]): readonly TraceEvent[] =>
    some.flatMap(({ events }) => events);
  return {
    results: textOf([both.a, both.b, later].map((some) => some.map(({ result }) => result))),
    messages: textOf([messages(both.a), messages(both.b), later.map(({ events }) => events)]),
    state: textOf(steps.slice(last).map(({ memtype, vmas }) => ({ memtype, vmas }))),
  };
}

/** What of an outcome differs from every order of whole ops. */
export function differencesOf(
  race: Race,
  ran: RanInOrder,
  orders: readonly RanInOrder[],
): Difference[] {
  const own = aspectsOf(race, ran);
  const others = orders.map((order) => aspectsOf(race, order));
  const alone = (["results", "messages", "state"] as const).filter((aspect) =>
    others.every((other) => other[aspect] !== own[aspect]),
  );
  if (alone.length > 0) return alone;
  return others.some((other) => textOf(other) === textOf(own)) ? [] : ["together"];
}

function isDeadlock({ symptom, detail }: Finding): boolean {
  return symptom === "hang" && detail.includes("deadlock");
}

const tasksOf = ({ both }: Race) =>
  TASKS.map((task) => [...new Set(both[task].map(({ op }) => op))].join("-")).join("+");

/** Judges an outcome by the oracle's ledger, against the orders of whole ops on the same tree. */
export function judgeRace(race: Race, ran: RanInOrder, orders: readonly RanInOrder[]): JudgedRace {
  const findingsOf = ({ recording }: RanInOrder) => judgeSide(recording, "after").findings;
  const known = new Set(orders.flatMap(findingsOf).map(keyOf));
  const rank = ({ symptom }: Finding) => SYMPTOMS.indexOf(symptom);
  const findings = findingsOf(ran)
    .filter((finding) => !known.has(keyOf(finding)))
    .sort((one, other) => rank(one) - rank(other) || one.step - other.step);
  const differs = differencesOf(race, ran, orders);
  const [gravest] = findings;
  const what = gravest === undefined ? "other" : isDeadlock(gravest) ? "deadlock" : gravest.symptom;
  return { findings, differs, signature: `${what}:${tasksOf(race)}` };
}
