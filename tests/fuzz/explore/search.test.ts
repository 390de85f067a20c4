import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bounds, firstOps, worldOf } from "../../../fuzz/explore/bounds.ts";
import { Expander } from "../../../fuzz/explore/expander.ts";
import { GROUP_NAMES, lettersOf } from "../../../fuzz/explore/groups.ts";
import { ExploredPair } from "../../../fuzz/explore/pair.ts";
import {
  type KeptSearch,
  search,
  type SearchOptions,
  type SearchResult,
} from "../../../fuzz/explore/search.ts";
import { legacyLaxFork } from "../../../legacy/variants.ts";
import { krefEraseByEnd } from "../../../modern/variants/erasebyend.ts";
import { SpillFolder } from "../../../src/cli/spillfolder.ts";
import { MachineSide } from "../../../src/engine/machineside.ts";
import type { ModelBackend } from "../../../src/model/backend.ts";
import { judgeFindings } from "../../../src/oracle/verdict.ts";
import type { Op } from "../../../src/trace/op.ts";
import type { Trace } from "../../../src/trace/trace.ts";
import { IS_LONG, sampleOf } from "../../long.ts";
import { MODELS } from "../../models.ts";

const legacy = MODELS["6.12"] as ModelBackend;
const modern = MODELS["7.2"] as ModelBackend;

interface Way extends Partial<Pick<SearchOptions, "kept" | "isTimeToKeep" | "keep">> {
  readonly before?: ModelBackend;
  readonly after?: ModelBackend;
  readonly ahead?: number;
  readonly judged?: boolean;
  readonly letters?: ReturnType<typeof lettersOf>;
  readonly memory?: number;
  readonly spill?: SpillFolder;
  readonly signal?: AbortSignal;
}

function explore(bounds: Bounds, way: Way = {}): Promise<SearchResult> {
  const {
    before = legacy,
    after = modern,
    ahead = 1,
    memory = 2 ** 28,
    spill = new SpillFolder(null),
    judged = true,
    letters = lettersOf(bounds),
    signal,
    ...keeping
  } = way;
  const sides = [new MachineSide(before), new MachineSide(after)] as const;
  const expander = new Expander(bounds, ...sides, judged, letters);
  const expand = async (paths: Parameters<Expander["expand"]>[0]) => expander.expand(paths);
  const limits = { ahead, memory, spill, ...(signal && { signal }) };
  return search({ bounds, expander, expand, ...limits, ...keeping });
}

/** The least depth of every verdict's signature, by trying every sequence and merging no states. */
function bruteForce(bounds: Bounds): Map<string, number> {
  const pair = new ExploredPair(new MachineSide(legacy), new MachineSide(modern), true);
  const letters = lettersOf(bounds);
  const first = firstOps(bounds);
  const least = new Map<string, number>();
  const enter = (ops: readonly Op[]) => {
    pair.reset(worldOf(bounds));
    for (const op of ops) pair.apply(op);
  };
  const isTried = ({ op, applies }: (typeof letters)[number]) => {
    const bears = pair.alive.length < bounds.procs;
    if (op.op === "spawn") return bears && op.proc === pair.born;
    if (!pair.alive.includes(op.proc)) return false;
    if (op.op === "fork") return bears && op.child === pair.born;
    return [pair.before, pair.after].some((side) => {
      const space = side.space(op.proc);
      return space !== null && applies(space);
    });
  };
  const visit = (ops: readonly Op[]) => {
    enter(ops);
    const { before, after } = pair.oracle;
    for (const { signature, parted } of judgeFindings(before.findings, after.findings)) {
      if (parted) continue;
      const depth = ops.length - first.length;
      if (depth < (least.get(signature) ?? Number.POSITIVE_INFINITY)) least.set(signature, depth);
    }
    if (ops.length >= first.length + bounds.depth) return;
    const tried = letters.filter(isTried);
    for (const { op } of tried) visit([...ops, op]);
  };
  visit(first);
  return least;
}

const depthsOf = ({ signatures }: SearchResult) =>
  Object.fromEntries(signatures.map(({ key, depth }) => [key, depth]).sort());

