import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Executor } from "../../fuzz/executor.ts";
import type { CampaignPlan } from "../../fuzz/plan.ts";
import { isModel, isTree, type Pair, programsOf } from "./backends.ts";
import { threadFile } from "./files.ts";
import type { Io } from "./io.ts";
import type { Session } from "./session.ts";

/** What it takes for threads to be worth their start, unless they are asked for. */
const LONG_MS = 5000;
const LONG_RUNS = 20_000;
const MOST_BY_DEFAULT = 8;

/**
 * How many threads work on a campaign. Only models and trees are spread unless it is asked for: what a real
 * kernel takes of memory is not for us to multiply.
 */
export function jobsFor(plan: CampaignPlan, pair: Pair, asked: number | undefined): number {
  if (asked !== undefined) return asked;
  const isLong = (plan.milliseconds ?? 0) >= LONG_MS || (plan.runs ?? 0) >= LONG_RUNS;
  const areQuick = [pair.before, pair.after].every((side) => isModel(side) || isTree(side));
  if (!isLong || !areQuick || !existsSync(threadFile("worker"))) return 1;
  return Math.min(availableParallelism(), MOST_BY_DEFAULT);
}

/** Runs `work` with so many threads, or, for one job, with none. */
export async function withJobs<T>(
  io: Io,
  { plan, corpus, pair }: Pick<Session, "plan" | "corpus" | "pair">,
  jobs: number,
  work: (executor: Executor | undefined) => Promise<T>,
): Promise<T> {
  if (jobs === 1) return work(undefined);
  const { ThreadExecutor } = await import("./threadexecutor.ts");
  const crash = (line: string) => io.err(`${line}\n`);
  const { before, after, seed, source } = plan;
  const setup = { before, after, seed, source, corpus, programs: programsOf(pair) };
  const executor = new ThreadExecutor(threadFile("worker"), setup, jobs, crash);
  try {
    return await work(executor);
  } finally {
    await executor.close();
  }
}
