import { residualOf } from "../../fuzz/residual.ts";
import { runsOf, type Tally } from "../../fuzz/tally.ts";
import { judgeText } from "../../reports/judgetext.ts";
import { applyMbox, citation, commitOf, commitsIn } from "../../tree/revisions.ts";
import { treeSpec } from "../../tree/sources.ts";
import { saveResult, saveSummary } from "../results/findings.ts";
import type { Baseline } from "../gate.ts";
import { UserError } from "../usererror.ts";
import { openPair, orClose } from "./backends.ts";
import { replaysOf, viewCampaign, withRoots } from "./campaign.ts";
import { EXIT, type Io } from "./io.ts";
import { jobsFor, withJobs } from "./jobs.ts";
import { beginSession, campaignOf, closeSession, planOf, type Session } from "./session.ts";
import { sourceFor } from "./sourcefor.ts";

export interface JudgeOptions {
  /** Seconds that a comparison may take. */
  readonly time: number;
  readonly seed: number;
  readonly out: string;
  readonly jobs?: number;
  /** Judge every commit by itself. */
  readonly each?: boolean;
  /** A series as mails, to be applied to BASE. */
  readonly mbox?: string;
}

/** Nothing is accepted of two revisions: what both show is shared, all else is the series'. */
const NONE_ACCEPTED: Baseline = { format: "pfndiff/baseline@1", entries: [] };

/** Runs that have to be done before an estimate counts, and the chance that is small enough. */
const LEAST_RUNS = 10_000;
const SMALL = 0.01;
const MORE_RUNS = 1000;

/** The chance that so many more runs show a new signature. */
function chanceOfMore(tally: Tally): number {
  const counts = Object.values(tally.occurrences).map(({ count }) => count);
  return 1 - (1 - residualOf(runsOf(tally), counts).chance) ** MORE_RUNS;
}

const isEnough = (tally: Tally) => runsOf(tally) >= LEAST_RUNS && chanceOfMore(tally) < SMALL;

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

interface Ends {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** Commits from one to the other. */
  readonly count: number;
}

async function judgeEnds(io: Io, ends: Ends, options: JudgeOptions): Promise<number> {
  const { path, from, to } = ends;
  const pair = await openPair({ before: `tree:${path}@${from}`, after: `tree:${path}@${to}` });
  const source = sourceFor(pair, {});
  const cut = {
    seed: options.seed,
    source,
    runs: null,
    milliseconds: options.time * 1000,
    shard: null,
  };
  const session = await orClose(pair, async () =>
    beginSession(io, pair, await planOf(pair, cut), options.out),
  );
  try {
    const jobs = jobsFor(session.plan, pair, options.jobs);
    return await withJobs(io, session, jobs, async (executor) => {
      const result = await campaignOf(io, session, NONE_ACCEPTED, { executor, isEnough });
      return tell(io, ends, session, result);
    });
  } finally {
    await closeSession(session);
  }
}

/** Saves what a comparison found and prints its page. */
async function tell(
  io: Io,
  { path, from, to, count }: Ends,
  { pair, journal, out }: Session,
  result: Awaited<ReturnType<typeof campaignOf>>,
): Promise<number> {
  const folder = await saveResult(out, result);
  if (result.interrupted) return EXIT.interrupted;
  await journal.append({ kind: "end", digest: result.campaign.digest });
  const { findings, residual } = result.campaign;
  const told = findings.filter(({ verdict }) => verdict !== "parted");
  const own = told.filter(({ verdict }) => verdict !== "kept");
  const campaign = { ...result.campaign, findings: own };
  const replays = await replaysOf(campaign, pair);
  const rooted = await withRoots(campaign, replays, pair);
  await saveSummary(folder, { ...rooted, findings });
  const series = {
    base: await citation(path, from),
    head: await citation(path, to),
    commits: count,
    shared: told.length - own.length,
    chance: 1 - (1 - residual.chance) ** MORE_RUNS,
  };
  await io.out(judgeText(series, viewCampaign(rooted, replays, NONE_ACCEPTED, folder)));
  return own.some(({ verdict }) => verdict !== "fixed") ? EXIT.divergence : EXIT.ok;
}
