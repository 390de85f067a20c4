import type { ReportData, ReportFinding } from "../../data.ts";
import { grouped, plural, retentionText } from "../../numbers.ts";
import { headline } from "../words.ts";

import { countPages, heldPages } from "./statemap.ts";
import { findingHash } from "./route.ts";

/** Signatures found so far, over the runs of the campaign. */
export function SignatureChart({ report }: { report: ReportData }) {
  const { runs } = report.campaign;
  const firsts = report.findings
    .flatMap(({ firstRun }) => (firstRun === null ? [] : [firstRun]))
    .sort((a, b) => a - b);
  const last = firsts.at(-1);
  if (last === undefined) return null;
  const points = firsts.map((run, index) => ({ x: run + 1, y: index + 1 }));
  const caption = `${plural(firsts.length, "signature")}; the last new one in run ${grouped(last)} of ${grouped(runs)}`;
  return (
    <section class="card" aria-labelledby="signatures-title">
      <h2 id="signatures-title">Findings over the campaign</h2>
      <StairChart points={points} xMax={runs} label={caption} />
      <p class="muted small">{caption}.</p>
    </section>
  );
}

/** What over-retention cost in the campaign, and where it shows in the minimal traces. */
export function OverRetention({ report }: { report: ReportData }) {
  const { before: was, after: is, retention, retentionBefore } = report.campaign;
  const bars = report.findings
    .map((finding) => ({
      finding,
      before: pageOps(finding, "before"),
      after: pageOps(finding, "after"),
    }))
    .filter(({ before, after }) => before + after > 0)
    .sort((a, b) => b.before + b.after - a.before - a.after)
    .slice(0, 5);
  return (
    <section class="card" aria-labelledby="retention-title">
      <h2 id="retention-title">Pages held past their last mapping</h2>
      <p class="small muted">
        In all runs,{" "}
        {retentionBefore === undefined ? "" : `${was}: ${retentionText(retentionBefore)}; `}
        {is}: {retentionText(retention)}.
      </p>
      {bars.length > 0 ? <HeldBars bars={bars} /> : null}
    </section>
  );
}

interface HeldBar {
  readonly finding: ReportFinding;
  readonly before: number;
  readonly after: number;
}

function HeldBars({ bars }: { bars: readonly HeldBar[] }) {
  const most = Math.max(...bars.map(({ before, after }) => Math.max(before, after)));
  return (
    <>
      <h3>In the minimal traces, in page-ops</h3>
      <ul class="heldbars">
        {bars.map(({ finding, before, after }) => (
          <li key={finding.signature}>
            <a href={findingHash(finding)}>
              {headline(finding)} ({finding.verdict})
            </a>
            <HeldLine name="Before" value={before} most={most} />
            <HeldLine name="After" value={after} most={most} />
          </li>
        ))}
      </ul>
    </>
  );
}

function HeldLine({ name, value, most }: { name: string; value: number; most: number }) {
  return (
    <span class={`heldline ${name.toLowerCase()}`}>
      <span class="muted">{name}</span>
      <span class="heldtrack">
        <span class="heldbar" style={{ width: `${(value / most) * 100}%` }} />
      </span>
      <span>{value}</span>
    </span>
  );
}

/** Pages that are reserved and mapped by nobody, summed over the steps of a finding's trace. */
function pageOps(finding: ReportFinding, side: "before" | "after"): number {
  return finding[side].steps.reduce((sum, step) => sum + countPages(heldPages(step)), 0);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const WIDE = 340;
const HIGH = 132;
const INSET = { left: 38, right: 12, top: 10, bottom: 24 };

interface StairChartProps {
  readonly points: readonly Point[];
  readonly xMax: number;
  readonly label: string;
}

/** A rising stair over runs, on a logarithmic axis: most happens early. */
function StairChart({ points, xMax, label }: StairChartProps) {
  const right = Math.max(10, xMax);
  const share = (value: number) => Math.log10(Math.max(1, value)) / Math.log10(right);
  const top = Math.max(1, ...points.map(({ y }) => y));
  const x = (value: number) => INSET.left + share(value) * (WIDE - INSET.left - INSET.right);
  const y = (value: number) =>
    HIGH - INSET.bottom - (value / top) * (HIGH - INSET.top - INSET.bottom);
  const floor = y(0);
  const stairs = points.map((point) => `H${x(point.x).toFixed(1)}V${y(point.y).toFixed(1)}`);
  const line = `M${x(0)} ${floor}${stairs.join("")}H${x(right)}`;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={label}>
      {[0, top].map((value) => (
        <g key={value}>
          <line class="grid" x1={INSET.left} x2={WIDE - INSET.right} y1={y(value)} y2={y(value)} />
          <text x={INSET.left - 6} y={y(value) + 4} text-anchor="end">
            {short(value)}
          </text>
        </g>
      ))}
      {decades(right).map((run) => (
        <text key={run} x={x(run)} y={HIGH - 6} text-anchor="middle">
          {short(run)}
        </text>
      ))}
      <path class="area" d={`${line}V${floor}Z`} />
      <path class="line" d={line} />
    </svg>
  );
}

function decades(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, power) => 10 ** power);
}

function short(value: number): string {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  return value >= 1e3 ? `${+(value / 1e3).toPrecision(3)}k` : String(value);
}
