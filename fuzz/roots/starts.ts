import type { CampaignFinding, JudgedFinding, Side } from "../../src/oracle/finding.ts";
import { isBetweenSides } from "../../src/oracle/verdict.ts";
import type { Step } from "../../src/trace/recording.ts";
import { type Deed, deedsOf } from "./deeds.ts";
import { type Effect, effectOf } from "./effect.ts";
import { mayLead, placeOf, type Sign, signOf } from "./leads.ts";
import type { Witness, WitnessStep } from "./witness.ts";

/**
 * Where what a witness shows begins: the step, the side, and how the sides differ from there on.
 * `state` is any difference of two sides that keep the same state, else it is the first sign.
 */
export interface Start {
  readonly step: number;
  readonly side: Side | "both";
  readonly kind: Sign | "state";
  /** What may explain it: what was done at the step, or the results that differ. */
  readonly features: ReadonlySet<Deed>;
  /** How the after side differs, where states are compared. */
  readonly effect: Effect | null;
}

/** Something that a side shows on the way to a finding. */
interface Event {
  readonly step: number;
  readonly sign: Sign;
}

/** Where what the witness shows begins; `alike` tells whether the sides' states can be compared. */
export function startOf(witness: Witness, alike: boolean): Start {
  const { finding, steps } = witness;
  const step = alike ? steps.findIndex((one) => !areSame(one)) : -1;
  if (finding.verdict !== "kept" && step >= 0 && step <= finding.step) {
    return startAt(steps, { step, sign: "errno" }, "both", "state");
  }
  let first = ownEvent(witness);
  const events = eventsBefore(witness);
  for (let cause: Event | null = first; cause !== null; cause = earliestCause(events, first)) {
    first = cause;
  }
  return startAt(steps, first, finding.verdict === "kept" ? "both" : finding.side, first.sign);
}

/** Contexts count where both sides show them. */
function areSame({ before, after }: WitnessStep): boolean {
  const { contexts: was = [], ...rest } = before;
  const { contexts: is = [], ...others } = after;
  if (!sameJson(rest, others)) return false;
  return was.length === 0 || is.length === 0 || sameJson(was, is);
}

const sameJson = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The start at an event; results that no reservation can explain are what explains it. */
function startAt(
  steps: readonly WitnessStep[],
  { step }: Event,
  side: Start["side"],
  kind: Start["kind"],
): Start {
  const { op, findings } = steps[step] as WitnessStep;
  const between = findings.find(isBetweenSides);
  if (between !== undefined && signOf(between, op) === "errno") {
    return { step, side: "both", kind: "errno", features: errnoFeatures(between), effect: null };
  }
  const features = new Set<Deed>();
  for (const one of side === "both" ? (["before", "after"] as const) : [side]) {
    const { [one]: is } = steps[step] as WitnessStep;
    for (const deed of deedsOf(op, steps[step - 1]?.[one] ?? null, is)) features.add(deed);
  }
  const effect = kind === "state" ? effectOf(steps[step] as WitnessStep) : null;
  return { step, side: kind === "answer" ? "both" : side, kind, features, effect };
}

function ownEvent({ finding, steps }: Witness): Event {
  const { signature, step } = finding;
  const at = steps[step];
  const own = at?.findings.find((one) => one.signature === signature);
  if (at === undefined || own === undefined) throw new Error(`no witness shows ${signature}`);
  return { step, sign: signOf(own, at.op) };
}

/** Signs on the finding's side, of what only that side shows, or, if it is kept, of what both do. */
function eventsBefore({ finding, steps }: Witness): Event[] {
  const counts = (one: JudgedFinding) =>
    isBetweenSides(one) || (one.side === finding.side && isKept(one) === isKept(finding));
  const events: Event[] = isKept(finding) ? [] : untied(steps, finding.side);
  steps.slice(0, finding.step + 1).forEach(({ op, findings }, step) => {
    for (const one of findings) if (counts(one)) events.push({ step, sign: signOf(one, op) });
  });
  return events;
}

const isKept = ({ verdict }: Pick<CampaignFinding, "verdict">) => verdict === "kept";

function earliestCause(events: readonly Event[], of: Event): Event | null {
  let best: Event | null = null;
  for (const event of events) {
    if (event.step > of.step || !mayLead(event.sign, of.sign, event.step === of.step)) continue;
    if (best === null || isEarlier(event, best)) best = event;
  }
  return best;
}

function isEarlier(event: Event, than: Event): boolean {
  return event.step === than.step
    ? placeOf(event.sign) < placeOf(than.sign)
    : event.step < than.step;
}

/** Where this side has more VMAs than before that have lost VM_PAT and still map something. */
function untied(steps: readonly WitnessStep[], side: Side): Event[] {
  const other = side === "before" ? "after" : "before";
  const events: Event[] = [];
  let was = 0;
  steps.forEach((both, step) => {
    const is = Math.max(0, untiedVmas(both[side]) - untiedVmas(both[other]));
    if (is > was) events.push({ step, sign: "untied" });
    was = is;
  });
  return events;
}

function untiedVmas({ vmas }: Step): number {
  let count = 0;
  for (const { pat, maps, modes } of Object.values(vmas).flat()) {
    if (pat === false && (maps ?? modes ?? []).length > 0) count++;
  }
  return count;
}

/** `mremap-EFAULT-to-ok`, `mremap-EFAULT-effect`: the op and each result are what may explain it. */
function errnoFeatures({ cause }: JudgedFinding): Set<Deed> {
  const parts = /^(.*)-(\w+)-to-(\w+)$/.exec(cause) ?? /^(.*)-(\w+)-(effect)$/.exec(cause) ?? [];
  const [, op = cause, ...results] = parts;
  const telling = results.filter((result) => result !== "ok");
  return new Set(telling.length === 0 ? [op] : telling.map((result) => `${op} ${result}`));
}
