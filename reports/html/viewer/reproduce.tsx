import { useMemo, useRef, useState } from "preact/hooks";
import type { ReportData, ReportFinding } from "../../data.ts";
import type { Program } from "../../repro/program.ts";
import { CopyOffers } from "./copybuttons.tsx";
import { byRelease } from "./sandbox/reproducer.ts";
import { type Made, madeBy, programOf, type Way, waysOf } from "./ways.ts";

export interface ReproduceProps {
  readonly report: ReportData;
  readonly finding: ReportFinding;
}

/** How to see a finding again: a trace, programs for a kernel, and a mail, each with how to run it and what FAIL looks like. */
export function Reproduce({ report, finding }: ReproduceProps) {
  const [chosen, choose] = useState(0);
  const { campaign } = report;
  const program = useMemo(() => programOf(campaign, finding), [campaign, finding]);
  const ways = useMemo(() => waysOf(campaign, finding), [campaign, finding]);
  const way = ways[chosen];
  if (way === undefined) throw new Error("there is a way behind every tab");
  return (
    <section class="card reproduce" aria-labelledby="reproduce-title">
      <h2 id="reproduce-title">Reproduce</h2>
      <Tabs {...{ ways, chosen, choose }} />
      <div id="way" role="tabpanel" aria-labelledby={`way-${chosen}`}>
        <WayPanel way={way} />
      </div>
      <Results report={report} finding={finding} program={program} />
    </section>
  );
}

interface TabsProps {
  readonly ways: readonly Way[];
  readonly chosen: number;
  readonly choose: (way: number) => void;
}

/** The arrows go from tab to tab, and not through the steps as elsewhere. */
function Tabs({ ways, chosen, choose }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (chosen + step + ways.length) % ways.length;
    choose(next);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Ways to reproduce it" ref={list} onKeyDown={onKey}>
      {ways.map(({ name }, at) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`way-${at}`}
          aria-selected={at === chosen}
          aria-controls="way"
          tabIndex={at === chosen ? 0 : -1}
          onClick={() => choose(at)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function WayPanel({ way }: { way: Way }) {
  const made = useMemo(() => madeBy(way.text), [way]);
  if ("why" in made) return <p class="muted">There is none: {made.why}.</p>;
  return (
    <>
      <dl class="facts">
        <dt>Run</dt>
        <dd>
          <code class="run">{way.run}</code>
        </dd>
        <dt>FAIL is</dt>
        <dd>{way.shows}</dd>
      </dl>
      <CopyOffers offers={[[way.name, made.made]]} />
      <pre tabIndex={0}>{made.made}</pre>
    </>
  );
}

/** Who was asked, and what came of it: the campaign's own sides, kernels recorded on the trace, the models of all releases. */
function Results({ report, finding, program }: ReproduceProps & { program: Made<Program> }) {
  const models = useMemo(() => ("why" in program ? null : byRelease(program.made)), [program]);
  if ("why" in program || models === null) return null;
  const kernels = kernelsOf(report, finding);
  return (
    <>
      <h3>Recorded results</h3>
      <table class="results">
        <tbody>
          {[...program.made.sides, ...kernels].map(({ name, passes }) => (
            <Result key={name} name={name} passes={passes} />
          ))}
          <Result
            name={`models of ${models.fails.join(", ")}`}
            passes={false}
            count={models.fails.length}
          />
          <Result
            name={`models of ${models.passes.join(", ")}`}
            passes
            count={models.passes.length}
          />
        </tbody>
      </table>
      {kernels.length > 0 ? null : (
        <p class="muted">No kernel was recorded on this trace; a reproducer asks one.</p>
      )}
    </>
  );
}

/** Kernels that were recorded on the finding's trace, and those of the matrix besides. */
function kernelsOf({ matrix }: ReportData, finding: ReportFinding) {
  const { signature, before, after } = finding;
  const kernels = (finding.kernels ?? []).filter(
    ({ release }) => release !== before.kernel && release !== after.kernel,
  );
  const row = matrix?.groups.flatMap(({ rows }) => rows).find((one) => one.signature === signature);
  const asked = (matrix?.columns ?? []).flatMap((column, at) => {
    const cell = row?.cells[at];
    if (!column.startsWith("kernel:") || (cell !== "shows" && cell !== "silent")) return [];
    return [{ name: column, passes: cell === "silent" }];
  });
  return [
    ...kernels.map(({ release, passes }) => ({ name: `Linux ${release}`, passes })),
    ...asked,
  ];
}

function Result({ name, passes, count = 1 }: { name: string; passes: boolean; count?: number }) {
  if (count === 0) return null;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class={passes ? "pass" : "fail"}>
        <span aria-hidden="true">{passes ? "✓" : "▲"}</span> {passes ? "PASS" : "FAIL"}
      </td>
    </tr>
  );
}
