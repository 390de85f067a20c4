import { describe, expect, test } from "vitest";
import { raceOfRun, shrinkRace } from "../../fuzz/races.ts";
import { racedTraceSchema, raceIn } from "../../src/trace/race.ts";

const drawn = Array.from({ length: 400 }, (_, run) => raceOfRun(7, run, "memory")).filter(
  (race) => race !== null,
);

describe("races that a campaign draws", () => {
  test("are traces that can be read again, with something mapped and one to three ops a task", () => {
    expect(drawn.length).toBeGreaterThan(250);
    for (const race of drawn) {
      expect(racedTraceSchema.safeParse(race.trace).error).toBeUndefined();
      expect(raceIn(race.trace)).toEqual(race);
      const setup = race.trace.ops.slice(0, race.at).map(({ op }) => op);
      const isMapped = setup.includes("mmap") || setup.includes("drv-mmap");
      expect([isMapped, setup.length <= 8]).toEqual([true, true]);
      for (const script of [race.both.a, race.both.b]) {
        expect([1, 2, 3]).toContain(script.length);
      }
    }
  });

  test("depend on the seed and the run alone; half of them revoke, or zap what a driver has mapped", () => {
    expect(raceOfRun(7, 3, "memory")).toEqual(raceOfRun(7, 3, "memory"));
    const zaps = drawn.filter(({ both }) => both.a[0]?.op === "drv-zap");
    expect(zaps.length).toBeGreaterThan(drawn.length / 20);
    for (const { trace } of zaps) {
      expect(trace.ops.some(({ op }) => op === "drv-mmap")).toBe(true);
    }
    const revokes = drawn.filter(({ both }) => ["revoke", "drv-zap"].includes(both.a[0]?.op ?? ""));
    expect(revokes.length).toBeGreaterThan(drawn.length / 4);
    expect(revokes.length).toBeLessThan((drawn.length * 3) / 4);
  });

  test("shrink to the ops that hold, and stay races", () => {
    for (const race of drawn.slice(0, 30)) {
      const maps = (op: { op: string }) => op.op === "mmap" || op.op === "drv-mmap";
      const least = shrinkRace(race, ({ trace }) => trace.ops.some(maps));
      expect(least.both.a.length + least.both.b.length).toBe(2);
      expect(racedTraceSchema.safeParse(least.trace).error).toBeUndefined();
      const all = [...least.trace.ops, ...least.both.a, ...least.both.b];
      const setup = least.trace.ops.slice(0, least.at);
      expect(all.some(maps)).toBe(true);
      expect(setup.length).toBeLessThanOrEqual(1);
    }
  });
});