describe("exploring every sequence up to a bound", () => {
  it.each([
    { procs: 2, slots: 2, pages: 2, depth: 3 },
    { procs: 2, slots: 1, pages: 3, depth: 3 },
    { procs: 1, slots: 1, pages: 2, depth: 4 },
  ])("finds what trying each sequence finds, as early: %o", async (bounds) => {
    const least = bruteForce(bounds);
    expect(least.size).toBeGreaterThan(5);
    expect(depthsOf(await explore(bounds))).toEqual(Object.fromEntries([...least].sort()));
  });

  const small = { procs: 2, slots: 1, pages: 2, depth: IS_LONG ? 3 : 2 };

  it.each(sampleOf(GROUP_NAMES, 2))(
    "finds what trying each sequence finds with the group %s",
    async (name) => {
      const bounds = { ...small, with: [name] };
      expect(depthsOf(await explore(bounds))).toEqual(
        Object.fromEntries([...bruteForce(bounds)].sort()),
      );
    },
  );

  it.each<Partial<Bounds>>([{}, { mtrr: "write-back" }, { pages: 3, depth: IS_LONG ? 2 : 1 }])(
    "shows the same without the letters that do what another one does: %o",
    async (more) => {
      const bounds = { ...small, ...more, with: [...GROUP_NAMES] };
      const [few, all] = [lettersOf(bounds), lettersOf(bounds, true)];
      expect(few.length * 1.3).toBeLessThan(all.length);
      const whole = await explore(bounds, { letters: all });
      expect(depthsOf(await explore(bounds))).toEqual(depthsOf(whole));
    },
  );

  it.each([
    { ...small, with: ["revoke"], depth: 3 },
    { ...small, with: ["mseal", "mremap.range"] },
    { ...small, mtrr: "write-back" as const, depth: 3 },
    { ...small, maps: 1, with: ["mremap.range"] },
  ])("finds it in other worlds, and with groups together: %o", async (bounds) => {
    const least = bruteForce(bounds);
    expect(least.size).toBeGreaterThan(3);
    expect(depthsOf(await explore(bounds))).toEqual(Object.fromEntries([...least].sort()));
  });

  const machine = (procs: number, ...ops: Op[]): Trace => ({
    format: "pfndiff/trace@1",
    name: "a machine as it is",
    world: { pfns: 4, vpages: 4, mtrr: "uncached" },
    ops: [...Array.from({ length: procs }, (_, proc): Op => ({ op: "spawn", proc })), ...ops],
  });
  const map = (proc: number, pfn: number, pages: number): Op => {
    return { op: "mmap", proc, at: 0, pages, pfn, via: "resource", prot: "rw", private: false };
  };
  const held: Op = { op: "ioremap", proc: 0, slot: 0, pfn: 2, pages: 1, mode: "wc" };

  it.each<[string, Trace, Partial<Bounds>]>([
    ["one process beside a mapping of the kernel's", machine(1, held, map(0, 0, 2)), {}],
    ["two of four processes that look alike", machine(4, map(1, 0, 1), map(3, 0, 1)), { depth: 1 }],
    ["one that was born before its elder", machine(0, { op: "spawn", proc: 2 }), {}],
    ["a process that has died", machine(2, map(1, 1, 2), { op: "exit", proc: 1 }), {}],
  ])("begins with a machine as it is, and finds the same: %s", async (_, begin, more) => {
    const bounds = { procs: 5, slots: 1, pages: 2, depth: 2, begin, ...more };
    const found = await explore(bounds);
    expect(depthsOf(found)).toEqual(Object.fromEntries([...bruteForce(bounds)].sort()));
    for (const { ops, depth } of [...found.signatures, ...found.aspects]) {
      expect(ops.slice(0, -depth)).toEqual(begin.ops);
    }
  });

  it("a witness shows its signature, and only with its last op", async () => {
    const bounds = { procs: 2, slots: 2, pages: 2, depth: 3 };
    const { signatures } = await explore(bounds);
    const pair = new ExploredPair(new MachineSide(legacy), new MachineSide(modern), true);
    const shownBy = (ops: readonly Op[]) => {
      pair.reset(worldOf(bounds));
      for (const op of ops) pair.apply(op);
      const { before, after } = pair.oracle;
      return judgeFindings(before.findings, after.findings).map(({ signature }) => signature);
    };
    for (const { key, ops, depth } of signatures) {
      expect(ops).toHaveLength(depth + 1);
      expect(shownBy(ops)).toContain(key);
      expect(shownBy(ops.slice(0, -1))).not.toContain(key);
    }
  });

  it("the order in which chunks come back changes nothing", async () => {
    const bounds = { procs: 2, slots: 2, pages: 2, depth: 3 };
    expect(await explore(bounds, { ahead: 7 })).toEqual(await explore(bounds));
  });

  it("counts and hashes are stable", async () => {
    const { levels } = await explore({ procs: 2, slots: 1, pages: 2, depth: 3 });
    expect(levels.map(({ transitions, states }) => [transitions, states])).toEqual([
      [15, 8],
      [80, 30],
      [350, 152],
    ]);
    expect(new Set(levels.map(({ hash }) => hash)).size).toBe(3);
  });

  it("a design compared with itself differs in nothing and changes no verdict", async () => {
    const bounds = { procs: 2, slots: 2, pages: 2, depth: 3 };
    const { aspects, signatures } = await explore(bounds, { before: modern });
    expect(aspects).toEqual([]);
    expect(signatures.map(({ key }) => key.split(":")[0])).toEqual(signatures.map(() => "kept"));
  });

  it("without the oracle it sees the same differences in fewer states", async () => {
    const bounds = { procs: 2, slots: 2, pages: 2, depth: 3 };
    const { aspects, levels, signatures } = await explore(bounds, { judged: false });
    const judged = await explore(bounds);
    const depths = (result: SearchResult) => result.aspects.map(({ key, depth }) => [key, depth]);
    expect(depths({ ...judged, aspects })).toEqual(depths(judged));
    expect(levels[2]?.states).toBeLessThan(judged.levels[2]?.states ?? 0);
    expect(signatures).toEqual([]);
  });

  it("stops when it is interrupted", async () => {
    const bounds = { procs: 2, slots: 2, pages: 3, depth: 3 };
    const signal = AbortSignal.abort();
    expect(await explore(bounds, { signal })).toMatchObject({ interrupted: true, levels: [] });
  });
});

