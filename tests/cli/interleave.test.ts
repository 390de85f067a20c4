import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { RACE_SCENARIOS, raceScenarioNamed } from "../../src/scenarios/races.ts";
import type { Both, Stop } from "../../src/trace/both.ts";
import type { Recording } from "../../src/trace/recording.ts";
import { run } from "./run.ts";

/** A schedule as 6.12.117 ran it. */
const SAVED = "tests/data/schedules/revoke-munmap-silent.json";
const folder = mkdtempSync(join(tmpdir(), "pfndiff-interleave-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A scenario in a file, with a schedule or without. */
function fileOf(name: string, schedule?: Stop[]): string {
  const { trace, at } = raceScenarioNamed(name).race;
  const told = (op: (typeof trace.ops)[number], index: number) =>
    index === at && schedule !== undefined ? { ...(op as Both), schedule } : op;
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify({ ...trace, ops: trace.ops.map(told) }));
  return path;
}

describe("interleave", () => {
  test.each([
    [
      ["scenario:no-such", "--on", "tree:/nowhere"],
      /no scenario "no-such" of two tasks \(there are revoke-munmap,/,
    ],
    [
      ["scenario:revoke-fork", "--on", "legacy"],
      /^pfndiff: legacy: only the code of a kernel tree/,
    ],
    [["scenario:revoke-fork", "--on", "tree:/nowhere"], /^pfndiff: .*nowhere/],
    [["scenario:revoke-fork"], /takes --on tree:PATH, or --before and --after/],
    [[], /takes a trace, scenario:NAME or scenarios \(or --verify FILE\)/],
    [["--verify", SAVED], /format: is "pfndiff\/schedule@1" \(expected "pfndiff\/interleave@1"\)$/],
    [["--verify", "/nowhere/it.json"], /^pfndiff: \/nowhere\/it.json/],
    [["--verify", SAVED, "--out", "races"], /--verify .*cannot be used with .*--out/],
    [["scenarios", "--before", "tree:/a", "--after", "tree:/b"], /scenarios takes --on/],
  ])("refuses %j in one line", async (words, line) => {
    const { status, err, out } = await run(["interleave", ...words]);
    expect([status, out, err.trim().split("\n")]).toEqual([2, "", [expect.stringMatching(line)]]);
  });

  test("refuses a trace without two tasks", async () => {
    const path = join(folder, "plain.json");
    const world = { pfns: 1, vpages: 1, mtrr: "uncached" };
    writeFileSync(path, JSON.stringify({ format: "pfndiff/trace@1", name: "", world, ops: [] }));
    const { status, err } = await run(["interleave", path, "--on", "tree:/nowhere"]);
    expect([status, err]).toEqual([2, expect.stringContaining('has no op "both"')]);
  });

  test("lists every scenario in its help", async () => {
    const { out } = await run(["interleave", "--help"]);
    for (const { name } of RACE_SCENARIOS) expect(out).toContain(name);
  });
});

describe("two tasks on a model", () => {
  test("are every order of whole ops, each a recording of its own", async () => {
    const { status, out } = await run([
      "record",
      fileOf("revoke-fork"),
      "--backend",
      "legacy@6.12",
    ]);
    const recordings = out
      .trim()
      .split("\n")
      .map((line): Recording => JSON.parse(line));
    expect(status).toBe(0);
    expect(recordings.map(({ trace }) => trace.name)).toEqual([
      "revoke-fork (a b)",
      "revoke-fork (b a)",
    ]);
    expect(recordings.map(({ trace }) => trace.ops.slice(3, 5).map(({ op }) => op))).toEqual([
      ["revoke", "fork"],
      ["fork", "revoke"],
    ]);
  });

  test("are replayed in every order of whole ops", async () => {
    const { out } = await run(["replay", fileOf("revoke-munmap")]);
    expect(out.match(/^revoke-munmap \([ab ]+\)/gm)).toEqual([
      "revoke-munmap (a b)",
      "revoke-munmap (b a)",
    ]);
  });

  test.each([
    ["record", ["--backend", "modern"]],
    ["replay", ["--before", "legacy", "--after", "modern"]],
  ])("are refused with a schedule by %s, in one line", async (command, options) => {
    const path = fileOf("revoke-exit", [{ task: "a", point: 1 }]);
    const { status, err } = await run([command, path, ...options]);
    expect([status, err.trim().split("\n")]).toEqual([2, [expect.stringMatching(/tree:PATH/)]]);
  });

  test("of a scenario, or of a saved schedule, become a stress program that knows the orders of whole ops", async () => {
    for (const file of [SAVED, "scenario:revoke-munmap-silent"]) {
      const { status, out } = await run(["repro", file]);
      expect(status).toBe(0);
      expect(out).toContain('"a b b on legacy@6.12; a b b on modern@7.2; b a b on legacy@6.12;');
      expect(out.includes("alias:munmap+revoke-mmap")).toBe(file === SAVED);
    }
    const { status, err } = await run(["repro", SAVED, "--format", "syz"]);
    expect([status, err]).toEqual([2, expect.stringContaining("two tasks are made into C alone")]);
  });

  test("have a page with the lanes of a saved schedule, and none without one", async () => {
    const { out } = await run(["sandbox", SAVED]);
    expect(out).toContain("pfndiff/schedule@1");
    const { status, err } = await run(["sandbox", "scenario:revoke-fork"]);
    expect([status, err]).toEqual([2, expect.stringContaining("--on tree:PATH --out DIR")]);
  });

  test("of a saved schedule are refused where there is no tree", async () => {
    const { status, err } = await run(["replay", SAVED]);
    expect([status, err]).toEqual([2, expect.stringContaining("tree:PATH")]);
  });

  test("are refused by what runs one trace", async () => {
    const { status, err } = await run(["shrink", fileOf("revoke-exit")]);
    expect([status, err]).toEqual([
      2,
      expect.stringContaining("interleave, record and replay run"),
    ]);
  });
});
