import { judgeSide } from "../oracle/judge.ts";
import type { Finding } from "../oracle/finding.ts";
import { isOfKernel, type Symptom, SYMPTOMS } from "../oracle/severity.ts";
import { type Task, TASKS } from "../trace/both.ts";
import { inOrder, ordersOf, type Race } from "../trace/race.ts";
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

/**
 * The recording in another order of whole ops: what each op returned and said is its own, and the state after each is
 * the one that both tasks leave, for while one is inside of a call the list is on its way.
 */
function retold(race: Race, ran: RanInOrder, order: readonly Task[]): Recording {
  const { steps } = ran.recording;
  const last = lastOf(race);
  const end = steps[last];
  const left = { a: stepsOf(race, ran, "a"), b: stepsOf(race, ran, "b") };
  const both = order.flatMap((task) => {
    const step = left[task].shift();
    return step === undefined || end === undefined ? [] : [{ ...end, ...ownOf(step) }];
  });
  const trace = inOrder(race, order);
  return {
    ...ran.recording,
    trace,
    steps: [...steps.slice(0, race.at), ...both, ...steps.slice(last + 1)],
  };
}

const ownOf = ({ result, events }: Step) => ({ result, events });

/**
 * Whose reservation an untrack hits is told from what the list was before and after it. Of two tasks only the sum of
 * what both took from the list is known, so nobody can. What comes of it shows as another symptom.
 */
const UNTOLD: readonly Symptom[] = ["wrong-owner-untrack", "refcount"];

/** What an op returned, or the kernel said or met: nothing is on its way in that. */
const SAID: readonly Symptom[] = ["double-untrack", "refused", "warning", "errno"];

/** The findings that do not come of a state in which a task was still inside of a call. */
function settled(race: Race, { recording }: RanInOrder): Finding[] {
  return judgeSide(recording, "after").findings.filter(
    ({ symptom, step }) => SAID.includes(symptom) || isOfKernel(symptom) || step >= lastOf(race),
  );
}

/**
 * The symptoms that an outcome has whatever order of the ops the ledger is told; one that it has by the order
 * alone in which they ended may come of a list that was on its way. Of tasks that did not come out, what the
 * kernel's own code met is all that can be said.
 */
function certainIn(race: Race, ran: RanInOrder): (symptom: Symptom) => boolean {
  const { a, b } = race.both;
  if (ran.order.length < a.length + b.length || isStopped(ran)) return isOfKernel;
  const told = ordersOf(race).map((order) => {
    const recording = retold(race, ran, order);
    // In the order in which they ended the outcome itself says what stands once both are through.
    const isAsRan = order.every((task, index) => task === ran.order[index]);
    const findings = isAsRan
      ? judgeSide(recording, "after").findings
      : settled(race, { recording, order });
    return new Set(findings.map(symptomOf));
  });
  return (symptom) => !UNTOLD.includes(symptom) && told.every((symptoms) => symptoms.has(symptom));
}

const symptomOf = ({ symptom }: Finding) => symptom;

const isStopped = ({ recording }: RanInOrder) =>
  recording.steps.some(({ events }) =>
    events.some((event) => "backtrace" in event && !("goesOn" in event)),
  );

/** Judges an outcome by the oracle's ledger, against the orders of whole ops on the same tree. */
export function judgeRace(race: Race, ran: RanInOrder, orders: readonly RanInOrder[]): JudgedRace {
  const findingsOf = ({ recording }: RanInOrder) => judgeSide(recording, "after").findings;
  const known = new Set(orders.flatMap(findingsOf).map(keyOf));
  const rank = ({ symptom }: Finding) => SYMPTOMS.indexOf(symptom);
  const isCertain = certainIn(race, ran);
  const findings = settled(race, ran)
    .filter((finding) => !known.has(keyOf(finding)) && isCertain(finding.symptom))
    .sort((one, other) => rank(one) - rank(other) || one.step - other.step);
  const differs = differencesOf(race, ran, orders);
  const [gravest] = findings;
  const what = gravest === undefined ? "other" : isDeadlock(gravest) ? "deadlock" : gravest.symptom;
  return { findings, differs, signature: `${what}:${tasksOf(race)}` };
}
