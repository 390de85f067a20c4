import { describe, expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema, type World } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

const APERTURE: World = { pfns: 16, vpages: 24, mtrr: "uncached" };

const map = (at: number, pages: number, pfn = 0): Op => ({
  op: "mmap",
  proc: 0,
  at,
  pages,
  pfn,
  via: "resource",
  prot: "rw",
  private: false,
});

/** What every op of process 0 returns on a release, and the VMAs that are left. */
function shows(release: string, ops: readonly Op[], world: World = APERTURE) {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model ${release}`);
  const spawned: Op[] = [{ op: "spawn", proc: 0 }, ...ops];
  const trace: Trace = { format: "pfndiff/trace@1", name: "by hand", world, ops: spawned };
  const { steps } = model.recordSync(traceSchema.parse(trace));
  return {
    results: steps.slice(1).map(({ result }) => ("errno" in result ? result.errno : "ok")),
    vmas: (steps.at(-1)?.vmas[0] ?? []).map(({ start, end }) => `${start}-${end}`),
  };
}

const releases = Object.keys(MODELS);

describe("mlock and munlock", () => {
  const ops: readonly Op["op"][] = ["mlock", "munlock"];
  const range = (op: Op["op"], at: number, pages: number) => ({ op, proc: 0, at, pages }) as Op;

  test.each(releases)("on %s neither split nor refuse a device mapping", (release) => {
    for (const op of ops) {
      const { results, vmas } = shows(release, [map(0, 4), range(op, 1, 2), range(op, 0, 4)]);
      expect(results).toEqual(["ok", "ok", "ok"]);
      expect(vmas).toEqual(["0-4"]);
    }
  });

  test.each(releases)("on %s are ENOMEM for a gap anywhere in the range", (release) => {
    const mapped = [map(2, 2), map(6, 2)];
    for (const op of ops) {
      for (const [at, pages] of [
        [1, 2],
        [3, 4],
        [6, 3],
        [10, 1],
      ] as const) {
        const { results } = shows(release, [...mapped, range(op, at, pages)]);
        expect([at, results.at(-1)]).toEqual([at, "ENOMEM"]);
      }
    }
  });
});
