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

describe("the limit on a process' VMAs", () => {
  const room = (maps: number): World => ({ ...APERTURE, maps });
  const singles = (count: number) => Array.from({ length: count }, (_, n) => map(2 * n, 1, n));

  test.each(releases)("on %s lets mmap have one VMA more than there is room for", (release) => {
    const { results } = shows(release, singles(5), room(3));
    expect(results).toEqual(["ok", "ok", "ok", "ok", "ENOMEM"]);
  });

  test.each(releases)("on %s keeps a refused mmap from unmapping what is there", (release) => {
    const { results, vmas } = shows(release, [...singles(3), map(0, 3, 8)], room(2));
    expect([results.at(-1), vmas]).toEqual(["ENOMEM", ["0-1", "2-3", "4-5"]]);
  });

  test.each(releases)("on %s cuts once where there is room for one VMA more", (release) => {
    expect(shows(release, [map(0, 3), protect(1, 1)], room(2))).toEqual({
      results: ["ok", "ENOMEM"],
      vmas: ["0-1", "1-3"],
    });
    const advise: Op = { op: "madvise", proc: 0, at: 1, pages: 1, advice: "dontfork" };
    expect(shows(release, [map(0, 3), advise], room(2)).results).toEqual(["ok", "EAGAIN"]);
  });

  test.each(releases)("on %s refuses a hole in the middle only, and before any cut", (release) => {
    expect(shows(release, [map(0, 3), munmap(1, 1)], room(1))).toEqual({
      results: ["ok", "ENOMEM"],
      vmas: ["0-3"],
    });
    expect(shows(release, [map(0, 3), munmap(2, 1), munmap(0, 1)], room(1)).vmas).toEqual(["1-2"]);
    expect(shows(release, [map(0, 3), map(1, 1, 8)], room(1)).results).toEqual(["ok", "ENOMEM"]);
  });

  test.each(releases)("on %s leaves mseal half done", (release) => {
    if (release === "6.1") return;
    expect(shows(release, [map(0, 3), seal(1, 1)], room(2))).toEqual({
      results: ["ok", "ENOMEM"],
      vmas: ["0-1", "1-3"],
    });
  });

  /** The least room with which one VMA can be moved elsewhere. */
  const roomToMove = (release: string) => {
    const moves = (maps: number) => shows(release, [map(0, 1), move(0, 1, 4)], room(maps));
    return [1, 2, 3, 4, 5, 6, 7, 8].find((maps) => moves(maps).results.at(-1) === "ok");
  };

  test("asks for 6 more before a move, for 4 since every mremap asks", () => {
    const asked = Object.fromEntries(releases.map((release) => [release, roomToMove(release)]));
    expect(asked).toEqual({
      "6.1": 7,
      "6.12": 7,
      "6.16": 7,
      "6.17": 7,
      "6.18": 7,
      "6.19": 7,
      "7.0": 7,
      "7.1": 5,
      "7.2": 5,
      "7.3": 5,
    });
  });

  test("is asked about before or after the source, for moves or for all", () => {
    const nowhere = [move(0, 1, 4)];
    const inPlace: readonly Op[] = [
      map(0, 2),
      { op: "mremap", proc: 0, at: 0, pages: 2, newPages: 1 },
    ];
    const last = (release: string, ops: readonly Op[]) =>
      shows(release, ops, room(2)).results.at(-1);
    expect(["6.12", "6.16", "7.2"].map((release) => last(release, nowhere))).toEqual([
      "EFAULT",
      "ENOMEM",
      "ENOMEM",
    ]);
    expect(["6.12", "6.16", "7.2"].map((release) => last(release, inPlace))).toEqual([
      "ok",
      "ok",
      "ENOMEM",
    ]);
  });

  test("stops a move of several VMAs between two of them", () => {
    const ops = [map(0, 1), map(1, 1, 4), map(8, 4, 8), move(0, 2, 9)];
    expect(shows("7.2", ops, room(7))).toEqual({
      results: ["ok", "ok", "ok", "ok"],
      vmas: ["8-9", "9-10", "10-11", "11-12"],
    });
    expect(shows("7.2", ops, room(6)).results.at(-1)).toBe("ENOMEM");
  });
});

describe("a fork that fails late", () => {
  const late: Op = { op: "fork", proc: 0, child: 1, late: true };
  const ops: readonly Op[] = [
    { op: "spawn", proc: 0 },
    map(0, 3),
    map(4, 2, 8),
    protect(1, 1),
    { op: "madvise", proc: 0, at: 4, pages: 2, advice: "dontfork" },
  ];
  const trace = (more: readonly Op[]): Trace => ({
    format: "pfndiff/trace@1",
    name: "by hand",
    world: APERTURE,
    ops: [...ops, ...more],
  });

  test.each(releases)("on %s leaves the list and the parent as they were", (release) => {
    const model = MODELS[release];
    const steps = model?.recordSync(traceSchema.parse(trace([late]))).steps ?? [];
    const [was, is] = steps.slice(-2);
    expect(is?.result).toEqual({ errno: "ENOMEM" });
    expect([is?.memtype, is?.vmas, is?.events]).toEqual([was?.memtype, was?.vmas, []]);
  });

  test.each(releases)(
    "on %s shows what the failure of the last copy shows, which a fault can only hit",
    (release) => {
      const model = MODELS[release];
      const show = (fork: Op) => {
        const { steps } = model?.recordSync(trace([fork, { op: "exit", proc: 0 }])) ?? {};
        return steps?.map(({ failed: _why, ...step }) => step);
      };
      const full: Op = { op: "fork", proc: 0, child: 1 };
      const lastCopy: Op = { ...full, fault: { at: "vma", nth: 3 } };
      const afterIt: Op = { ...full, fault: { at: "vma", nth: 4 } };
      expect(show(late)).toEqual(show(lastCopy));
      expect(show(afterIt)).toEqual(show(full));
    },
  );
});
