import { describe, expect, it } from "vitest";
import { isTried, lettersOf } from "../../../fuzz/explore/alphabet.ts";
import { firstOps, worldOf } from "../../../fuzz/explore/bounds.ts";
import { ExploredPair } from "../../../fuzz/explore/pair.ts";
import { MachineSide } from "../../../src/engine/machineside.ts";
import type { ModelBackend } from "../../../src/model/backend.ts";
import type { Op } from "../../../src/trace/op.ts";
import { IS_LONG } from "../../long.ts";
import { MODELS } from "../../models.ts";

const BOUNDS = { procs: 2, slots: 2, pages: 2, depth: IS_LONG ? 4 : 3 };
const letters = lettersOf(BOUNDS);

const pair = new ExploredPair(
  new MachineSide(MODELS["6.12"] as ModelBackend),
  new MachineSide(MODELS["7.2"] as ModelBackend),
  true,
);

function enter(path: readonly Op[]): void {
  pair.reset(worldOf(BOUNDS));
  for (const op of path) pair.apply(op);
}

const tried = () => {
  const { alive, born, before, after } = pair;
  return letters.filter((letter) =>
    isTried(letter, { procs: BOUNDS.procs, alive, born, sides: [before, after] }),
  );
};

/** The state as its hash, and what both sides have found. */
function shown(): string {
  pair.rehash();
  const { before, after } = pair.oracle;
  const found = [before, after].map(({ findings }) =>
    findings.map(({ symptom, cause, kind, step, detail }) => [symptom, cause, kind, step, detail]),
  );
  return JSON.stringify([pair.high, pair.low, found]);
}

/** What each letter leads to from the state that a path leads to, and the paths to new states. */
function byKept(path: readonly Op[]): string[] {
  enter(path);
  const from = tried();
  const back = pair.keep();
  if (back === null) throw new Error("a model can be kept");
  return from.map(({ op }, n) => {
    if (n > 0) back();
    pair.apply(op);
    return shown();
  });
}

function byPath(path: readonly Op[]): { readonly op: Op; readonly state: string }[] {
  enter(path);
  return tried().map(({ op }) => {
    enter([...path, op]);
    return { op, state: shown() };
  });
}

describe("both machines and the oracle, put back to what was kept", () => {
  it("go on from every state as if its path had been performed again", () => {
    const known = new Set<string>();
    let level: Op[][] = [[...firstOps(BOUNDS)]];
    for (let depth = 0; depth < BOUNDS.depth; depth++) {
      const next: Op[][] = [];
      for (const path of level) {
        const reached = byPath(path);
        expect(byKept(path)).toEqual(reached.map(({ state }) => state));
        for (const { op, state } of reached) {
          if (known.has(state)) continue;
          known.add(state);
          next.push([...path, op]);
        }
      }
      level = next;
    }
    expect(known.size).toBeGreaterThan(1_000);
  });
});
