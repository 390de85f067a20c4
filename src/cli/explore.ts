import { beginFault, type Bounds } from "../../fuzz/explore/bounds.ts";
import {
  type Certificate,
  certificateFaults,
  certificateSchema,
  type Scope,
} from "../../fuzz/explore/certificate.ts";
import { GROUP_NAMES } from "../../fuzz/explore/groups.ts";
import { certificateText } from "../../reports/certificatetext.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { readJson } from "../results/json.ts";
import { isTree, type Pair, withPair } from "./backends.ts";
import { acceptedFor } from "./baseline.ts";
import { exploreScope, type SearchLimits } from "./explorescope.ts";
import { onlyTraceIn, requireWritable, writeText } from "./files.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

export interface ExploreOptions extends Omit<Bounds, "begin">, SearchLimits {
  readonly before: string;
  readonly after: string;
  readonly out?: string;
  readonly verify?: string;
  readonly json?: boolean;
  /** A trace whose ops every sequence begins with. */
  readonly begin?: string;
  readonly judge: boolean;
}

/** Explores two backends up to the bounds and says what showed; or computes a certificate again. */
export async function explore(io: Io, options: ExploreOptions): Promise<number> {
  if (options.verify !== undefined) return verify(io, options.verify, options);
  const begin = options.begin === undefined ? undefined : await beginningIn(io, options.begin);
  return withPair(options, (pair) => exploreAndTell(io, pair, options, begin));
}

/** A trace to begin with, or the reason in one line why that cannot be. */
async function beginningIn(io: Io, path: string): Promise<Trace> {
  const { trace } = await onlyTraceIn(io, path);
  const fault = beginFault(trace);
  if (fault !== null) throw new UserError(`--begin ${path}: ${fault}`);
  return trace;
}

async function exploreAndTell(
  io: Io,
  pair: Pair,
  options: ExploreOptions,
  begin: Trace | undefined,
): Promise<number> {
  const { procs, slots, pages, depth } = options;
  const { mtrr, maps } = options;
  const groups = groupsNamed(options.with ?? []);
  const bounds = {
    procs,
    slots,
    pages,
    depth,
    ...(mtrr === undefined ? {} : { mtrr }),
    ...(maps === undefined ? {} : { maps }),
    ...(begin === undefined ? {} : { begin }),
  };
  const scope = {
    bounds: groups.length === 0 ? bounds : { ...bounds, with: groups },
    before: pair.before.id,
    after: pair.after.id,
    judged: options.judge,
  };
  const accepted = await acceptedFor(pair, io);
  // What is computed for hours must not be lost to a name that cannot be written.
  if (options.out !== undefined) await requireWritable(options.out);
  const certificate = await compute(io, pair, scope, options);
  if (certificate === null) return EXIT.interrupted;
  const text = `${JSON.stringify(certificate)}\n`;
  if (options.out !== undefined) await writeText(options.out, text);
  const known = new Set(accepted.entries.map(({ signature }) => signature));
  const isKnown = (signature: string) => signature.startsWith("kept:") || known.has(signature);
  await io.out(options.json === true ? text : certificateText(certificate, isKnown));
  const unknown = certificate.witnesses.some(({ signature }) => !isKnown(signature));
  const isUnlike = certificate.differences.some(({ transitions }) => transitions > 0);
  // Without the oracle a tree is held to its model: all that they show is compared.
  const isHeld = !options.judge && [pair.before, pair.after].some(isTree);
  return unknown || (isHeld && isUnlike) ? EXIT.divergence : EXIT.ok;
}

/** Groups in the order of the description; one that is not there is the user's error. */
function groupsNamed(names: readonly string[]): string[] {
  const unknown = names.find((name) => name !== "all" && !GROUP_NAMES.includes(name));
  if (unknown !== undefined) {
    const known = GROUP_NAMES.join(", ");
    throw new UserError(`--with: there is no group ${unknown} (there are ${known}; or all)`);
  }
  return names.includes("all")
    ? [...GROUP_NAMES]
    : GROUP_NAMES.filter((name) => names.includes(name));
}

/** Computes a certificate again; a difference is a divergence, an unreadable file the user's error. */
async function verify(io: Io, path: string, options: ExploreOptions): Promise<number> {
  const claimed = await readJson(path, certificateSchema);
  groupsNamed(claimed.bounds.with ?? []);
  const found = await withPair(claimed, (pair) => compute(io, pair, claimed, options));
  if (found === null) return EXIT.interrupted;
  const faults = certificateFaults(claimed, found);
  if (faults.length === 0) {
    const states = found.levels.reduce((sum, level) => sum + level.states, 0);
    await io.out(`${path}: verified, ${found.levels.length} levels, ${states} states\n`);
    return EXIT.ok;
  }
  for (const fault of faults.slice(0, MOST_FAULTS)) await io.out(`${path}: ${oneLine(fault)}\n`);
  const more = faults.length - MOST_FAULTS;
  if (more > 0) await io.out(`${path}: and ${more} more differences\n`);
  return EXIT.divergence;
}

/** Differences to print; the first one tells most. */
const MOST_FAULTS = 10;

/** Explores, says how fast that was, and certifies it; null when interrupted. */
async function compute(
  io: Io,
  pair: Pair,
  { bounds, before, after, judged }: Scope,
  limits: SearchLimits,
): Promise<Certificate | null> {
  const start = performance.now();
  const certificate = await exploreScope(io, pair, { bounds, before, after, judged }, limits);
  if (certificate === null) return null;
  const seconds = (performance.now() - start) / 1000;
  const { levels } = certificate;
  const states = levels.reduce((sum, level) => sum + level.states, 0);
  const transitions = levels.reduce((sum, level) => sum + level.transitions, 0);
  io.err(
    `${states} states, ${transitions} transitions in ${seconds.toFixed(1)} s: ` +
      `${Math.round(states / seconds)} states/s, ${Math.round(transitions / seconds)} transitions/s\n`,
  );
  return certificate;
}
