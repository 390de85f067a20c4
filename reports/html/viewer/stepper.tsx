import { useEffect, useRef } from "preact/hooks";
import type { ReportFinding } from "../../data.ts";
import { opText } from "../../optext.ts";
import { differingParts, openingStep } from "./difference.ts";
import { showStep } from "./keys.ts";
import { findingHash } from "./route.ts";
import { Stage } from "./stage.tsx";
import type { Subject } from "./subject.ts";

export interface StepperProps {
  readonly finding: ReportFinding;
  readonly subject: Subject;
  readonly step: number;
}

/** The minimal trace, a step chosen, and next to each other what both sides are after it. */
export function Stepper({ finding, subject, step }: StepperProps) {
  return (
    <section class="stepper" aria-labelledby="steps-title">
      <div class="stepper-head">
        <h2 id="steps-title">Step by step</h2>
        <StepControls finding={finding} step={step} />
      </div>
      <div class="stepper-body">
        <TraceList finding={finding} step={step} />
        <Stage subject={subject} step={step} />
      </div>
    </section>
  );
}

function StepControls({ finding, step }: Pick<StepperProps, "finding" | "step">) {
  const last = finding.trace.ops.length - 1;
  const first = openingStep(finding);
  return (
    <div class="controls">
      <button type="button" disabled={step === 0} onClick={() => showStep(finding, step - 1)}>
        <span aria-hidden="true">←</span> Back
      </button>
      <span class="position">
        Step {step} of {last}
      </span>
      <button type="button" disabled={step === last} onClick={() => showStep(finding, step + 1)}>
        Forward <span aria-hidden="true">→</span>
      </button>
      {step === first ? null : (
        <button type="button" class="quiet" onClick={() => showStep(finding, first)}>
          First difference
        </button>
      )}
      {step === finding.step || finding.step > last ? null : (
        <button type="button" class="quiet" onClick={() => showStep(finding, finding.step)}>
          Where it shows: step {finding.step}
        </button>
      )}
    </div>
  );
}

/** The minimal trace: every op is a link to its step, with marks for what happens there. */
function TraceList({ finding, step }: Pick<StepperProps, "finding" | "step">) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const here = list.current?.querySelector<HTMLElement>('[aria-current="step"]');
    if (list.current === null || here === null || here === undefined) return;
    // Only the list scrolls: the page stays where the reader put it.
    const { offsetTop, offsetHeight } = here;
    const { scrollTop, clientHeight } = list.current;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight) {
      list.current.scrollTop = offsetTop - clientHeight / 2;
    }
  }, [step]);
  return (
    <nav class="trace" aria-label="Minimal trace">
      <h3>Minimal trace</h3>
      <ol ref={list} start={0}>
        {finding.trace.ops.map((op, index) => (
          <li key={index}>
            <a
              href={findingHash(finding, index)}
              aria-current={index === step ? "step" : undefined}
              onClick={(event) => {
                event.preventDefault();
                showStep(finding, index);
              }}
            >
              <span class="number">{index}</span>
              <span class="op">
                <code>{opText(op)}</code>
                <StepMarks finding={finding} index={index} />
              </span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function StepMarks({ finding, index }: { finding: ReportFinding; index: number }) {
  const [before, after] = [finding.before.steps[index], finding.after.steps[index]];
  if (before === undefined || after === undefined) return null;
  const differs = differingParts(before, after).length > 0;
  const here = finding.step === index;
  if (!differs && !here) return null;
  return (
    <span class="marks">
      {differs ? (
        <span class="mark differ">
          <span aria-hidden="true">≠</span> differs
        </span>
      ) : null}
      {here ? (
        <span class="mark found">
          <span aria-hidden="true">▲</span> {finding.symptom}
        </span>
      ) : null}
    </span>
  );
}
