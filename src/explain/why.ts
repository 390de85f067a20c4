import { ModelSide } from "../engine/modelside.ts";
import type { ModelBackend } from "../model/backend.ts";
import { LivePair } from "../oracle/livepair.ts";
import type { Trace } from "../trace/trace.ts";
import { callsOf, type OpCalls } from "./calls.ts";
import { RELEASES } from "./releases.ts";

/** Releases that do the same at every op of a trace, neighbours or not, oldest first. */
export interface Behaviour {
  readonly releases: readonly string[];
  readonly ops: readonly OpCalls[];
}

/** What models of every release make of a finding's trace. */
export interface Why {
  readonly behaviours: readonly Behaviour[];
  /** Releases whose model shows the symptom, with this cause, beside itself; oldest first. */
  readonly shows: readonly string[];
}

/** Whether a model shows a symptom for a cause, whatever another one does. */
function showsAlone(model: ModelBackend, trace: Trace, symptom: string, cause: string): boolean {
  const found = new LivePair(new ModelSide(model), new ModelSide(model)).run(trace);
  return found.some((one) => one.symptom === symptom && one.cause === cause);
}

/** Runs the trace of a finding on the models of all releases. */
export function whyOf(trace: Trace, symptom: string, cause: string): Why {
  const behaviours = new Map<string, { releases: string[]; ops: OpCalls[] }>();
  for (const model of RELEASES) {
    const ops = callsOf(model, trace);
    const key = JSON.stringify(ops);
    const same = behaviours.get(key);
    if (same === undefined) behaviours.set(key, { releases: [model.id], ops });
    else same.releases.push(model.id);
  }
  const shows = RELEASES.filter((model) => showsAlone(model, trace, symptom, cause));
  return { behaviours: [...behaviours.values()], shows: shows.map(({ id }) => id) };
}
