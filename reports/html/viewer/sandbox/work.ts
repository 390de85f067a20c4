import { callsOf } from "../../../../src/explain/calls.ts";
import { modelNamed } from "../../../../src/models.ts";
import type { Sides } from "../../../../src/trace/read.ts";
import type { Step } from "../../../../src/trace/recording.ts";
import type { Trace } from "../../../../src/trace/trace.ts";
import { workText } from "../../../worktext.ts";

/** What a side's tracking does, step by step, as its model does it. */
export interface Work {
  readonly model: string;
  /** A sentence for each function of the tracking that came to something. */
  readonly steps: readonly (readonly string[])[];
}

/**
 * Asks the models of both sides what their tracking does in a trace. From the first step on at which a model does
 * another thing than was recorded, as a kernel's may, it tells nothing.
 */
export function workOf(
  trace: Trace,
  models: Sides,
  recorded: Readonly<Record<"before" | "after", { readonly steps: readonly Step[] }>>,
): Record<"before" | "after", Work> {
  const of = (side: "before" | "after"): Work => {
    const model = modelNamed(models[side]);
    if (model === undefined) throw new Error(`there is no model ${models[side]} in this page`);
    const ops = callsOf(model, trace);
    const { steps } = recorded[side];
    const parted = ops.findIndex((op, at) => !isAlike(op, steps[at]));
    const told = parted < 0 ? ops : ops.slice(0, parted);
    return { model: model.id, steps: told.map(({ calls }) => calls.map(workText)) };
  };
  return { before: of("before"), after: of("after") };
}

function isAlike(
  { outcome, list }: ReturnType<typeof callsOf>[number],
  step: Step | undefined,
): boolean {
  if (step === undefined) return false;
  const result = "errno" in step.result ? step.result.errno : null;
  return result === outcome && JSON.stringify(step.memtype) === JSON.stringify(list);
}
