import { beginFault, type Bounds } from "../../fuzz/explore/bounds.ts";
import {
  type Certificate,
  certificateFaults,
  certificateSchema,
  firstLevels,
  type Scope,
} from "../../fuzz/explore/certificate.ts";
import { GROUP_NAMES } from "../../fuzz/explore/groups.ts";
import { proven } from "../../fuzz/explore/proof.ts";
import { certificateText } from "../../reports/certificatetext.ts";
import type { Trace } from "../trace/trace.ts";
import type { PlainBounds } from "../trace/bounds.ts";
import { UserError } from "../usererror.ts";
import { readJson } from "../results/json.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { ModelSide } from "../engine/modelside.ts";
import { isModel, isTree, type Pair, withPair } from "./backends.ts";
import { acceptedFor, readBaseline } from "./baseline.ts";
import { exploreScope, type SearchLimits } from "./explorescope.ts";
import { onlyTraceIn, requireWritable, writeText } from "./files.ts";
import { EXIT, type Io, oneLine } from "./io.ts";
import { neighbours } from "./neighbours.ts";

export interface ExploreOptions extends Omit<Bounds, "begin">, SearchLimits {
  readonly before: string;
  readonly after: string;
  readonly out?: string;
  readonly verify?: string;
  readonly json?: boolean;
  /** A trace whose ops every sequence begins with. */
  readonly begin?: string;
  readonly nopat?: boolean;
  readonly judge: boolean;
  /** Every two releases that follow each other, as a page. */
  readonly neighbours?: boolean;
  /** A baseline that is to hold what is proven. */
  readonly prove?: string;
}

/** Explores two backends up to the bounds and says what showed; or computes a certificate again. */
export async function explore(io: Io, options: ExploreOptions): Promise<number> {
  const { verify: path } = options;
  if (path === undefined && options.levels !== undefined) {
    throw new UserError("--levels is for --verify (give --depth to explore less)");
  }
  if (path !== undefined) return verify(io, path, options);
  if (options.neighbours === true) return neighbours(io, boundsOf(options, true), options);
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
  const isPlain = begin === undefined && ![pair.before, pair.after].some(isTree);
  const bounds = boundsOf(options, isPlain);
  const scope = {
    bounds: begin === undefined ? bounds : { ...bounds, begin },
    before: pair.before.id,
    after: pair.after.id,
    judged: options.judge,
  };
  const accepted = await acceptedFor(pair, io);
  // What is computed for hours must not be lost to a name that cannot be written.
  if (options.out !== undefined) await requireWritable(options.out);
  const certificate = await compute(io, pair, scope, options);
  if (certificate === null) return EXIT.interrupted;
  if (options.prove !== undefined) await prove(io, options.prove, pair, certificate);
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

/** The deepest exploration of a window of so many pages that has every group by itself: a minute's work. */
const FITS: readonly (readonly [pages: number, depth: number])[] = [
  [2, 3],
  [6, 2],
];

/** The bounds that the options ask for; every group where none is named, `mayWiden` and that fits. */
function boundsOf(options: ExploreOptions, mayWiden: boolean): PlainBounds {
  const { procs, slots, pages, depth, mtrr, region, maps, nopat } = options;
  const fits = FITS.some(([most, deepest]) => slots * pages <= most && depth <= deepest);
  const standard = mayWiden && fits ? ["all"] : [];
  const groups = groupsNamed(options.with ?? standard);
  return {
    procs,
    slots,
    pages,
    depth,
    ...(mtrr === undefined ? {} : { mtrr }),
    ...(region === undefined ? {} : { region }),
    ...(maps === undefined ? {} : { maps }),
    ...(nopat === true ? { pat: false as const } : {}),
    ...(groups.length === 0 ? {} : { with: groups }),
  };
}

/** Writes into a baseline which of its entries the certificate proves to be shortest. */
async function prove(io: Io, path: string, pair: Pair, certificate: Certificate): Promise<void> {
  const baseline = await readBaseline(path);
  if (!certificate.judged || certificate.bounds.begin !== undefined) {
    throw new UserError("--prove needs the oracle, and an exploration from an empty process");
  }
  const { before, after } = pair;
  if (!isModel(before) || !isModel(after))
    throw new UserError("--prove needs models on both sides");
  const live = new LiveDifferential(new ModelSide(before), new ModelSide(after));
  const findingsOf = (trace: Trace) => live.run(trace).findings.map(({ signature }) => signature);
  const better = proven(baseline, certificate, findingsOf);
  await writeText(path, `${JSON.stringify(better, null, 2)}\n`);
  const changed = better.entries.filter((entry, at) => entry !== baseline.entries[at]).length;
  io.err(
    `${path}: ${changed} ${changed === 1 ? "entry is" : "entries are"} proven by these bounds\n`,
  );
}

/** Groups in the order of the description; one that is not there is the user's error. */
function groupsNamed(names: readonly string[]): string[] {
  const unknown = names.find(
    (name) => name !== "all" && name !== "core" && !GROUP_NAMES.includes(name),
  );
  if (unknown !== undefined) {
    const known = GROUP_NAMES.join(", ");
    throw new UserError(
      `--with: there is no group ${unknown} (there are ${known}; or all, or core)`,
    );
  }
  if (names.length === 1 && names[0] === "core") return [];
  return names.includes("all")
    ? [...GROUP_NAMES]
    : GROUP_NAMES.filter((name) => names.includes(name));
}

/** Computes a certificate again; a difference is a divergence, an unreadable file the user's error. */
async function verify(io: Io, path: string, options: ExploreOptions): Promise<number> {
  const claimed = await readJson(path, certificateSchema);
  groupsNamed(claimed.bounds.with ?? []);
  return withPair(claimed, (pair) => verifyOn(io, path, pair, claimed, options));
}

async function verifyOn(
  io: Io,
  path: string,
  pair: Pair,
  claimed: Certificate,
  options: ExploreOptions,
): Promise<number> {
  const found = await compute(io, pair, claimed, options);
  if (found === null) return EXIT.interrupted;
  const { levels = claimed.bounds.depth } = options;
  const isPart = levels < claimed.bounds.depth;
  const faults = isPart
    ? certificateFaults(firstLevels(claimed, levels), firstLevels(found, levels))
    : certificateFaults(claimed, found);
  if (faults.length === 0) {
    const states = found.levels.reduce((sum, level) => sum + level.states, 0);
    const of = isPart ? ` of ${claimed.levels.length}` : "";
    await io.out(`${path}: verified, ${found.levels.length}${of} levels, ${states} states\n`);
    if (options.prove !== undefined && !isPart) await prove(io, options.prove, pair, found);
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
