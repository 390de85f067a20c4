import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import type { Replay } from "../../../../src/replay.ts";
import type { Op, OpKind } from "../../../../src/trace/op.ts";
import { opText } from "../../../optext.ts";
import type { Bench, BenchFault } from "./bench.ts";
import { Choice, KIND_GROUPS, Labelled, OpForm } from "./opform.tsx";
import { moved, opOf } from "./ops.ts";

export interface OpListProps {
  readonly bench: Bench;
  readonly step: number;
  readonly replay: Replay | null;
  readonly fault: BenchFault | null;
  readonly onLook: (step: number) => void;
  /** The ops, and the one to look at. */
  readonly onOps: (ops: readonly Op[], step: number) => void;
}

/** The ops of the trace: one is chosen, which can be changed, moved, doubled and dropped. */
export function OpList({ bench, step, replay, fault, onLook, onOps }: OpListProps) {
  const { ops } = bench.trace;
  const put = (at: number, ...now: Op[]) =>
    onOps([...ops.slice(0, at), ...now, ...ops.slice(at + 1)], at + Math.max(0, now.length - 1));
  return (
    <section class="card ops" aria-labelledby="ops-title">
      <h2 id="ops-title">Operations</h2>
      <ol start={0}>
        {ops.map((op, index) => (
          <li key={index} class={index === step ? "chosen" : ""}>
            <Row
              op={op}
              index={index}
              isChosen={index === step}
              marks={marksOf(replay, index)}
              isFaulty={fault?.op === index}
              onLook={onLook}
            />
            {index === step ? (
              <>
                <OpForm
                  op={op}
                  onChange={(changed) => put(index, changed)}
                  onKind={(kind) => put(index, opOf(kind, op, without(bench, index)))}
                />
                <OpTools
                  index={index}
                  last={ops.length - 1}
                  onMove={(to) => onOps(moved(ops, index, to), to)}
                  onDouble={() => put(index, op, opOf(op.op, op, bench.trace))}
                  onDrop={() => put(index)}
                />
              </>
            ) : null}
          </li>
        ))}
      </ol>
      <AddOp
        onAdd={(kind) => {
          const at = ops[step];
          const added = opOf(kind, at ?? {}, bench.trace);
          if (at === undefined) onOps([added], 0);
          else put(step, at, added);
        }}
      />
    </section>
  );
}

function without({ trace }: Bench, index: number): Bench["trace"] {
  return { ...trace, ops: trace.ops.filter((_, at) => at !== index) };
}

/** What a list says of a step: in a few characters, and in words. */
function marksOf(replay: Replay | null, index: number): string {
  const step = replay?.steps[index];
  if (step === undefined) return "";
  const symptoms = [...new Set(step.findings.map(({ symptom }) => symptom))];
  return [...(step.differs.length > 0 ? ["≠ differs"] : []), ...symptoms.map((s) => `▲ ${s}`)].join(
    ", ",
  );
}

interface RowProps {
  readonly op: Op;
  readonly index: number;
  readonly isChosen: boolean;
  readonly marks: string;
  readonly isFaulty: boolean;
  readonly onLook: (step: number) => void;
}

/** Drawn anew only when it has changed: a long trace stays fluent. */
const Row = memo(function Row({ op, index, isChosen, marks, isFaulty, onLook }: RowProps) {
  return (
    <button
      type="button"
      class={`oprow ${isFaulty ? "faulty" : ""}`}
      aria-pressed={isChosen}
      onClick={() => onLook(index)}
    >
      <span class="number">{index}</span>
      <span>
        <code>{opText(op)}</code>
        {marks === "" ? null : <span class="oprow-marks">{marks}</span>}
        {isFaulty ? <span class="oprow-marks">✗ cannot be</span> : null}
      </span>
    </button>
  );
});

interface OpToolsProps {
  readonly index: number;
  readonly last: number;
  readonly onMove: (to: number) => void;
  readonly onDouble: () => void;
  readonly onDrop: () => void;
}

function OpTools({ index, last, onMove, onDouble, onDrop }: OpToolsProps) {
  return (
    <div class="optools" role="group" aria-label={`Operation ${index}`}>
      <button type="button" disabled={index === 0} onClick={() => onMove(index - 1)}>
        <span aria-hidden="true">↑</span> Earlier
      </button>
      <button type="button" disabled={index === last} onClick={() => onMove(index + 1)}>
        <span aria-hidden="true">↓</span> Later
      </button>
      <button type="button" onClick={onDouble}>
        Double
      </button>
      <button type="button" onClick={onDrop}>
        Drop
      </button>
    </div>
  );
}

function AddOp({ onAdd }: { onAdd: (kind: OpKind) => void }) {
  const [kind, setKind] = useState<OpKind>("munmap");
  return (
    <div class="addop">
      <Labelled name="Add">
        <Choice value={kind} groups={KIND_GROUPS} onChoose={setKind} />
      </Labelled>
      <button type="button" onClick={() => onAdd(kind)}>
        Add after this one
      </button>
    </div>
  );
}
