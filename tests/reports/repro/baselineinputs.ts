import { readFileSync } from "node:fs";
import type { ReproFinding, ReproInput } from "../../../reports/repro/input.ts";
import { baselineSchema } from "../../../src/gate.ts";
import type { Symptom } from "../../../src/oracle/finding.ts";
import { judge } from "../../../src/oracle/judge.ts";
import { closedTrace } from "../../../src/trace/closed.ts";
import { isDriverOp } from "../../../src/trace/driverkinds.ts";
import type { Recording } from "../../../src/trace/recording.ts";
import type { Trace } from "../../../src/trace/trace.ts";
import { modelOf } from "../../models.ts";

export const BEFORE = "legacy@6.12";
export const AFTER = "modern@7.2";

/** Records on the model of an id such as "legacy@6.12". */
export function recorder(id: string): (trace: Trace) => Recording {
  const model = modelOf(`${id.split("@")[1]}.0`);
  return (trace) => model.recordSync(trace, { contexts: true });
}

/** A finding as an exporter takes it, recorded on two models. */
export function inputOf(finding: ReproFinding, before = BEFORE, after = AFTER): ReproInput {
  const closed = closedTrace(finding.trace);
  return { finding, before: recorder(before)(closed), after: recorder(after)(closed) };
}

/** What becomes of the kernel, and what no kernel shows user space: no program can check it. */
export const UNSEEN: readonly Symptom[] = [
  "crash",
  "bug",
  "hang",
  "refcount",
  "kernel-leak",
  "mode-mismatch",
];

/**
 * Whether a program can do all of a trace: none has a driver that claims the device, or is one, and
 * none chooses an allocation of the kernel that fails.
 */
export function canBeDone({ world, ops }: Pick<Trace, "world" | "ops">): boolean {
  if (world.isa !== undefined) return false;
  return ops.every((op) => {
    if (isDriverOp(op) || op.fault !== undefined) return false;
    return op.op !== "revoke" && !(op.op === "fork" && op.late === true);
  });
}

export function baselineEntries() {
  const text = readFileSync(new URL("../../../reports/baseline.json", import.meta.url), "utf8");
  return baselineSchema.parse(JSON.parse(text)).entries;
}

/**
 * A baseline entry names a trace; the finding is what judging it again finds. What no program can
 * do is left out.
 */
export function baselineInputs(): ReproInput[] {
  return baselineEntries().flatMap((entry) => {
    const { trace, before, after } = entry;
    if (!canBeDone(trace)) return [];
    const { findings } = judge(recorder(before)(trace), recorder(after)(trace));
    const found = findings.find(({ signature }) => signature === entry.signature);
    if (found === undefined) throw new Error(`${entry.signature} does not show`);
    return [inputOf({ ...found, trace }, before, after)];
  });
}
