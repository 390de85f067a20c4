import type { PlanSource } from "../../fuzz/sources.ts";
import { chanceOfNew } from "../../fuzz/residual.ts";
import { runsOf, type Tally } from "../../fuzz/tally.ts";
import { loadCorpus } from "../results/tracefolder.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { openPair, orClose, type Pair } from "./backends.ts";
import { requireConfirming } from "./confirm.ts";
import { requireTree, withCoverage } from "./coverage.ts";
import { onlyTraceIn } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { kernelsOf, modelsOf } from "./kernelcampaign.ts";
import { kernelExecutor } from "./kernelexecutor.ts";
import { reportLost } from "./losttraces.ts";
import { jobsFor, withJobs } from "./jobs.ts";
import { type SourceOptions, sourceFor } from "./sourcefor.ts";
import {
  beginSession,
  closeSession,
  planOf,
  resumeSession,
  type Session,
  workOn,
} from "./session.ts";

export interface FuzzOptions extends SourceOptions {
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
  /** Print every finding, drawn. */
  readonly full?: boolean;
  /** A folder of traces that three of four runs start from. */
  readonly corpus?: string;
  /** A trace whose ops every run begins with, for models and trees. */
  readonly begin?: string;
  /** Stop before the time is up where hardly anything new is to be expected. */
  readonly enough?: boolean;
  /** A kernel that is to show what a tree shows. */
  readonly confirm?: string;
  /** Two tasks at once, on trees. */
  readonly races?: boolean;
  /** Where the counts of what ran of trees go. */
  readonly coverage?: string;
}

/** Runs that have to be done before the estimate counts, and the chance of the next one that is small. */
const LEAST_RUNS = 5_000;
const SMALL = 1 / 1_000;

const isEnough = (tally: Tally) => runsOf(tally) >= LEAST_RUNS && chanceOfNew(tally, 1) < SMALL;

/** How many traces a campaign without --runs and --time runs. */
export const DEFAULT_RUNS = 3000;

/** Searches for differences, saves what it finds, and says which of it nobody has accepted. */
export async function fuzz(io: Io, options: FuzzOptions): Promise<number> {
  if (options.races === true) {
    return (await import("./racecampaign.ts")).fuzzRaces(io, options);
  }
  await requireConfirming(options.confirm);
  return withCoverage(io, options.coverage, (tellOf) => fuzzSession(io, options, tellOf));
}

async function fuzzSession(
  io: Io,
  options: FuzzOptions,
  tellCoverage: (pair: Pair) => Promise<void>,
): Promise<number> {
  const { resume, out, json, full, confirm, coverage, enough } = options;
  if (coverage !== undefined) requireTree(options);
  const session =
    resume === undefined
      ? await newSession(io, options)
      : await resumeSession(io, resume === true ? out : resume, { guests: options.jobs });
  const { pair, plan } = session;
  try {
    if (kernelsOf(pair).length > 0) return await fuzzKernels(io, session, options);
    // Programs of other threads would leave no counts.
    const jobs = coverage === undefined ? jobsFor(plan, pair, options.jobs) : 1;
    const status = await withJobs(io, session, jobs, (executor) =>
      workOn(io, session, {
        executor,
        json,
        full,
        confirm,
        isEnough: enough === true ? isEnough : undefined,
      }),
    );
    await tellCoverage(pair);
    return status;
  } finally {
    await closeSession(session);
  }
}

/** A campaign with a kernel on a side; a guest that was lost is told, and is no success. */
async function fuzzKernels(
  io: Io,
  session: Session,
  { json, full, jobs = 1 }: FuzzOptions,
): Promise<number> {
  const { pair, plan, out } = session;
  const unverified: string[] = [];
  const models = await modelsOf(pair, (line) => {
    io.err(line);
    unverified.push(line.trimEnd());
  });
  const executor = kernelExecutor(pair, models, plan.seed, session.traceOf, jobs);
  const status = await workOn(io, session, { executor, models, unverified, json, full });
  const { lost, atBoot } = await reportLost(io, out, [pair.before, pair.after]);
  return lost + atBoot > 0 && status === EXIT.ok ? EXIT.divergence : status;
}

async function newSession(io: Io, options: FuzzOptions): Promise<Session> {
  const { runs, time, seed, shard, out } = options;
  const corpus = options.corpus === undefined ? [] : await corpusIn(options.corpus);
  const begin = options.begin === undefined ? null : await onlyTraceIn(io, options.begin);
  const pair = await openPair(options, { guests: options.jobs });
  const source: PlanSource = begin === null ? sourceFor(pair, options) : "begun";
  const starts = begin === null ? corpus : [begin.trace];
  const cut = {
    seed,
    source,
    runs: time === undefined ? (runs ?? DEFAULT_RUNS) : null,
    milliseconds: time === undefined ? null : time * 1000,
    shard: shard ?? null,
  };
  return orClose(pair, async () => {
    // Of its runs one in four fails an allocation, which a kernel must be built for.
    if (begin !== null && kernelsOf(pair).length > 0) {
      throw new UserError("--begin: both sides must be models or trees, no kernel");
    }
    return beginSession(io, pair, await planOf(pair, cut, starts), out, starts);
  });
}

/** A corpus to start from; an empty one would quietly guide nothing. */
async function corpusIn(dir: string): Promise<Trace[]> {
  const corpus = await loadCorpus(dir);
  if (corpus.length > 0) return corpus;
  throw new UserError(`${dir}: holds no trace of a corpus (pfndiff corpus ${dir} grows one)`);
}
