/**
 * What campaigns must survive: `npm run torture [-- --rounds N --seed N --round N --only NAME]`. Each
 * round draws its numbers from the seed alone; `--round` repeats one. What an ordeal ends in does not
 * depend on the moment at which a signal arrives: the digest is that of the same campaign left alone.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { drawFrom } from "./harness.ts";
import { ORDEALS } from "./ordeals.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    round: { type: "string" },
    only: { type: "string" },
  },
});
const seed = Number(values.seed);
const from = values.round === undefined ? 1 : Number(values.round);
const upTo = values.round === undefined ? Number(values.rounds) : from;
let failed = 0;
for (let round = from; round <= upTo; round++) {
  for (const [name, { run, missing }] of Object.entries(ORDEALS)) {
    if (values.only !== undefined && values.only !== name) continue;
    const lacking = missing();
    if (lacking !== null) {
      process.stdout.write(`round ${round} ${name}: SKIPPED: ${lacking}\n`);
      if (process.env["PFNDIFF_REQUIRE_REDIS"] === "1") failed++;
      continue;
    }
    const dir = mkdtempSync(join(tmpdir(), "pfndiff-torture-"));
    const notes: string[] = [];
    const began = performance.now();
    try {
      await run({ dir, draw: drawFrom(seed, round, name), note: (text) => notes.push(text) });
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      process.stdout.write(`round ${round} ${name}: held, ${seconds} s (${notes.join("; ")})\n`);
      rmSync(dir, { recursive: true });
    } catch (error) {
      failed++;
      const what = error instanceof Error ? error.message : String(error);
      process.stdout.write(
        `round ${round} ${name}: FAILED: ${what.trimEnd()}\n  ${notes.join("\n  ")}\n  left in ${dir}\n` +
          `  again: npm run torture -- --seed ${seed} --round ${round} --only ${name}\n`,
      );
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1;
