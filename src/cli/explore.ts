import type { Bounds } from "../../fuzz/explore/bounds.ts";
import {
  type Certificate,
  certificateFaults,
  certificateSchema,
  certify,
  type Scope,
} from "../../fuzz/explore/certificate.ts";
import { search, type SearchProgress, type SearchResult } from "../../fuzz/explore/search.ts";
import { OutOfMemory } from "../../fuzz/explore/stateset.ts";
import { certificateText } from "../../reports/certificatetext.ts";
import { explain } from "../trace/read.ts";
import { UserError } from "../usererror.ts";
import { openPair } from "./backends.ts";
import { acceptedSignatures } from "./baseline.ts";
import { expandHere, expandInWorkers, openExpander } from "./expanders.ts";
import { jsonIn, writeText } from "./files.ts";
import { EXIT, type Io, oneLine } from "./io.ts";

export interface ExploreOptions extends Bounds {
  readonly before: string;
  readonly after: string;
  readonly jobs: number;
  /** Megabytes. */
  readonly memory: number;
  readonly out?: string;
  readonly verify?: string;
  readonly json?: boolean;
  readonly judge: boolean;
}

const MEGABYTE = 2 ** 20;

/** Explores two backends up to the bounds and says what showed; or computes a certificate again. */
export async function explore(io: Io, options: ExploreOptions): Promise<number> {
  if (options.verify !== undefined) return verify(io, options.verify, options);
  const { procs, slots, pages, depth } = options;
  const pair = await openPair(options);
  const scope = {
    bounds: { procs, slots, pages, depth },
    before: pair.before.id,
    after: pair.after.id,
    judged: options.judge,
  };
  const accepted = await acceptedSignatures();
  const certificate = await compute(io, scope, options);
  if (certificate === null) return EXIT.interrupted;
  const text = `${JSON.stringify(certificate)}\n`;
  if (options.out !== undefined) await writeText(options.out, text);
  await io.out(options.json === true ? text : certificateText(certificate, accepted));
  const unknown = certificate.witnesses.some(
    ({ signature }) => !signature.startsWith("kept:") && !accepted.has(signature),
  );
  return unknown ? EXIT.divergence : EXIT.ok;
}

/** Computes a certificate again; a difference is a divergence, an unreadable file the user's error. */
async function verify(io: Io, path: string, options: ExploreOptions): Promise<number> {
  const claimed = await certificateIn(path);
  const found = await compute(io, claimed, options);
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

/** The certificate in a file; a fault is a UserError that names the file and the place. */
async function certificateIn(path: string): Promise<Certificate> {
  const value = await jsonIn(path);
  const parsed = certificateSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [place, message] = explain(parsed.error, value);
  throw new UserError(`${path}: ${place}: ${message}`);
}

/** Explores, with progress; null when interrupted. */
async function compute(
  io: Io,
  { bounds, before, after, judged }: Scope,
  { jobs, memory }: ExploreOptions,
): Promise<Certificate | null> {
  const scope = { bounds, before, after, judged };
  const expander = await openExpander(scope);
  const expanders = jobs === 1 ? expandHere(expander) : expandInWorkers(scope, jobs);
  const progress = new ExploreProgress(io);
  const start = performance.now();
  let result: SearchResult;
  try {
    result = await search({
      bounds,
      expander,
      expand: expanders.expand,
      ahead: expanders.ahead,
      memory: memory * MEGABYTE,
      signal: io.interrupted,
      onProgress: (state) => progress.show(state),
    });
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    throw new UserError(`the states do not fit in ${memory} MB (give more with --memory)`);
  } finally {
    progress.clear();
    await expanders.close();
  }
  if (result.interrupted) return null;
  const seconds = (performance.now() - start) / 1000;
  const states = result.levels.reduce((sum, level) => sum + level.states, 0);
  const transitions = result.levels.reduce((sum, level) => sum + level.transitions, 0);
  io.err(
    `${states} states, ${transitions} transitions in ${seconds.toFixed(1)} s: ` +
      `${Math.round(states / seconds)} states/s, ${Math.round(transitions / seconds)} transitions/s\n`,
  );
  return certify(scope, result);
}

/** Milliseconds between two looks at a live line, and between two plain heartbeats. */
const LIVE_EVERY = 100;
const PLAIN_EVERY = 5000;

/** Shows how far a search is, as a campaign does. */
class ExploreProgress {
  private shownAt = performance.now();
  private readonly startedAt = performance.now();
  private isShown = false;

  constructor(private readonly io: Io) {}

  show({ depth, done, of, transitions, states, signatures }: SearchProgress): void {
    const now = performance.now();
    if (now - this.shownAt < (this.io.liveErr ? LIVE_EVERY : PLAIN_EVERY)) return;
    this.shownAt = now;
    this.isShown = this.io.liveErr;
    const part = `${Math.floor((done / of) * 100)}%`;
    const seconds = Math.round((now - this.startedAt) / 1000);
    const line = `depth ${depth}: ${part}, ${states} states, ${transitions} transitions, ${signatures} signatures, ${seconds} s`;
    this.io.err(this.io.liveErr ? `\r\u001b[K${line.slice(0, this.io.columns - 1)}` : `${line}\n`);
  }

  clear(): void {
    if (this.isShown) this.io.err("\r\u001b[K");
  }
}
