import { glanceOfSteps } from "../../reports/glance.ts";
import { glanceSvg } from "../../reports/glancesvg.ts";
import { opText } from "../../reports/optext.ts";
import { ANSI, PLAIN } from "../../reports/paint.ts";
import { replayText } from "../../reports/replaytext.ts";
import { isUnexpected } from "../gate.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import { scenarioFaults } from "../scenarios/check.ts";
import type { Scenario } from "../scenarios/build.ts";
import { type ReplayStream, ReplayTally } from "../replay.ts";
import { wholeOrders } from "../trace/race.ts";
import { blocks, jsonPieces } from "../trace/write.ts";
import { withPair } from "./backends.ts";
import { acceptedFor } from "./baseline.ts";
import { replayOn, replayStream } from "./bothsides.ts";
import { givenTrace } from "./given.ts";
import { UserError } from "../usererror.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

export interface ReplayOptions {
  readonly before?: string;
  readonly after?: string;
  readonly json?: boolean;
  /** Print the picture of all steps instead, as SVG. */
  readonly svg?: boolean;
  /** What alone counts as a divergence. */
  readonly signature?: string;
}

/**
 * Shows a trace step by step on both sides. A scenario fails when it is not what it is expected
 * to be, any other trace when it shows a finding that nobody has accepted, or the one that is asked for.
 */
export async function replay(io: Io, file: string, options: ReplayOptions): Promise<number> {
  const { trace, sides, scenario, race } = await givenTrace(io, file, options, true);
  if (race?.both.schedule !== undefined) {
    return (await import("./interleave.ts")).replaySchedule(io, race, sides);
  }
  const ownSides = options.before === undefined && options.after === undefined;
  const print = async (result: ReplayStream) => {
    const paint = io.colour ? ANSI : PLAIN;
    const pieces =
      options.svg === true
        ? [replaySvg(result)]
        : options.json === true
          ? jsonLine(result)
          : replayText(result, io.columns, paint);
    for (const block of blocks(pieces)) {
      if (io.interrupted.aborted || io.closed) return;
      await io.out(block);
    }
  };
  const { signature } = options;
  if (scenario !== undefined && ownSides && signature === undefined) {
    const result = await withPair(sides, (pair) => replayOn(pair, trace));
    await print(result);
    const faults = scenarioFaults(scenario, result);
    if (options.json !== true && options.svg !== true) await io.out(scenarioText(scenario, faults));
    return faults.length === 0 ? EXIT.ok : EXIT.divergence;
  }
  return withPair(sides, async (pair) => {
    const accepted = await acceptedFor(pair, io);
    const counts = (finding: JudgedFinding) =>
      signature === undefined ? isUnexpected(accepted, finding) : finding.signature === signature;
    let status: number = EXIT.ok;
    for (const one of race === undefined ? [trace] : wholeOrders(race)) {
      const result = await replayStream(pair, one);
      await print(result);
      if (result.findings.some(counts)) status = EXIT.divergence;
    }
    return status;
  });
}

/** A picture has at most so many columns. */
const MOST_DRAWN = 200;

/** All steps at once, as a picture; a trace too long for one is a UserError. */
function replaySvg({ trace, before, after, steps }: ReplayStream): string {
  if (trace.ops.length > MOST_DRAWN) {
    throw new UserError(`--svg: ${trace.ops.length} ops, and a picture has room for ${MOST_DRAWN}`);
  }
  const names = { before: `before, ${oneLine(before)}`, after: `after, ${oneLine(after)}` };
  const title = oneLine(trace.name === "" ? "trace" : trace.name);
  return glanceSvg(glanceOfSteps([...steps]), { title, ...names, ops: trace.ops.map(opText) });
}

function* jsonLine(replay: ReplayStream): Generator<string> {
  const { trace, before, after, steps, findings, notComparable } = replay;
  const tally = new ReplayTally();
  const rest = () => ({ findings, ...tally, notComparable });
  yield* jsonPieces({ trace, before, after }, "steps", tally.seeing(steps), rest);
  yield "\n";
}

function scenarioText(scenario: Scenario, faults: readonly string[]): string {
  const about = `${scenario.ref}: ${scenario.title}.`;
  if (faults.length === 0) return `${about} As expected.\n`;
  return `${about} Not as expected:\n${faults.map((fault) => `  ${fault}\n`).join("")}`;
}
