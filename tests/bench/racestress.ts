import { closedOrders, raceStress } from "../../reports/repro/race.ts";
import { raceProgram } from "../../reports/repro/racec.ts";
import { openModels } from "../../src/cli/backends.ts";
import { recorderOf } from "../../src/cli/bothsides.ts";
import { RACE_SCENARIOS } from "../../src/scenarios/races.ts";
import { isDriverOp } from "../../src/trace/driverkinds.ts";
import type { Race } from "../../src/trace/race.ts";
import { Initramfs, runPrograms } from "../kernel/programs/machine.ts";

/**
 * Lets the two tasks of every race scenario meet on real kernels, in guests of two processors, and tells what each
 * try came to (docs/RACES.md). A kernel warns once a boot, so every program has a boot of its own.
 *
 *     npx tsx tests/bench/racestress.ts TRIES 6.12 7.2 [SCENARIO...]
 */
const LIMIT_MS = 3_600_000;

/** The program of a scenario, which knows what orders of whole ops give on a model of each design. */
async function programOf(race: Race): Promise<string> {
  const { before, after } = await openModels({ before: "legacy@6.12", after: "modern@7.2" });
  const orders = [];
  for (const { order, trace } of closedOrders(race)) {
    for (const backend of [before, after]) {
      orders.push({ order, recording: await recorderOf(backend)(trace) });
    }
  }
  return raceProgram(raceStress(race, orders, null));
}

async function stress(name: string, race: Race, release: string, tries: string): Promise<void> {
  const initramfs = new Initramfs();
  try {
    const text = await programOf(race);
    await initramfs.pack([{ name, text, options: ["-n", tries], world: race.trace.world }]);
    const began = performance.now();
    const [ended] = await runPrograms(release, initramfs, { processors: 2, limitMs: LIMIT_MS });
    const seconds = Math.round((performance.now() - began) / 1000);
    const lines = [`${name} on ${release}, ${seconds} s:`, ...(ended?.output ?? [])];
    process.stdout.write(`${lines.join("\n  ")}\n`);
    // A kernel with the contexts gives nothing else; what the other design shows takes luck.
    const isFine = ended?.status === 0 || (ended?.status === 1 && /^6\.(1|12)$/.test(release));
    if (!isFine) process.exitCode = 1;
  } finally {
    initramfs.remove();
  }
}

const [tries = "2000", ...words] = process.argv.slice(2);
const releases = words.filter((word) => /^\d/.test(word));
const wanted = words.filter((word) => !/^\d/.test(word));
for (const { name, race } of RACE_SCENARIOS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  // What a driver does no program can.
  if (race.trace.ops.some(isDriverOp)) continue;
  for (const release of releases) await stress(name, race, release, tries);
}
