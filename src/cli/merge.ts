import { type ShardWork, mergeShards } from "../../fuzz/merge.ts";
import { loadSnapshot } from "../results/tracefolder.ts";
import { UserError } from "../usererror.ts";
import { openPair } from "./backends.ts";
import type { Io } from "./io.ts";
import { withJobs } from "./jobs.ts";
import { readJournal } from "../results/journal.ts";
import { beginSession, checkProbe, closeSession, workOn } from "./session.ts";

export interface MergeOptions {
  readonly out: string;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** Puts the shards of a campaign together, and ends it as one process would have. */
export async function merge(
  io: Io,
  paths: readonly string[],
  options: MergeOptions,
): Promise<number> {
  const shards: ShardWork[] = [];
  let folder: string | undefined;
  for (const path of paths) {
    const { plan, tally, milliseconds, dropped, folder: itsFolder } = await readJournal(path);
    for (const fault of dropped) io.err(`${path}: ${fault}\n`);
    folder ??= itsFolder;
    shards.push({ path, plan, tally, milliseconds });
  }
  const whole = mergeShards(shards);
  if (typeof whole === "string") throw new UserError(`merge: ${whole}`);
  const { plan, ...earlier } = whole;
  const corpus = await loadSnapshot(folder ?? "", plan.corpus);
  const pair = await openPair(plan);
  await checkProbe(paths[0] ?? "", plan, pair, corpus);
  const session = await beginSession(io, pair, plan, options.out, corpus);
  try {
    await session.journal.append({ kind: "runs", ...earlier });
    return await withJobs(io, session, options.jobs ?? 1, (executor) =>
      workOn(io, { ...session, earlier }, { executor, json: options.json }),
    );
  } finally {
    await closeSession(session);
  }
}
