import { type CampaignResult, type EarlierWork, runCampaign } from "../../fuzz/campaign.ts";
import { loadSaved } from "../results/findings.ts";
import type { ShrinkLimits } from "../../fuzz/conclude.ts";
import type { Executor } from "../../fuzz/executor.ts";
import { BESIDE_DRIVERS, goalsBeyond } from "../../fuzz/reachable.ts";
import type { Tally } from "../../fuzz/tally.ts";
import { type CampaignPlan, probeOf, runsOfPlan } from "../../fuzz/plan.ts";
import { sourceOf } from "../../fuzz/guided.ts";
import type { PlanSource, TraceSource } from "../../fuzz/sources.ts";
import { corpusHash, loadSnapshot, saveSnapshot } from "../results/tracefolder.ts";
import { type Baseline, witnessesOf } from "../gate.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { closePair, type OpenOptions, openPair, orClose, type Pair } from "./backends.ts";
import { acceptedFor } from "./baseline.ts";
import { differentialOf } from "./campaign.ts";
import { finish } from "./finish.ts";
import { EXIT, type Io } from "./io.ts";
import { knownToKernels } from "./leftout.ts";
import { JournalFile } from "../results/journal.ts";
import { LiveLine, progressText } from "./progress.ts";

/** A campaign with its journal open, ready to be worked on. */
export interface Session {
  readonly plan: CampaignPlan;
  /** The traces that its own start from; none unless it is guided. */
  readonly corpus: readonly Trace[];
  readonly pair: Pair;
  /** What it draws of its pair. */
  readonly traceOf: TraceSource;
  readonly journal: JournalFile;
  /** The journal, as `--resume` wants it named. */
  readonly name: string;
  readonly out: string;
  readonly earlier?: EarlierWork;
}

/** Sources that draw drivers of any kind, and few system calls. */
const OF_DRIVERS: readonly PlanSource[] = ["idioms", "drivers", "mistakes"];

/** What a campaign over a pair draws: its source, without what kernels of the pair were built without. */
function drawnOf(
  { before, after }: Pair,
  source: PlanSource,
  corpus: readonly Trace[],
  tell: (line: string) => void = () => undefined,
): Promise<TraceSource> {
  return knownToKernels([before, after], sourceOf(source, corpus), tell);
}

/** Plans a campaign over two backends with what this build answers. */
export async function planOf(
  pair: Pair,
  cut: Pick<CampaignPlan, "seed" | "source" | "runs" | "milliseconds" | "shard">,
  corpus: readonly Trace[] = [],
): Promise<CampaignPlan> {
  const traceOf = await drawnOf(pair, cut.source, corpus);
  const probe = await probeOf(cut.seed, traceOf, differentialOf(pair));
  const sides = { before: pair.before.id, after: pair.after.id };
  return { ...sides, ...cut, corpus: corpusHash(corpus), probe };
}

/** Begins a campaign in a results folder. */
export async function beginSession(
  io: Io,
  pair: Pair,
  plan: CampaignPlan,
  out: string,
  corpus: readonly Trace[] = [],
): Promise<Session> {
  const traceOf = await drawnOf(pair, plan.source, corpus, (line) => io.err(line));
  await saveSnapshot(out, corpus);
  const { journal, aside, other } = await JournalFile.begin(out, plan);
  if (aside !== null) {
    io.err(`an unfinished campaign was put aside (pfndiff fuzz --resume ${aside})\n`);
  }
  const begun = { plan, corpus, pair, traceOf, journal, out };
  if (other === null) return { ...begun, name: out };
  const { pid, host } = other;
  io.err(`process ${pid} on ${host} is at work in ${out}: this journal is ${journal.path}\n`);
  return { ...begun, name: journal.path };
}

