import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SourceName, SOURCES } from "../../fuzz/sources.ts";
import { openPair } from "../../src/cli/backends.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { NO_FAULT, TREE_FAULTS, type TreeFault, withFault } from "../tree/faults.ts";

/**
 * Plants each fault of tests/tree/faults.ts in a copy of a kernel tree and looks for it blind: how many
 * ops a campaign needs until it shows something that is not there without the fault.
 *
 *     npx tsx tests/bench/treefaults.ts 6.12=PATH 7.2=PATH
 *
 * PATH is an unpacked tree of Debian's linux-source; its copy, PATH.planted, is hard-linked and goes away.
 */
const SEED = 1;
const SOURCE: SourceName = "trees";
const MOST_RUNS = 20_000;

interface Found {
  readonly signature: string;
  readonly ops: number;
  readonly seconds: number;
}

/** The first that a campaign against the tree without the fault shows of the after side alone. */
async function lookFor(base: string, planted: string): Promise<Found | null> {
  const pair = await openPair({ before: `tree:${base}`, after: `tree:${planted}` });
  try {
    const differential = differentialOf(pair);
    const start = performance.now();
    let ops = 0;
    for (let run = 0; run < MOST_RUNS; run++) {
      const trace = SOURCES[SOURCE](SEED, run);
      const { findings } = await differential(trace);
      const found = findings.find(({ verdict }) => verdict === "introduced");
      ops += trace.ops.length;
      if (found === undefined) continue;
      return { signature: found.signature, ops, seconds: (performance.now() - start) / 1000 };
    }
    return null;
  } finally {
    await Promise.all([pair.before.close?.(), pair.after.close?.()]);
  }
}

async function tryFault(base: string, copy: string, fault: TreeFault): Promise<string> {
  const path = join(copy, fault.file);
  const whole = readFileSync(path, "utf8");
  // A hard link must not be written through.
  rmSync(path);
  writeFileSync(path, withFault(whole, fault));
  try {
    const found = await lookFor(base, copy);
    const shown =
      found === null
        ? `not in ${MOST_RUNS} runs | | `
        : `\`${found.signature}\` | ${found.ops} | ${found.seconds.toFixed(2)}`;
    return `| ${fault.release} | ${fault.words} | ${shown} |`;
  } finally {
    rmSync(path);
    writeFileSync(path, whole);
  }
}

const bases = new Map(process.argv.slice(2).map((word) => word.split("=", 2) as [string, string]));
console.log("| tree | planted | shown first | ops | seconds |\n| --- | --- | --- | --- | --- |");
for (const fault of [...TREE_FAULTS, ...NO_FAULT]) {
  const base = bases.get(fault.release);
  if (base === undefined) continue;
  const copy = `${base}.planted`;
  if (!existsSync(copy)) spawnSync("cp", ["-al", base, copy], { stdio: "inherit" });
  console.log(await tryFault(base, copy, fault));
}
for (const base of bases.values()) rmSync(`${base}.planted`, { recursive: true, force: true });
