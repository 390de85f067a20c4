import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../cli/run.ts";

const REPORT = "docs/report-6.12-vs-7.2.md";

it(`${REPORT} is what "npm run docs" makes of the tree as it is`, async () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const [fuzz = "", report = ""] = String(scripts.docs).split(" && ");
  const dir = mkdtempSync(join(tmpdir(), "pfndiff-docs-"));
  try {
    const found = await run(wordsOf(fuzz, dir));
    const made = await run(wordsOf(report, dir));
    expect([found.status, made.status]).toEqual([0, 0]);
    expect(readFileSync(REPORT, "utf8") === made.out, "stale: npm run build && npm run docs").toBe(
      true,
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});

/** The words of `node dist/pfndiff.js WORDS > FILE`, with results in another directory. */
function wordsOf(command: string, dir: string): string[] {
  const [line = ""] = command.split(" > ");
  return line
    .split(" ")
    .slice(2)
    .map((word) => (word === ".pfndiff/docs" ? dir : word));
}
