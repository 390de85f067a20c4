import { useState } from "preact/hooks";
import type { Replay } from "../../../../src/replay.ts";
import { CopyOffers } from "../copybuttons.tsx";
import { type Bench, benchProgram } from "./bench.ts";

export interface ExportsProps {
  readonly bench: Bench;
  readonly replay: Replay;
  /** The fragment that leads here. */
  readonly link: string;
}

/** The trace as a link, JSON, a command and a C program. */
export function Exports({ bench, replay, link }: ExportsProps) {
  const [isOpen, setOpen] = useState(false);
  const json = JSON.stringify(bench.trace);
  const program = isOpen ? benchProgram(bench, replay) : null;
  return (
    <section class="card exports" aria-labelledby="exports-title">
      <h2 id="exports-title">Take it along</h2>
      <p class="small muted">
        The address of this page holds the trace. <code>npx pfndiff replay</code> takes what begins
        with <code>#/try/</code> in it, or the trace on standard input.
      </p>
      <CopyOffers
        offers={[
          ["link", linkText(link)],
          ["trace JSON", json],
          ["replay command", replayCommand(bench, json)],
        ]}
      />
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>C program</summary>
        {program === null ? null : "why" in program ? (
          <p>{program.why}</p>
        ) : (
          <>
            <CopyOffers offers={[["C", program.text]]} />
            <pre tabIndex={0}>{program.text}</pre>
          </>
        )}
      </details>
      <details>
        <summary>Trace JSON</summary>
        <pre tabIndex={0}>{JSON.stringify(bench.trace, null, 1)}</pre>
      </details>
    </section>
  );
}

/** A page that lies on somebody's disk has an address that means nothing elsewhere, but for its end. */
function linkText(link: string): string {
  return location.protocol === "file:" ? link : new URL(link, location.href).href;
}

/** A command that works wherever pfndiff is: the trace is on its standard input. */
function replayCommand({ before, after }: Bench, json: string): string {
  const quoted = json.replaceAll("'", "'\\''");
  return `printf %s '${quoted}' | npx pfndiff replay - --before ${before} --after ${after}`;
}
