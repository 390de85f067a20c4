import { plural } from "./numbers.ts";
import type { JudgedFinding, Side } from "../src/oracle/finding.ts";
import { type ReplayStep, type ReplayStream, ReplayTally } from "../src/replay.ts";
import type { Op } from "../src/trace/op.ts";
import type { Request } from "../src/trace/recording.ts";
import type { Trace } from "../src/trace/trace.ts";
import { requestText, worksText } from "./askedtext.ts";
import { cleaned } from "./clean.ts";
import { wrap } from "./folded.ts";
import { glanceOfSteps } from "./glance.ts";
import { glanceKey, glanceText } from "./glancetext.ts";
import { opText } from "./optext.ts";
import { fit, type Paint, pad } from "./paint.ts";
import { type Row, stepRows } from "./rows.ts";
import { limitsText, regionText } from "./worldtext.ts";

/** Terminals from this width on get the two sides next to each other. */
const TWO_LANES = 100;
const LABEL = 8;
const MOST_AT_A_GLANCE = 40;

/**
 * A replay for a terminal of `columns`: every step, both sides, differing lines marked "!". In
 * pieces: that of a long trace would be longer than a string may be.
 */
export function* replayText(raw: ReplayStream, columns: number, paint: Paint): Generator<string> {
  const replay: ReplayStream = {
    ...raw,
    before: cleaned(raw.before),
    after: cleaned(raw.after),
    trace: { ...raw.trace, name: cleaned(raw.trace.name) },
  };
  const lane = Math.floor((columns - LABEL - 6) / 2);
  const twoLanes = columns >= TWO_LANES;
  const names = Math.max(replay.before.length, replay.after.length) + 2;
  const draw = (row: Row) =>
    twoLanes && row.isSentence !== true
      ? [laneLine(row, lane, paint)]
      : stackedLines(row, replay, names, columns, paint);
  const lines = [...heading(replay), ""];
  if (twoLanes) {
    const sides = `${pad(replay.before, lane)}  ${replay.after}`;
    lines.push(paint.strong(`  ${pad("", LABEL)}  ${sides}`), "");
  }
  yield text(lines);
  const tally = new ReplayTally();
  let last: ReplayStep | null = null;
  // A longer trace is not kept, and its picture would be wider than any terminal.
  const isShort = replay.trace.ops.length <= MOST_AT_A_GLANCE;
  const kept: ReplayStep[] = [];
  for (const step of tally.seeing(replay.steps)) {
    const title = paint.strong(`step ${step.index}  ${opText(step.op)}`);
    yield text([title, ...stepRows(step, last).flatMap(draw), ...findingLines(step, paint), ""]);
    last = step;
    if (isShort) kept.push(step);
  }
  yield text(glanceLines(kept, columns));
  yield text([...summary(replay, tally), ...modeLines(replay, tally, columns)]);
}

/** All steps of a short trace at once, where that fits into the terminal. */
function glanceLines(steps: readonly ReplayStep[], columns: number): string[] {
  if (steps.length === 0) return [];
  const glance = glanceOfSteps(steps);
  const drawn = glanceText(glance);
  if (drawn.some((line) => line.length > columns)) return [];
  return [
    "All steps at a glance:",
    ...drawn.map((line) => `  ${line}`),
    ...wrap("  ", glanceKey(glance), columns),
    "",
  ];
}

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

function heading(replay: ReplayStream): string[] {
  const { world } = replay.trace;
  const region = `${plural(world.pfns, "pfn")} of ${regionText(world)}`;
  const name = replay.trace.name === "" ? "trace" : replay.trace.name;
  return [
    `${name}: ${plural(replay.trace.ops.length, "op")}; ${region}, ${plural(world.vpages, "virtual page")}${limitsText(world)}`,
    `before ${ranOn(replay, "before")}, after ${ranOn(replay, "after")}; "!" marks what differs, ">>" a finding`,
  ];
}

/** A side's name, with the whole release of a kernel. */
function ranOn({ kernels, ...names }: ReplayStream, side: Side): string {
  const release = kernels[side];
  return release === null ? names[side] : `${names[side]} (Linux ${cleaned(release)})`;
}

function laneLine(row: Row, lane: number, paint: Paint): string {
  const label = pad(row.label, LABEL);
  const text = `${pad(fit(row.before, lane), lane)}  ${fit(row.after, lane)}`.trimEnd();
  return row.differs ? paint.bad(`! ${label}  ${text}`) : `  ${label}  ${text}`;
}

function stackedLines(
  row: Row,
  replay: ReplayStream,
  names: number,
  columns: number,
  paint: Paint,
): string[] {
  const label = pad(row.label, LABEL);
  // A sentence goes on in the next line; anything else is one line however long it is.
  const width = row.isSentence === true ? columns : Number.POSITIVE_INFINITY;
  if (!row.differs) return wrap(`  ${label}  `, row.before, width);
  return [
    ...wrap(`! ${label}  ${pad(replay.before, names)}`, row.before, width),
    ...wrap(`! ${pad("", LABEL)}  ${pad(replay.after, names)}`, row.after, width),
  ].map((line) => paint.bad(line));
}

function findingLines(step: ReplayStep, paint: Paint): string[] {
  return step.findings.map((finding) => {
    const line = `  >> ${cleaned(finding.signature)} (${finding.side}): ${cleaned(finding.detail)}`;
    return finding.verdict === "fixed" ? paint.good(line) : paint.bad(line);
  });
}

function summary(
  { findings, notComparable }: ReplayStream,
  { firstDifference }: ReplayTally,
): string[] {
  const first =
    firstDifference === null
      ? "the sides never differ"
      : `the sides first differ at step ${firstDifference}`;
  const apart =
    notComparable === 0
      ? []
      : [`${notComparable} steps were not comparable: the sides had different VMAs.`];
  return [`${countText(findings)}; ${first}.`, ...apart];
}

/** So many requests that did not get what they asked for are told of; the others are counted. */
const MOST_TOLD = 20;

/** Every request that was given another cache mode than it asked for, or refused, and why. */
function modeLines(
  { trace, before, after }: ReplayStream,
  { modes }: ReplayTally,
  columns: number,
): string[] {
  if (modes.length === 0) return [];
  const lines = modes.slice(0, MOST_TOLD).flatMap((outcome) => {
    const op = trace.ops[outcome.step] as Op;
    const tell = (request: Request | null) =>
      request === null ? [] : outcomeLines(request, op, trace);
    const [left, right] = [tell(outcome.before), tell(outcome.after)];
    const isShared = left.join("\n") === right.join("\n");
    const fold = (lead: string) => (line: string) => wrap(lead, line, columns);
    return [
      `  step ${outcome.step}  ${opText(op)}`,
      ...(isShared
        ? left.flatMap(fold("    both sides: "))
        : [...left.flatMap(fold(`    ${before}: `)), ...right.flatMap(fold(`    ${after}: `))]),
    ];
  });
  const more = modes.length - MOST_TOLD;
  return [
    "",
    "Cache modes that were asked for and not got:",
    ...lines,
    ...(more > 0 ? [`  and ${more} more, which --json has`] : []),
  ];
}

function outcomeLines(request: Request, op: Op, { world }: Trace): string[] {
  const works = worksText(request, op, world);
  return [requestText(request), ...(works === null ? [] : [works])];
}

function countText(findings: readonly JudgedFinding[]): string {
  const signatures = new Set(findings.map((finding) => finding.signature)).size;
  if (signatures === 0) return "No finding";
  return signatures === 1 ? "1 finding" : `${signatures} findings`;
}
