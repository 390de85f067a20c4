import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgeRace } from "../../../src/races/judged.ts";
import type { Both } from "../../../src/trace/both.ts";
import type { Op } from "../../../src/trace/op.ts";
import { ordersOf, type Race } from "../../../src/trace/race.ts";
import { RaceProgram } from "../../../tree/race/program.ts";
import { hasGcc } from "../../reports/repro/compile.ts";

const folder = mkdtempSync(join(tmpdir(), "pfndiff-race-test-"));
let program: RaceProgram;

/** The host half of a tree's program, on a toy of which all outcomes are known. */
beforeAll(() => {
  if (!hasGcc) return;
  const host = "tree/program/host";
  const files = readdirSync(host).filter((name) => name.endsWith(".c"));
  const path = join(folder, "toy");
  // What the program can do beyond two tasks is not the toy's.
  const loose = ["-no-pie", "-fno-pie", "-mstackrealign", "-Wl,--unresolved-symbols=ignore-all"];
  const flags = ["-O1", "-w", "-fno-omit-frame-pointer", "-Itree/program", ...loose];
  const sources = [...files.map((name) => join(host, name)), "tests/tree/race/toykernel.c"];
  execFileSync("gcc", [...flags, "-o", path, ...sources], { stdio: "pipe" });
  program = new RaceProgram("tree:toy", path);
});
afterAll(() => {
  if (hasGcc) program.close();
  rmSync(folder, { recursive: true, force: true });
});

const range = { proc: 0, at: 0, pages: 1 } as const;
const LOSES: Op = { op: "munmap", ...range };
const COUNTS: Op = { op: "mlock", ...range };
const AB: Op = { op: "revoke", proc: 0 };
const BA: Op = { op: "munlock", ...range };
const CRASHES: Op = { op: "touch", proc: 0, at: 0, write: true };
const LEAKS: Op = { op: "madvise", ...range, advice: "dontfork" };
const points = (pages: number): Op => ({ op: "mprotect", proc: 0, at: 0, pages, prot: "r" });

function raceOf(a: Op[], b: Op[]): Race {
  const both: Both = { op: "both", a, b };
  const before: Op[] = [{ op: "spawn", proc: 0 }];
  const world = { pfns: 8, vpages: 8, mtrr: "uncached" } as const;
  const trace = { format: "pfndiff/trace@1", name: "toy", world, ops: [...before, both] } as const;
  return { trace, at: before.length, both };
}

function search(a: Op[], b: Op[], preemptions: number) {
  const race = raceOf(a, b);
  const found = program.search(race, { preemptions, points: "locks" }, () => true);
  if (found === null) throw new Error("nobody interrupted it");
  const races = found.outcomes.filter((outcome) => outcome.preemptions > 0);
  const ran = races.map(({ schedule }) => program.run(race, schedule, "locks"));
  const orders = ordersOf(race).map((order) => program.runOrder(race, order));
  return { ...found, race, ran, judged: ran.map((one) => judgeRace(race, one, orders)) };
}

describe.runIf(hasGcc)("a search", () => {
  test.each([
    [1, 2],
    [3, 3],
    [4, 2],
  ])("of tasks of %i and %i points runs every schedule once, and none twice", (m, n) => {
    const pairs = (k: number) => (k * (k - 1)) / 2;
    const most = [2, m + n, 2 * m * n, pairs(m) * n + m * pairs(n)];
    for (const [bound] of most.entries()) {
      const counted = most.slice(0, bound + 1).reduce((sum, some) => sum + some, 0);
      expect(search([points(m)], [points(n)], bound).schedules).toBe(counted);
    }
  });

  test("finds nothing in tasks that hold their lock for as long as they need it", () => {
    const { outcomes, ran } = search([COUNTS, COUNTS], [COUNTS, COUNTS], 3);
    expect([outcomes.length, ran.length]).toEqual([1, 0]);
  });

  test("finds a lost update with the one preemption that it takes, and the same on every run", () => {
    const { outcomes, ran, judged } = search([LOSES], [LOSES], 2);
    expect(outcomes.map(({ preemptions }) => preemptions)).toEqual([0, 1]);
    expect(judged.map(({ differs }) => differs)).toEqual([["state"]]);
    expect(ran[0]?.recording.steps.at(-1)?.memtype).toEqual([
      { start: 0, end: 1, type: "write-combining" },
    ]);
    expect(search([LOSES], [LOSES], 2).outcomes).toEqual(outcomes);
  });

  test("stops between whole ops for nothing, so every order of them is without a preemption", () => {
    expect(search([COUNTS, COUNTS], [COUNTS], 0)).toMatchObject({ schedules: 3 });
    expect(search([COUNTS, COUNTS], [COUNTS, COUNTS], 0)).toMatchObject({ schedules: 6 });
  });

  test("sees a deadlock, says who waits for what, and goes on", () => {
    const { deaths, judged, ran } = search([AB], [BA], 2);
    expect(deaths).toBeGreaterThan(0);
    expect(judged.map(({ signature }) => signature)).toEqual(["deadlock:revoke+munlock"]);
    expect(ran[0]?.recording.steps.flatMap(({ events }) => events)[0]).toMatchObject({
      kind: "hang",
      text: "deadlock: a waits for lock_b, b waits for lock_a",
    });
    expect(search([AB], [AB], 2).deaths).toBe(0);
  });

  test("loses a schedule that crashes, and no other", () => {
    const { schedules, deaths, judged } = search([CRASHES], [COUNTS], 2);
    const calm = search([points(1)], [COUNTS], 2);
    expect(schedules).toBe(calm.schedules);
    expect(deaths).toBeGreaterThan(0);
    expect(judged.map(({ signature }) => signature)).toEqual(["crash:touch+mlock"]);
  });

  test("sees what a schedule leaves behind, and the next one does not", () => {
    const { schedules, judged, outcomes } = search([LEAKS], [COUNTS], 2);
    expect(schedules).toBe(search([points(1)], [COUNTS], 2).schedules);
    expect(outcomes).toHaveLength(2);
    expect(judged.map(({ signature }) => signature)).toEqual(["kernel-leak:madvise+mlock"]);
  });
});

describe.runIf(hasGcc)("a schedule", () => {
  test("runs as it was found, and says where it is stopped", () => {
    const { race, outcomes, ran } = search([LOSES], [LOSES], 1);
    const [found] = ran;
    expect(found?.schedule).toHaveLength(outcomes[1]?.schedule.length ?? 0);
    const stopped = found?.points.filter(({ turn }) => turn === "stopped") ?? [];
    expect(stopped.map(({ state }) => state?.memtype.length)).toEqual([0]);
    expect(
      found?.points.filter(({ turn }) => turn === "on").every(({ state }) => state === null),
    ).toBe(true);
    expect(found?.points.at(-1)?.state?.memtype).toHaveLength(1);
    const again = program.run(race, found?.schedule ?? [], "locks");
    expect(again).toEqual(found);
    expect(found?.schedule.at(-1)?.at).toMatch(/^(before|after) spin_(un)?lock\(lock_a\)/);
  });

  test("that names another place than the task is at is refused in one line", () => {
    const race = raceOf([LOSES], [LOSES]);
    const at = "before spin_lock(lock_b) in k_munmap";
    expect(() => program.run(race, [{ task: "a", point: 1, at }], "locks")).toThrow(
      /does not fit this tree: a is before spin_lock\(lock_a\).* at point 1, not before spin_lock\(lock_b\)/,
    );
    expect(() => program.run(race, [{ task: "a", point: 99 }], "locks")).toThrow(/never stopped/);
  });
});
