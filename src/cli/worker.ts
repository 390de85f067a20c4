import { workerData } from "piscina";
import { minimalFinding, tallyRuns } from "../../fuzz/executor.ts";
import { sourceOf } from "../../fuzz/guided.ts";
import { openPair } from "./backends.ts";
import { opening } from "./opening.ts";
import { differentialOf } from "./campaign.ts";
import { checks } from "../pat/invariant.ts";
import type { WorkerAnswer, WorkerSetup, WorkerTask } from "./workertask.ts";

checks.thorough = process.env["PFNDIFF_CHECK"] === "1";

const { before, after, seed, source, corpus, programs }: WorkerSetup = workerData;
opening.programs = programs;
const traceOf = sourceOf(source, corpus);
const differential = differentialOf(await openPair({ before, after }));

/** What a worker thread does with each task. */
export default async function work(task: WorkerTask): Promise<WorkerAnswer> {
  try {
    if (task.kind === "tally") {
      const { from, to } = task.range;
      return { kind: "tally", tally: await tallyRuns(seed, from, to, differential, traceOf) };
    }
    const { signature, seen, mostMs } = task;
    return {
      kind: "finding",
      finding: await minimalFinding(seed, signature, seen, differential, traceOf, mostMs),
    };
  } catch (error) {
    return {
      kind: "fault",
      stack: error instanceof Error ? (error.stack ?? error.message) : `${error}`,
    };
  }
}
