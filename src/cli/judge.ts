import { chanceOfNew } from "../../fuzz/residual.ts";
import { runsOf, type Tally } from "../../fuzz/tally.ts";
import { isPartedSignature } from "../../fuzz/witness.ts";
import { applyMbox, commitOf, commitsIn } from "../../tree/revisions.ts";
import { treeSpec } from "../../tree/sources.ts";
import { UserError } from "../usererror.ts";
import { openPair, orClose } from "./backends.ts";
import { requireConfirming } from "./confirm.ts";
import { EXIT, type Io } from "./io.ts";
import { jobsFor, withJobs } from "./jobs.ts";
import { type Ends, NONE_ACCEPTED, tellEnds } from "./judgepage.ts";
import { beginSession, campaignOf, closeSession, planOf } from "./session.ts";
import { sourceFor } from "./sourcefor.ts";

export interface JudgeOptions {
  /** Seconds that a comparison may take, once both ends are built. */
  readonly time: number;
  /** So many runs of each comparison, whatever time they take. */
  readonly runs?: number;
  readonly seed: number;
  readonly out: string;
  readonly jobs?: number;
  /** Judge every commit by itself. */
  readonly each?: boolean;
  /** A series as mails, to be applied to BASE. */
  readonly mbox?: string;
  /** A kernel that is to show what the trees show. */
  readonly confirm?: string;
}

/** Runs that have to be done before an estimate counts, and the chance that is small enough. */
const LEAST_RUNS = 10_000;
const SMALL = 0.01;
const MORE_RUNS = 1000;
/** Of the time, what runs may take; what is left is for the least traces. */
const RUNNING = 0.6;

const isEnough = (tally: Tally) =>
  runsOf(tally) >= LEAST_RUNS && chanceOfNew(tally, MORE_RUNS) < SMALL;

/**
 * Says what a series of commits changes in what can be seen of mappings: both ends are built and compared.
 * Returns 1 when anything is introduced.
 */
export async function judgeSeries(
  io: Io,
  tree: string,
  range: string,
  options: JudgeOptions,
): Promise<number> {
  const { path, rev } = treeSpec(tree);
  if (rev !== null) throw new UserError(`${tree}: name the tree alone; revisions are BASE..HEAD`);
  await requireConfirming(options.confirm);
  const [base, head] = await endsOf(path, range, options.mbox);
  const commits = await commitsIn(path, base, head);
  if (commits.length === 0) throw new UserError(`${range}: holds no commit`);
  const ends = options.each === true ? pairsOf(base, commits) : [[base, head] as const];
  let status: number = EXIT.ok;
  for (const [from, to] of ends) {
    const count = options.each === true ? 1 : commits.length;
    status = Math.max(status, await judgeEnds(io, { path, from, to, count }, options));
    if (io.interrupted.aborted) return EXIT.interrupted;
  }
  return status;
}

const pairsOf = (base: string, commits: readonly string[]) =>
  commits.map((commit, index) => [commits[index - 1] ?? base, commit] as const);

async function endsOf(path: string, range: string, mbox: string | undefined) {
  const [from = "", to, ...more] = range.split("..");
  if (from === "" || more.length > 0 || (to === undefined) !== (mbox !== undefined)) {
    throw new UserError(`${range}: expected BASE..HEAD, or BASE with --mbox`);
  }
  const base = await commitOf(path, from);
  if (mbox !== undefined) return [base, await applyMbox(path, base, mbox)] as const;
  return [base, await commitOf(path, to === undefined || to === "" ? "HEAD" : to)] as const;
}

async function judgeEnds(io: Io, ends: Ends, options: JudgeOptions): Promise<number> {
  const { path, from, to } = ends;
  const pair = await openPair({ before: `tree:${path}@${from}`, after: `tree:${path}@${to}` });
  const end = performance.now() + options.time * 1000;
  const cut = {
    seed: options.seed,
    source: sourceFor(pair, {}),
    runs: options.runs ?? null,
    milliseconds: options.runs === undefined ? options.time * 1000 * RUNNING : null,
    shard: null,
  };
  const session = await orClose(pair, async () =>
    beginSession(io, pair, await planOf(pair, cut), options.out),
  );
  const rough = new Set<string>();
  const limits = {
    // What both ends show, and what shows only where they had parted, is not told.
    isWorth: (one: string) => !one.startsWith("kept:") && !isPartedSignature(one),
    msLeft: () => end - performance.now(),
    onRough: (signature: string) => rough.add(signature),
  };
  try {
    const jobs = jobsFor(session.plan, pair, options.jobs);
    return await withJobs(io, session, jobs, async (executor) => {
      const working = { executor, isEnough, limits };
      const result = await campaignOf(io, session, NONE_ACCEPTED, working);
      const chance = 1 - (1 - result.campaign.residual.chance) ** MORE_RUNS;
      return tellEnds(io, ends, session, { result, rough, chance, confirm: options.confirm });
    });
  } finally {
    await closeSession(session);
  }
}
