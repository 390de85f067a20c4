import type { Root } from "../../fuzz/roots/root.ts";
import { type Replayed, rootsOf } from "../../reports/roots.ts";
import type { BaselineEntry, GateProblem } from "../gate.ts";
import { withPair } from "./backends.ts";
import { replayOn } from "./bothsides.ts";

/** A problem of the gate with the trace and the backends that show it. */
export type ShownProblem = GateProblem & Pick<BaselineEntry, "trace" | "before" | "after">;

/** The roots of what is new, pair of backends by pair. */
export async function rootsOfNew(findings: readonly ShownProblem[]): Promise<Root[]> {
  const byPair = new Map<string, ShownProblem[]>();
  for (const problem of findings) {
    if (problem.fault !== "new") continue;
    const sides = `${problem.before} ${problem.after}`;
    byPair.set(sides, [...(byPair.get(sides) ?? []), problem]);
  }
  const roots: Root[] = [];
  for (const some of byPair.values()) roots.push(...(await rootsOnPair(some)));
  return roots;
}

function rootsOnPair(problems: readonly ShownProblem[]): Promise<Root[]> {
  const [first] = problems;
  if (first === undefined) return Promise.resolve([]);
  return withPair(first, async (pair) => {
    const replayed: Replayed[] = [];
    for (const { signature, trace } of problems) {
      const replay = await replayOn(pair, trace);
      const found = replay.findings.find((one) => one.signature === signature);
      if (found === undefined) continue;
      const { kind: _kind, ...finding } = found;
      replayed.push({ finding: { ...finding, count: 1, firstRun: 0, trace }, replay });
    }
    return rootsOf(replayed, (trace) => replayOn(pair, trace));
  });
}
