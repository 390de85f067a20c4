import { SIDES, type Side } from "../../../src/oracle/severity.ts";
import { CELL_STATES, CELL_WORDS, cellText, type Glance, glanceOf } from "../../glance.ts";
import { pagesText } from "../../glancetext.ts";
import { opText } from "../../optext.ts";
import { sideName } from "../words.ts";
import type { Subject } from "./subject.ts";

export interface GlanceProps {
  readonly subject: Subject;
  readonly step: number;
}

/** All steps at once: steps across, pages down, both sides; what differs is outlined, a column leads to its step. */
export function GlanceCard({ subject, step }: GlanceProps) {
  const glance = glanceOf({ before: subject.before.steps, after: subject.after.steps });
  if (glance.rows.length === 0) return null;
  return (
    <section class="card glance" aria-labelledby="glance-title">
      <h2 id="glance-title">All steps at a glance</h2>
      <div class="scroll" tabIndex={0} role="group" aria-label="Pages by step">
        <table>
          <thead>
            <tr>
              <th scope="col">step</th>
              {subject.trace.ops.map((op, index) => (
                <th key={index} scope="col" class={index === step ? "here" : ""}>
                  <button
                    type="button"
                    title={opText(op)}
                    aria-label={`Step ${index}: ${opText(op)}`}
                    aria-pressed={index === step}
                    onClick={() => subject.show(index)}
                  >
                    {index}
                    {subject.found.some((one) => one.step === index) ? (
                      <span aria-hidden="true">▲</span>
                    ) : null}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          {SIDES.map((side) => (
            <SideRows key={side} {...{ side, glance, step }} name={sideName(subject.names, side)} />
          ))}
        </table>
      </div>
      <p class="small muted glance-key">
        {CELL_STATES.filter((state) => state !== "empty").map((state) => (
          <span key={state}>
            <b class={`cell ${state}`}>{cellText({ state, refs: null })}</b> {CELL_WORDS[state]}
          </span>
        ))}
        <span>a number: the context’s count</span>
        <span>
          <b class="cell differs">≠</b> the sides differ (:MODE is all that does)
        </span>
      </p>
    </section>
  );
}

interface SideRowsProps {
  readonly side: Side;
  readonly glance: Glance;
  readonly step: number;
  readonly name: string;
}

function SideRows({ side, glance: { rows, steps }, step, name }: SideRowsProps) {
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={steps + 1} class="glance-side">
          {name}
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.start}>
          <th scope="row">{pagesText(row)}</th>
          {row[side].map((cell, index) => {
            const differs = row.differs[index] === true;
            return (
              <td
                key={index}
                class={`cell ${cell.state} ${differs ? "differs" : ""} ${index === step ? "here" : ""}`}
                title={CELL_WORDS[cell.state]}
              >
                {cellText(cell)}
                {differs ? <span class="unseen"> differs</span> : null}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}
