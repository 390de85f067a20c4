import type { Design, Step } from "../../../src/trace/recording.ts";
import type { Side } from "../../../src/oracle/finding.ts";
import { SIDE_NAME } from "../words.ts";
import type { Extent } from "./extent.ts";
import { Functions } from "./functions.tsx";
import type { Work } from "./sandbox/work.ts";
import { PhysicalMap } from "./physicalmap.tsx";
import { changeLines, logLines, outcomeText, stateNotes } from "./sidetext.ts";
import { type StateMap, stateMap } from "./statemap.ts";
import { VirtualMap } from "./virtualmap.tsx";

export interface LaneProps {
  readonly side: Side;
  readonly backend: string;
  readonly kernel: string | undefined;
  readonly design: Design | undefined;
  readonly steps: readonly Step[];
  readonly step: number;
  readonly extent: Extent;
  readonly work: Work;
  /** A sentence for each finding that shows here. */
  readonly found: readonly string[];
}

const DESIGN_TEXT: Readonly<Record<Design, string>> = {
  "vm-pat": "a flag on each VMA; the range is derived again",
  kref: "a counted context that the VMAs share",
};

/** One side after one step: what holds, who maps what, what is reserved, what the kernel said. */
export function Lane(props: LaneProps) {
  const { side, backend, kernel, design, steps, step, extent, found, work } = props;
  const now = steps[step];
  if (now === undefined) return null;
  const previous = steps[step - 1] ?? null;
  const map = stateMap(now, previous);
  const failed = "errno" in now.result;
  const log = logLines(now);
  const title = `lane-${side}`;
  return (
    <section class={`lane ${side}`} aria-labelledby={title}>
      <header>
        <h3 id={title}>{SIDE_NAME[side]}</h3>
        <code>{backend}</code>
        {kernel === undefined ? null : <code>Linux {kernel}</code>}
        <span class={`outcome ${failed ? "failed" : ""}`}>
          <span aria-hidden="true">{failed ? "✗" : "✓"}</span> {outcomeText(now)}
        </span>
        {design === undefined ? null : <p class="small muted">{DESIGN_TEXT[design]}</p>}
      </header>
      <Notes map={map} design={design} events={now.events} found={found} />
      <Functions work={work} step={step} backend={backend} />
      <VirtualMap procs={map.procs} extent={extent.virtual} />
      <PhysicalMap map={map} extent={extent.physical} />
      <Log lines={log} />
      <Changes step={now} previous={previous} />
    </section>
  );
}

const TONE_MARK = { good: "✓", wait: "◷", bad: "▲" } as const;

interface NotesProps extends Pick<LaneProps, "design" | "found"> {
  readonly map: StateMap;
  readonly events: Step["events"];
}

/** The finding where it shows, and else what there is to say about the state. */
function Notes({ map, design, events, found }: NotesProps) {
  // A finding about the log says it better than the note about the log.
  const said = found.length === 0 ? events : [];
  const notes = stateNotes(map, design, said).filter(
    ({ tone }) => found.length === 0 || tone === "bad",
  );
  return (
    <div class="notes">
      {found.map((sentence) => (
        <p key={sentence} class="bad here">
          <span aria-hidden="true">▲</span> Finding: {sentence.replace(/\.$/, "")}.
        </p>
      ))}
      {notes.map(({ tone, text }) => (
        <p key={text} class={tone}>
          <span aria-hidden="true">{TONE_MARK[tone]}</span> {text}
        </p>
      ))}
    </div>
  );
}

function Log({ lines }: { lines: readonly string[] }) {
  return (
    <div class="log">
      <h4>Kernel log</h4>
      {lines.length === 0 ? <p class="muted small">silent</p> : null}
      {lines.map((line, index) => (
        <p key={index} class="event">
          <span aria-hidden="true">▸</span> <code>{line}</code>
        </p>
      ))}
    </div>
  );
}

function Changes({ step, previous }: { step: Step; previous: Step | null }) {
  const lines = changeLines(step, previous);
  return (
    <div class="changes">
      <h4>Changed at this step</h4>
      {lines.length === 0 ? <p class="muted small">nothing</p> : null}
      <ul>
        {lines.map(({ sign, text }, index) => (
          <li key={index} class={sign === "+" ? "came" : "went"}>
            <span class="sign">{sign}</span> <code>{text}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
