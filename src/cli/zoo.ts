import { keyOf } from "../../fuzz/trial.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { shrinkLater } from "../../fuzz/shrink.ts";
import { opText } from "../../reports/optext.ts";
import { foldedTable, wrapped } from "../../reports/folded.ts";
import { TwoSides } from "../engine/twosides.ts";
import type { Trace } from "../trace/trace.ts";
import { openModels } from "./backends.ts";
import { EXIT, type Io } from "./io.ts";
import { chosen } from "./options.ts";
import { LiveLine } from "./progress.ts";
import { NOT_IN_ZOO, ZOO, type ZooBug } from "./zoolist.ts";

export interface ZooOptions {
  readonly ops: number;
  readonly seed: number;
  readonly seeds: number;
  readonly only?: string;
  readonly json?: boolean;
}

/** What a blind campaign came to for one bug. */
interface ZooResult extends Omit<ZooBug, "shows"> {
  /** Ops until it was found, for each seed; null where it was not. */
  readonly ops: readonly (number | null)[];
  /** Symptom and cause. */
  readonly signature: string | null;
  /** The shortest trace that any of the seeds led to. */
  readonly witness: Trace | null;
}

interface Catch {
  readonly ops: number;
  readonly signature: string;
  readonly trace: Trace;
}

/** Looks for every known bug with traces that know nothing of it. */
export async function zoo(io: Io, options: ZooOptions): Promise<number> {
  const bugs = chosen(
    ZOO,
    ({ id }) => id,
    options.only,
    (id, only) => id === only,
  );
  const line = new LiveLine(io);
  const results: ZooResult[] = [];
  for (const [index, bug] of bugs.entries()) {
    line.show(() => `${index} of ${bugs.length} bugs, now ${bug.id}: ${bug.title}`);
    results.push(await lookFor(io, bug, options));
    if (io.interrupted.aborted) break;
  }
  line.clear();
  const { ops, seed, seeds } = options;
  const report = { format: "pfndiff/zoo@1", ops, seed, seeds, bugs: results };
  const shown = options.json === true ? `${JSON.stringify(report)}\n` : text(io, results, options);
  await io.out(shown);
  if (io.interrupted.aborted) return EXIT.interrupted;
  return results.every(({ ops: all }) => all.every((n) => n !== null)) ? EXIT.ok : EXIT.divergence;
}

async function lookFor(io: Io, bug: ZooBug, { ops, seed, seeds }: ZooOptions): Promise<ZooResult> {
  const { before, after } = await openModels({ before: bug.has, after: bug.lacks });
  const both = new TwoSides(before, after);
  const { shows, ...label } = bug;
  const keyIn = (trace: Trace) => showsIn(both, trace, shows);
  const found: (number | null)[] = [];
  let best: { signature: string; trace: Trace } | null = null;
  for (let n = 0; n < seeds && !io.interrupted.aborted; n++) {
    const caught = await search(keyIn, seed + n, ops, () => io.interrupted.aborted);
    found.push(caught?.ops ?? null);
    if (caught === null) continue;
    const { signature } = caught;
    const holds = async (trace: Trace) => keyIn(trace)?.signature === signature;
    const trace = await shrinkLater(caught.trace, holds);
    if (best === null || trace.ops.length < best.trace.ops.length) best = { signature, trace };
  }
  return { ...label, ops: found, signature: best?.signature ?? null, witness: best?.trace ?? null };
}

/** The first of the bug's findings that only the side that has it shows, or both in difference. */
function showsIn(
  both: TwoSides,
  trace: Trace,
  shows: RegExp,
): { signature: string; step: number } | null {
  const { findings } = both.run(trace);
  const lacking = new Set(
    findings.filter((f) => f.side === "after" && f.symptom !== "errno").map(keyOf),
  );
  for (const finding of findings) {
    const key = keyOf(finding);
    const shown = `${key} in ${trace.ops[finding.step]?.op}`;
    if (shows.test(shown) && !lacking.has(key)) return { signature: key, step: finding.step };
  }
  return null;
}

async function search(
  keyIn: (trace: Trace) => { signature: string; step: number } | null,
  seed: number,
  most: number,
  isStopped: () => boolean,
): Promise<Catch | null> {
  let ops = 0;
  for (let run = 0; ops < most && !isStopped(); run++) {
    const trace = anyTrace(seed, run);
    const key = keyIn(trace);
    if (key !== null) return { ops: ops + key.step + 1, signature: key.signature, trace };
    ops += trace.ops.length;
    if (run % 64 === 63) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return null;
}

function median(all: readonly (number | null)[]): string {
  const ops = all.map((n) => n ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const middle = ops[(ops.length - 1) >> 1];
  return middle === undefined || !Number.isFinite(middle) ? "-" : String(middle);
}

function text(
  { columns }: Io,
  results: readonly ZooResult[],
  { ops, seed, seeds, only }: ZooOptions,
): string {
  const rows = results.map((result) => [
    result.id,
    result.has,
    result.lacks,
    `${result.ops.filter((n) => n !== null).length}/${result.ops.length}`,
    median(result.ops),
    result.signature ?? "-",
    result.title,
  ]);
  const head = ["bug", "has it", "lacks it", "found", "ops", "shown as", "what it is"];
  const witnesses = results.flatMap(({ id, witness }) =>
    witness === null ? [] : [wrapped(`${id}: ${witness.ops.map(opText).join("; ")}`, columns)],
  );
  return [
    foldedTable(head, rows, columns),
    `ops: the median over ${seeds} seeds from ${seed}, of at most ${ops}\n`,
    "Shortest witnesses\n",
    `${witnesses.join("\n")}\n`,
    ...(only === undefined
      ? ["Not looked for by themselves\n", foldedTable(["bugs", "why"], NOT_IN_ZOO, columns)]
      : []),
  ].join("\n");
}
