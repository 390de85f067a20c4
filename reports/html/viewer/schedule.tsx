import type { LanePoint, ScheduleDocument } from "../../../src/races/document.ts";
import { TASKS, type Task } from "../../../src/trace/both.ts";
import { raceIn } from "../../../src/trace/race.ts";
import { eventText, opText, resultText, vmaText } from "../../optext.ts";
import { areasText, listText } from "../../racetext.ts";

/** Two tasks on one tree, lock by lock: a lane for each, time goes down. */
export function Schedule({ recorded }: { recorded: ScheduleDocument }) {
  const { on, points } = recorded;
  return (
    <section class="card schedule" aria-labelledby="lock-by-lock">
      <h2 id="lock-by-lock">Lock by lock</h2>
      <p class="muted">
        Recorded on <code>{on.backend}</code> ({on.release}), time goes down. Where a task is
        stopped or has to wait the other one goes on, and beneath stands what could be seen then.
      </p>
      <Script recorded={recorded} />
      <ol class="points" aria-label="What each task passed, in time">
        {points.map((point) => (
          <Point key={`${point.task}${point.number}${point.turn}`} point={point} />
        ))}
      </ol>
      <Outcome recorded={recorded} />
    </section>
  );
}

/** What each task runs, what was there before, and what comes after. */
function Script({ recorded: { trace } }: { recorded: ScheduleDocument }) {
  const race = raceIn(trace);
  if (race === null) return null;
  const plain = (from: number, to: number) =>
    trace.ops.slice(from, to).flatMap((op) => (op.op === "both" ? [] : [opText(op)]));
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["Before", plain(0, race.at)],
    ...TASKS.map((task) => [`Task ${task}`, race.both[task].map(opText)] as const),
    ["After", plain(race.at + 1, trace.ops.length)],
  ];
  return (
    <dl class="script">
      {lines.map(([name, ops]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{ops.length === 0 ? "nothing" : ops.join("; ")}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const TURN_TEXT = {
  on: null,
  stopped: "■ stopped here",
  waits: "◷ waits",
  through: "✓ through",
} as const;

function Point({ point: { task, number, turn, does, state } }: { point: LanePoint }) {
  const said = TURN_TEXT[turn];
  return (
    <li class={`point ${task} ${turn}`}>
      <div class="passed">
        <b class="which">
          <span class="unseen">task </span>
          {task}
          {turn === "through" ? "" : number}
        </b>{" "}
        {turn === "through" ? null : <code>{does}</code>}
        {said === null ? null : <b class="turn"> {said}</b>}
      </div>
      {state === null ? null : (
        <p class="between">
          <span>
            <span class="muted">memtype list</span> <code>{listText(state.memtype)}</code>
          </span>
          <span>
            <span class="muted">VMAs</span> <code>{areasText(state.vmas)}</code>
          </span>
        </p>
      )}
    </li>
  );
}

/** What the ops returned, what the kernel said, and what is left. */
function Outcome({ recorded: { trace, outcome } }: { recorded: ScheduleDocument }) {
  const race = raceIn(trace);
  const did = (task: Task) =>
    (race?.both[task] ?? []).map((op, index) => {
      const result = outcome.results[task][index];
      return `${opText(op)}: ${result === undefined ? "not come out" : resultText(result)}`;
    });
  const vmas = Object.entries(outcome.vmas).map(
    ([proc, some]) => `p${proc} ${some.length === 0 ? "no VMA" : some.map(vmaText).join(", ")}`,
  );
  return (
    <>
      <h3>What came of it</h3>
      <ul class="came">
        {TASKS.map((task) => (
          <li key={task}>
            Task {task}:{" "}
            <code>{[...did(task), ...outcome.events[task].map(eventText)].join("; ")}</code>
          </li>
        ))}
        <li>
          Then: memtype list <code>{listText(outcome.memtype)}</code>;{" "}
          <code>{vmas.join("; ")}</code>
        </li>
        {outcome.findings.map(({ symptom, detail }) => (
          <li key={symptom + detail} class="bad">
            <span aria-hidden="true">▲</span> {symptom}: {detail}
          </li>
        ))}
      </ul>
      <p class="muted">
        {outcome.differs.length === 0
          ? "An order of whole ops gives the same."
          : `No order of whole ops gives this (${outcome.differs.join(", ")}).`}
      </p>
    </>
  );
}
