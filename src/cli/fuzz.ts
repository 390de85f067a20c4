import type { SourceName } from "../../fuzz/sources.ts";
import { openPair } from "./backends.ts";
import type { Io } from "./io.ts";
import { jobsFor, withJobs } from "./jobs.ts";
import { beginSession, planOf, resumeSession, type Session, workOn } from "./session.ts";

export interface FuzzOptions {
  readonly before: string;
  readonly after: string;
  readonly runs?: number;
  readonly time?: number;
  readonly seed: number;
  readonly out: string;
  readonly jobs?: number;
  readonly shard?: { readonly index: number; readonly of: number };
  /** A results folder or a journal file; true for `out`. */
  readonly resume?: string | true;
  readonly json?: boolean;
  /** Tell one allocation of every trace to fail. */
  readonly faults?: boolean;
  /** Traces of driver idioms instead of system calls alone. */
  readonly idioms?: boolean;
}

/** How many traces a campaign without --runs and --time runs. */
export const DEFAULT_RUNS = 3000;

/** Searches for differences, saves what it finds, and says which of it nobody has accepted. */
export async function fuzz(io: Io, options: FuzzOptions): Promise<number> {
  const { resume, out, json } = options;
  const session =
    resume === undefined
      ? await newSession(io, options)
      : await resumeSession(io, resume === true ? out : resume);
  const jobs = jobsFor(session.plan, session.pair, options.jobs);
  return withJobs(io, session.plan, jobs, (crew) => workOn(io, session, { crew, json }));
}

async function newSession(io: Io, options: FuzzOptions): Promise<Session> {
  const { runs, time, seed, shard, out } = options;
  const pair = await openPair(options);
  const plan = await planOf(pair, {
    seed,
    source: sourceOf(options),
    runs: time === undefined ? (runs ?? DEFAULT_RUNS) : null,
    milliseconds: time === undefined ? null : time * 1000,
    shard: shard ?? null,
  });
  return beginSession(io, pair, plan, out);
}

function sourceOf({ faults, idioms }: FuzzOptions): SourceName {
  if (faults === true) return "faults";
  return idioms === true ? "idioms" : "plain";
}
