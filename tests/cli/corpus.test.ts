import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, run } from "./run.ts";
import { IS_LONG } from "../long.ts";

const RUNS = ["--runs", "40", "--seed", "5"];
let dir = "";
let whole = "";

const at = (name: string) => join(dir, name);
const fuzz = (name: string, ...args: string[]) =>
  run(["fuzz", "--json", "--out", at(name), ...args]);
const digestOf = ({ out }: Outcome): string => JSON.parse(out).digest;
const guided = (name: string, ...args: string[]) =>
  fuzz(name, ...RUNS, "--corpus", at("corpus"), ...args);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-guided-"));
  await run(["corpus", at("corpus"), "--runs", "60"]);
  whole = digestOf(await guided("whole"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("corpus", () => {
  it("tells what it added, and grows the same files from the same seed", async () => {
    const first = await run(["corpus", at("again"), "--runs", "60", "--json"]);
    expect(first.status).toBe(0);
    const { added, features } = JSON.parse(first.out);
    expect(readdirSync(at("again"))).toEqual(readdirSync(at("corpus")));
    expect(added).toBe(readdirSync(at("again")).length);
    const next = JSON.parse(
      (await run(["corpus", at("again"), "--runs", "20", "--seed", "2", "--json"])).out,
    );
    expect(next.features).toBeGreaterThan(features);
    expect(readdirSync(at("again"))).toHaveLength(added + next.added);
  });
});

describe("a guided campaign", () => {
  it("is another one than the blind one of the same seed", async () => {
    expect(digestOf(await fuzz("blind", ...RUNS))).not.toBe(whole);
  });

  it("has one digest for any number of jobs", async () => {
    expect(digestOf(await guided("jobs", "--jobs", "2"))).toBe(whole);
  });

  it.runIf(IS_LONG)(
    "has one digest in shards, though the corpus is gone when they are merged",
    async () => {
      cpSync(at("corpus"), at("moving"), { recursive: true });
      for (const part of ["1/3", "2/3", "3/3"]) {
        await fuzz(part.replace("/", "-"), ...RUNS, "--corpus", at("moving"), "--shard", part);
      }
      rmSync(at("moving"), { recursive: true });
      const parts = ["1-3", "2-3", "3-3"].map(at);
      const merged = await run(["merge", ...parts, "--out", at("merged"), "--json"]);
      expect(digestOf(merged)).toBe(whole);
    },
  );

  it("goes on to the same digest after an interrupt", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    const args = ["fuzz", "--json", "--out", at("cut"), ...RUNS, "--corpus", at("corpus")];
    const cut = await run(args, { interrupted: stop.signal });
    expect([130, 1]).toContain(cut.status);
    expect(digestOf(await fuzz("cut", "--resume"))).toBe(whole);
  });

  it("does not merge with shards of another corpus", async () => {
    await run(["corpus", at("other"), "--runs", "5"]);
    await fuzz("a", ...RUNS, "--corpus", at("corpus"), "--shard", "1/2");
    await fuzz("b", ...RUNS, "--corpus", at("other"), "--shard", "2/2");
    const { status, err } = await run(["merge", at("a"), at("b"), "--out", at("ab")]);
    expect(status).toBe(2);
    expect(err).toMatch(/^[^\n]*another campaign[^\n]*corpus[^\n]*\n$/);
  });
});

describe("what cannot guide is refused with exit 2 and one line", () => {
  it.each([
    ["no folder", () => ["--corpus", at("nowhere")], /nowhere: holds no trace/],
    [
      "a damaged file",
      () => ["--corpus", at("damaged")],
      /damaged\/.*\.trace\.json: line 1, column \d+: not JSON/,
    ],
    ["idioms, which no corpus has", () => ["--corpus", at("corpus"), "--idioms"], /--idioms/],
    [
      "a resumed campaign, which has its own",
      () => ["--corpus", at("corpus"), "--resume"],
      /--resume/,
    ],
  ])("%s", async (_what, args, message) => {
    cpSync(at("corpus"), at("damaged"), { recursive: true });
    writeFileSync(join(at("damaged"), readdirSync(at("damaged"))[3] ?? ""), "{");
    const { status, err } = await fuzz("refused", ...args());
    expect(status).toBe(2);
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain("\n");
  });
});
