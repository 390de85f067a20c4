import { availableParallelism } from "node:os";
import { runCampaign } from "../../fuzz/campaign.ts";
import type { Crew } from "../../fuzz/crew.ts";
import { openPair } from "../../src/cli/backends.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { workerFile } from "../../src/cli/jobs.ts";
import { PoolCrew } from "../../src/cli/poolcrew.ts";

// How much faster a campaign is with a thread a core: `npm run build && npx tsx tests/bench/jobs.ts`.
const RUNS = Number(process.argv[2] ?? 100_000);
const pair = await openPair({ before: "legacy", after: "modern" });
const identity = {
  before: pair.before.id,
  after: pair.after.id,
  seed: 1,
  source: "plain",
  corpus: [],
} as const;

async function seconds(crew?: Crew): Promise<number> {
  const start = performance.now();
  await runCampaign({ ...identity, runs: RUNS, differential: differentialOf(pair), crew });
  return (performance.now() - start) / 1000;
}

const jobs = availableParallelism();
const alone = await seconds();
const crew = new PoolCrew(workerFile(), identity, jobs, console.error);
const together = await seconds(crew);
await crew.close();
console.log(`${RUNS} runs: 1 job ${alone.toFixed(1)} s, ${jobs} jobs ${together.toFixed(1)} s`);
console.log(`${(alone / together).toFixed(2)} times as fast`);
