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
    vmas: (steps.at(-1)?.vmas[0] ?? []).map(
      ({ start, end, sealed }) => `${start}-${end}${sealed === true ? " sealed" : ""}`,
    ),
  };
}

const releases = Object.keys(MODELS);

const seal = (at: number, pages: number): Op => ({ op: "mseal", proc: 0, at, pages });
const munmap = (at: number, pages: number): Op => ({ op: "munmap", proc: 0, at, pages });
const protect = (at: number, pages: number): Op => ({
  op: "mprotect",
  proc: 0,
  at,
  pages,
  prot: "r",
});
const move = (at: number, pages: number, to: number): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages: pages,
  to,
});

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

describe("mseal", () => {
  test("is ENOSYS before 6.10", () => {
    expect(shows("6.1", [map(0, 2), seal(0, 1)])).toEqual({
      results: ["ok", "ENOSYS"],
      vmas: ["0-2"],
    });
  });

  const since = releases.filter((release) => release !== "6.1");

  test.each(since)("on %s splits at both ends, and a gap seals nothing", (release) => {
    expect(shows(release, [map(0, 4), seal(1, 2)]).vmas).toEqual(["0-1", "1-3 sealed", "3-4"]);
    expect(shows(release, [map(0, 2), map(3, 2, 3), seal(1, 3)])).toEqual({
      results: ["ok", "ok", "ENOMEM"],
      vmas: ["0-2", "3-5"],
    });
  });

  test.each(since)("on %s keeps a VMA from going, changing, and being replaced", (release) => {
    const sealed = [map(0, 3), map(8, 2, 8), seal(0, 3)];
    const refused: readonly Op[] = [
      munmap(0, 3),
      munmap(1, 1),
      protect(0, 1),
      map(2, 2),
      move(0, 3, 12),
      move(8, 2, 1),
      { op: "mremap", proc: 0, at: 0, pages: 3, newPages: 1 },
      { op: "mremap", proc: 0, at: 0, pages: 3, newPages: 3 },
    ];
    const { results, vmas } = shows(release, [...sealed, ...refused]);
    expect(results.slice(3)).toEqual(refused.map(() => "EPERM"));
    expect(vmas).toEqual(["0-3 sealed", "8-10"]);
  });

  test.each(since)(
    "on %s lets files be advised and copied, and exit take them along",
    (release) => {
      const ops: readonly Op[] = [
        map(0, 2),
        seal(0, 2),
        { op: "madvise", proc: 0, at: 0, pages: 2, advice: "willneed" },
        { op: "madvise", proc: 0, at: 0, pages: 1, advice: "dontfork" },
        { op: "fork", proc: 0, child: 1 },
        { op: "munmap", proc: 1, at: 1, pages: 1 },
        { op: "exit", proc: 1 },
        { op: "exit", proc: 0 },
      ];
      const { results } = shows(release, ops);
      expect(results).toEqual(["ok", "ok", "ok", "ok", "ok", "EPERM", "ok", "ok"]);
    },
  );

  test.each(since)("on %s leaves standing what was done before it is met", (release) => {
    const mapped = [map(0, 4), map(4, 2, 8), seal(4, 1)];
    expect(shows(release, [...mapped, munmap(2, 4)])).toEqual({
      results: ["ok", "ok", "ok", "EPERM"],
      vmas: ["0-2", "2-4", "4-5 sealed", "5-6"],
    });
    expect(shows(release, [...mapped, protect(3, 3)])).toEqual({
      results: ["ok", "ok", "ok", "EPERM"],
      vmas: ["0-3", "3-4", "4-5 sealed", "5-6"],
    });
  });

  test("stops a move of several VMAs where it meets a sealed one", () => {
    const ops = [map(0, 1), map(1, 1, 4), seal(1, 1), move(0, 2, 8)];
    expect(shows("7.2", ops)).toEqual({
      results: ["ok", "ok", "ok", "EPERM"],
      vmas: ["1-2 sealed", "8-9"],
    });
    expect(shows("6.12", ops).results.at(-1)).toBe("EFAULT");
  });
});