describe("the two questions of the series", () => {
  const bounds = { procs: 2, slots: 2, pages: 2, depth: 3 };

  it("the refcounted design never needs the erase by end", async () => {
    const { aspects } = await explore(bounds, { before: krefEraseByEnd(), after: modern });
    expect(aspects).toEqual([]);
  });

  it("the strict flag of fork changes nothing that user space may see this early", async () => {
    const { aspects } = await explore(bounds, { before: legacy, after: legacyLaxFork() });
    expect(aspects).toEqual([]);
  });
});

/** Chunks at once, and after which one it is kept: within the last levels, and between two. */
const POINTS = [
  [3, 4],
  [1, 1],
  [1, 3],
  [4, 6],
] as const;

describe("a search that is kept", () => {
  const bounds: Bounds = { procs: 2, slots: 1, pages: 2, depth: 4 };
  /** Kept after its nth chunk; what it spills after that is written all the same. */
  const kept = async (of: Bounds, nth: number, way: Way) => {
    let [asked, last] = [0, undefined as KeptSearch | undefined];
    const isTimeToKeep = () => ++asked === nth;
    const keep = async (search: KeptSearch) => void (last = structuredClone(search));
    await explore(of, { ...way, isTimeToKeep, keep });
    return last as KeptSearch | undefined;
  };

  it("comes to the same from wherever it goes on", async () => {
    const whole = await explore(bounds);
    for (const [ahead, nth] of sampleOf(POINTS, 1)) {
      const search = await kept(bounds, nth, { ahead });
      expect(await explore(bounds, { kept: search, ahead })).toEqual(whole);
    }
  });

  it("comes to the same where states and paths do not fit in memory", async () => {
    const large = { procs: 2, slots: 1, pages: 3, depth: 5 };
    const folder = mkdtempSync(join(tmpdir(), "pfndiff-test-"));
    const spilled = () => ({ spill: new SpillFolder(folder), memory: 2 ** 16, judged: false });
    const last = await kept(large, 14, spilled());
    expect(last?.states.runs.length).toBeGreaterThan(1);
    const [whole, ...spills] = await Promise.all([
      explore(large, { judged: false }),
      explore(large, { ...spilled(), kept: last }),
    ]);
    expect(spills).toEqual([whole]);
    expect(readdirSync(folder).sort()).toEqual([
      "paths-4",
      "states-0",
      "states-1",
      "states-2",
      "states-3",
    ]);
    rmSync(folder, { recursive: true });
  });
});
