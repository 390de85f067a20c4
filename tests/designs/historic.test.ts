import { describe, expect, it } from "vitest";
import { anyTrace } from "../../fuzz/sources.ts";
import { legacyBackend } from "../../legacy/index.ts";
import { FIXES, historicSpec } from "../../legacy/historic.ts";
import { ZOO } from "../../src/cli/zoolist.ts";
import { modelBackend } from "../../src/model/backend.ts";
import { run } from "../cli/run.ts";
import { IS_LONG } from "../long.ts";

const RUNS = IS_LONG ? "400" : "30";
/** What a failed fork leaks takes more of them. */
const OPS = IS_LONG ? "8000" : "1500";

describe("releases as they were published", () => {
  it("with every fix are the design of the last release, step by step", () => {
    const whole = modelBackend("legacy@6.12", "vm-pat", historicSpec(FIXES));
    const legacy = legacyBackend("6.12");
    for (let n = 0; n < (IS_LONG ? 200 : 60); n++) {
      const trace = anyTrace(11, n);
      expect(whole.recordSync(trace).steps).toEqual(legacy.recordSync(trace).steps);
    }
  });
});

describe("pfndiff zoo", () => {
  it("names every bug once", () => {
    expect(new Set(ZOO.map(({ id }) => id)).size).toBe(ZOO.length);
  });

  it.each([
    ["L1", 3],
    ["L10", 4],
    ["L13", 3],
    ["L16", 4],
    ["L22", 3],
    ["N6", 3],
  ])("finds %s and shrinks it to %i ops at most", async (id, most) => {
    const { status, out } = await run(["zoo", "--only", id, "--seeds", "1", "--json"]);
    const [bug] = JSON.parse(out).bugs;
    expect(bug.witness.ops.length).toBeLessThanOrEqual(most);
    expect(status).toBe(0);
  });

  it("fails when a bug is not found in the ops it is given", async () => {
    expect((await run(["zoo", "--only", "L22", "--ops", "3", "--seeds", "1"])).status).toBe(1);
  });
});

describe("pfndiff lattice", () => {
  it.runIf(IS_LONG)(
    "shows that the fork fix needs the place of the flag, and covers the fix before it",
    async () => {
      const { out, status } = await run(["lattice", "--ops", OPS, "--json"]);
      const { subsets } = JSON.parse(out);
      const shows = (...left: string[]) => {
        const fixes = FIXES.filter((fix) => !left.includes(fix));
        const found = subsets.find((s: { fixes: string[] }) => s.fixes.join() === fixes.join());
        return Object.keys(found.symptoms);
      };
      expect(status).toBe(0);
      expect(subsets).toHaveLength(32);
      expect(shows()).toEqual([]);
      expect(shows("d155df53f310")).toEqual([]);
      expect(shows("e9f180d7cfde")).toContain("leak");
      expect(shows("dc84bc2aba85")).toContain("double-untrack");
      if (IS_LONG) expect(shows("dc84bc2aba85")).toContain("leak");
      expect(shows("2039e6acaf94")).toContain("double-untrack");
    },
  );
});

describe("pfndiff arena", () => {
  it("puts shipped and other designs side by side, the same at the same seed", async () => {
    const twice = await Promise.all(
      [1, 2].map(() => run(["arena", "--runs", "120", "--only", "C2", "--depth", "1", "--json"])),
    );
    const [first, second] = twice.map(({ out }) => JSON.parse(out).designs);
    expect(first.map((d: { design: string }) => d.design)).toEqual(["C2-new", "C2-old"]);
    expect(first.map((d: { faults: object }) => d.faults)).toEqual(
      second.map((d: { faults: object }) => d.faults),
    );
  });

  it.runIf(IS_LONG)(
    "counts what a better list costs under the old hooks: memory where it must not fail",
    async () => {
      const { out } = await run(["arena", "--runs", RUNS, "--depth", "1", "--json"]);
      const designs = new Map(
        JSON.parse(out).designs.map((d: { design: string }) => [d.design, d] as const),
      );
      const of = (name: string) =>
        designs.get(name) as { allocationsInFree: number; pageOps: number; foreignVmas: number };
      expect(of("C2-old").allocationsInFree).toBeGreaterThan(0);
      expect(of("C2-new").allocationsInFree).toBe(0);
      expect(of("C2-new").pageOps).toBe(of("modern").pageOps);
      expect(of("A").pageOps).toBeLessThan(of("modern").pageOps);
      expect(of("A").foreignVmas).toBeGreaterThan(0);
      expect(of("A-local").foreignVmas).toBe(0);
    },
  );

  it("prints tables that name every design", async () => {
    const { out } = await run(["arena", "--runs", "20", "--depth", "1", "--only", "D3"]);
    expect(out).toContain("page-ops");
    expect(out).toContain("D3");
  });
});
