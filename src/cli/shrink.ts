import { shrinkLater } from "../../fuzz/shrink.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE, openPair } from "./backends.ts";
import { differentialOf } from "./campaign.ts";
import { onlyTraceIn } from "./files.ts";
import { EXIT, type Io } from "./io.ts";

export interface ShrinkOptions {
  readonly before?: string;
  readonly after?: string;
  readonly signature?: string;
}

/** Prints the simplest trace near the given one that still shows one of its findings. */
export async function shrink(io: Io, file: string, options: ShrinkOptions): Promise<number> {
  const { trace, sides } = await onlyTraceIn(io, file);
  const pair = await openPair({
    before: options.before ?? sides?.before ?? DEFAULT_BEFORE,
    after: options.after ?? sides?.after ?? DEFAULT_AFTER,
  });
  const differential = differentialOf(pair);
  const { findings } = await differential(trace);
  const { signature } = chosen(
    findings,
    options.signature,
    `${pair.before.id} and ${pair.after.id}`,
  );
  const holds = async (candidate: Trace) => {
    // An interrupt ends the search: nothing simpler holds any more.
    if (io.interrupted.aborted) return false;
    return (await differential(candidate)).findings.some((f) => f.signature === signature);
  };
  const shrunk = await shrinkLater(trace, holds);
  io.err(`${signature}: ${trace.ops.length} ops shrunk to ${shrunk.ops.length}\n`);
  await io.out(`${JSON.stringify({ ...shrunk, name: signature })}\n`);
  return EXIT.ok;
}

function chosen(
  findings: readonly JudgedFinding[],
  wanted: string | undefined,
  between: string,
): JudgedFinding {
  const found = findings.find(({ signature }) => wanted === undefined || signature === wanted);
  if (found !== undefined) return found;
  const shown = [...new Set(findings.map(({ signature }) => signature))];
  const list = shown.length === 0 ? "it shows none" : `it shows ${shown.join(", ")}`;
  const what = wanted === undefined ? "a finding" : JSON.stringify(wanted);
  throw new UserError(`the trace does not show ${what} between ${between} (${list})`);
}
