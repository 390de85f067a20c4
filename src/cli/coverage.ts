import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coverageText } from "../../reports/coveragetext.ts";
import { coverageIn } from "../../tree/coverage.ts";
import type { Coverage } from "../trace/coverage.ts";
import { UserError } from "../usererror.ts";
import { isTree, type Pair } from "./backends.ts";
import { requireWritable, writeText } from "./files.ts";
import type { Io } from "./io.ts";
import { opening } from "./opening.ts";

/** Refuses to count what runs of backends of which none is a tree. */
export function requireTree({ before, after }: { before: string; after: string }): void {
  if ([before, after].some((id) => id.startsWith("tree:"))) return;
  throw new UserError("--coverage: neither side is a tree (tree:PATH)");
}

/**
 * Does something with trees that count which of their lines run. `file` is where the counts go as JSON; undefined
 * for none. What is told comes after what `work` prints; `tellOf` is called by it once the pair has done its runs.
 */
export async function withCoverage<T>(
  io: Io,
  file: string | undefined,
  work: (tellOf: (pair: Pair) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (file === undefined) return work(async () => undefined);
  await requireWritable(file);
  const counters = mkdtempSync(join(tmpdir(), "pfndiff-coverage-"));
  opening.counters = counters;
  try {
    return await work((pair) => tellCoverage(io, file, pair));
  } finally {
    opening.counters = null;
    rmSync(counters, { recursive: true, force: true });
  }
}

async function tellCoverage(io: Io, file: string, { before, after }: Pair): Promise<void> {
  const trees: Coverage["trees"] = [];
  for (const tree of [before, after].filter(isTree)) {
    // A program leaves its counts when it ends.
    await tree.close();
    const functions = await coverageIn(tree.program, tree.counters ?? "");
    trees.push({ id: tree.id, release: tree.release, functions });
  }
  const coverage: Coverage = { format: "pfndiff/coverage@1", trees };
  await writeText(file, `${JSON.stringify(coverage)}\n`);
  await io.out(`\n${coverageText(coverage)}`);
}
