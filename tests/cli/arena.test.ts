import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arenaSchema } from "../../reports/arena.ts";
import { IS_LONG } from "../long.ts";
import { run } from "./run.ts";

const QUICK = ["--runs", "40", "--depth", "2"];

describe("pfndiff arena", () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "pfndiff-arena-"));
  });

  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it("puts both shipped designs on the same traces and the same sequences", async () => {
    const { status, out } = await run(["arena", ...QUICK, "--only", "e", "--json"]);
    const { designs, bounds } = arenaSchema.parse(JSON.parse(out));
    expect(status).toBe(0);
    expect(bounds).toEqual({ procs: 2, slots: 2, pages: 3, depth: 2 });
    expect(new Set(designs.map(({ ops }) => ops)).size).toBe(1);
    const of = (name: string) => {
      const found = designs.find(({ design }) => design === name);
      if (found === undefined) throw new Error(`${name} did not take part`);
      return found;
    };
    expect(of("legacy").faults.leak).toBeGreaterThan(0);
    expect(of("legacy").scope.shown["double-untrack"].fewest).toBe(2);
    expect(of("modern").scope.shown["double-untrack"].fewest).toBeNull();
    expect(of("modern").scope.pageOps).toBeGreaterThan(of("legacy").scope.pageOps);
    expect(of("modern").opsPerSecond).toBeGreaterThan(0);
  });

  it.runIf(IS_LONG)("prints every design within 80 columns", async () => {
    const { out } = await run(["arena", "--runs", "4", "--depth", "1"]);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^A-local /m);
    expect(out).toContain("Every sequence of up to 1 ops");
  });

  it("saves what a report then shows; a file that is none of it is refused in one line", async () => {
    const first = await run(["fuzz", "--runs", "20", "--seed", "1", "--out", directory]);
    expect(first.err).not.toContain("error");
    await run(["arena", ...QUICK, "--only", "A", "--out", directory]);
    const saved = join(directory, "arena.json");
    expect(arenaSchema.parse(JSON.parse(readFileSync(saved, "utf8"))).designs).toHaveLength(2);
    writeFileSync(saved, '{"format":"pfndiff/arena@2"}');
    const { status, err } = await run(["report", directory, "--format", "html"]);
    expect(status).toBe(2);
    expect(err).toContain(`${saved}: format`);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  it("refuses names that no design has, and depths that it does not explore", async () => {
    expect((await run(["arena", ...QUICK, "--only", "nobody"])).status).toBe(2);
    expect((await run(["arena", "--depth", "9"])).status).toBe(2);
  });
});

describe("tables of bugs", () => {
  it.runIf(IS_LONG).each([80, 120])(
    "pfndiff zoo and lattice keep within %i columns",
    async (columns) => {
      for (const argv of [
        ["zoo", "--ops", "300", "--seeds", "1"],
        ["lattice", "--ops", "100"],
        ["mutants", "--only", "fork", "--ops", "300", "--seeds", "1"],
      ]) {
        const { out } = await run(argv, { columns });
        const widest = Math.max(...out.split("\n").map((line) => line.length));
        expect(widest, argv[0]).toBeLessThanOrEqual(columns);
      }
    },
  );

  it("pfndiff zoo says of every known bug that it has no search for why", async () => {
    const { out } = await run(["zoo", "--ops", "50", "--seeds", "1"]);
    const known = [
      ...Array.from({ length: 36 }, (_, n) => `L${n + 1}`),
      ...[1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16].map((n) => `N${n}`),
    ];
    const named = new Set(out.split(/\s+/));
    expect(known.filter((id) => !named.has(id))).toEqual([]);
  });
});