/** Goes on with the campaign of a results folder or a journal file. */
export async function resumeSession(
  io: Io,
  path: string,
  options: OpenOptions = {},
): Promise<Session> {
  const { journal, work } = await JournalFile.goOn(path);
  try {
    const { plan, tally, milliseconds, dropped, path: file, folder } = work;
    const corpus = await loadSnapshot(folder, plan.corpus);
    const pair = await openPair(plan, options);
    const traceOf = await orClose(pair, async () => {
      await checkProbe(file, plan, pair, corpus);
      return drawnOf(pair, plan.source, corpus, (line) => io.err(line));
    });
    for (const fault of dropped) io.err(`${file}: ${fault}\n`);
    const earlier = { tally, milliseconds };
    return { plan, corpus, pair, traceOf, journal, name: path, out: folder, earlier };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** Lets go of a campaign's backends and its journal. */
export async function closeSession({ pair, journal }: Session): Promise<void> {
  await closePair(pair);
  await journal.close();
}

/** Refuses what another build wrote, as far as a few runs can tell. */
export async function checkProbe(
  file: string,
  { seed, source, probe }: CampaignPlan,
  pair: Pair,
  corpus: readonly Trace[],
): Promise<void> {
  const traceOf = await drawnOf(pair, source, corpus);
  if ((await probeOf(seed, traceOf, differentialOf(pair))) === probe) return;
  throw new UserError(`${file}: is of another build, which answers the same runs differently`);
}

export interface Working {
  readonly executor?: Executor | undefined;
  /** Whether what was run so far is enough. */
  readonly isEnough?: ((tally: Tally) => boolean) | undefined;
  readonly chunk?: number | undefined;
  readonly limits?: ShrinkLimits | undefined;
  readonly json?: boolean | undefined;
  readonly full?: boolean | undefined;
  readonly confirm?: string | undefined;
  /** What stands for the sides where short traces are to tell what they can do. */
  readonly models?: Pair | undefined;
  /** Which of them is no model of its kernel's release, one line each. */
  readonly unverified?: readonly string[];
}

/** Works on a campaign to its end or an interrupt, keeps every range, saves and prints. */
export async function workOn(io: Io, session: Session, working: Working): Promise<number> {
  const { plan, pair, journal, name, out } = session;
  const accepted = await acceptedFor(working.models ?? pair, io);
  const result = await campaignOf(io, session, accepted, working);
  await journal.check();
  const status = await finish(io, result, {
    pair,
    out,
    accepted,
    json: working.json,
    full: working.full,
    confirm: working.confirm,
  });
  if (result.interrupted) {
    const { runs } = result.campaign;
    io.err(`interrupted after ${runs} runs; go on with: pfndiff fuzz --resume ${name}\n`);
    return EXIT.interrupted;
  }
  await journal.append({ kind: "end", digest: result.campaign.digest });
  // What a shard found is for the merge to judge.
  return plan.shard === null ? status : EXIT.ok;
}

/** Works on a campaign to its end or an interrupt, and keeps every range. */
export async function campaignOf(
  io: Io,
  session: Session,
  accepted: Baseline,
  { executor, chunk, isEnough, limits, models = session.pair, unverified = [] }: Working,
): Promise<CampaignResult> {
  const { plan, pair, traceOf, journal, out, earlier } = session;
  const { before, after } = pair;
  const progress = new LiveLine(io);
  try {
    return await runCampaign({
      before: before.id,
      after: after.id,
      seed: plan.seed,
      differential: differentialOf(pair),
      executor,
      ...runsOfPlan(plan),
      ...(plan.milliseconds === null ? {} : { milliseconds: plan.milliseconds }),
      earlier,
      isEnough,
      chunk,
      limits,
      onRange: (tally, milliseconds) => journal.append({ kind: "runs", tally, milliseconds }),
      traceOf,
      leftOut: OF_DRIVERS.includes(plan.source)
        ? BESIDE_DRIVERS
        : await goalsBeyond(differentialOf(models)),
      unverified,
      witnesses: witnessesOf(accepted),
      saved: await loadSaved(out, before.id, after.id),
      signal: io.interrupted,
      onProgress: (state) => progress.show(() => progressText(state)),
    });
  } finally {
    progress.clear();
  }
}
