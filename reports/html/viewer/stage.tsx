import { useMemo } from "preact/hooks";
import { SIDES, type Side } from "../../../src/oracle/severity.ts";
import { opText } from "../../optext.ts";
import { differingParts } from "./difference.ts";
import { extentOf } from "./extent.ts";
import { Lane } from "./lane.tsx";
import { Legend } from "./legend.tsx";
import type { Subject } from "./subject.ts";

/** One step: its op, in what the sides differ, and next to each other what both are after it. */
export function Stage({ subject, step }: { subject: Subject; step: number }) {
  const extent = useMemo(() => extentOf(subject), [subject.before, subject.after]);
  const op = subject.trace.ops[step];
  const [before, after] = [subject.before.steps[step], subject.after.steps[step]];
  if (op === undefined || before === undefined || after === undefined) {
    return <p class="note">The trace has no operations.</p>;
  }
  const parts = differingParts(before, after);
  const lane = (side: Side) => (
    <Lane
      key={side}
      side={side}
      backend={subject.names[side]}
      kernel={subject[side].kernel}
      design={subject[side].design}
      steps={subject[side].steps}
      step={step}
      extent={extent}
      work={subject.work[side]}
      found={subject.found
        .filter((one) => one.side === side && one.step === step)
        .map(({ detail }) => detail)}
    />
  );
  return (
    <div class="stage">
      <p class="now" role="status">
        <span class="muted">Step {step}</span> <code>{opText(op)}</code>
        {parts.length === 0 ? (
          <span class="parts same">the sides agree</span>
        ) : (
          <span class="parts differ">
            <span aria-hidden="true">≠</span> the sides differ in {parts.join(", ")}
          </span>
        )}
      </p>
      <div class="lanes">{SIDES.map(lane)}</div>
      <Legend contexts={SIDES.some((side) => subject[side].design === "kref")} />
    </div>
  );
}
