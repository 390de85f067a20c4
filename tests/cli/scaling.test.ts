import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCampaign } from "../../fuzz/campaign.ts";
import { openPair } from "../../src/cli/backends.ts";
import { acceptedFor } from "../../src/cli/baseline.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import { ThreadExecutor } from "../../src/cli/threadexecutor.ts";
import { witnessesOf } from "../../src/gate.ts";
import { type Outcome, run } from "./run.ts";

const BUNDLE = "dist/pfndiff.js";
const RUNS = ["--runs", "300", "--seed", "5"];
let dir = "";
let whole = "";

const at = (name: string) => join(dir, name);
const fuzz = (name: string, ...args: string[]) =>
  run(["fuzz", "--json", "--out", at(name), ...args]);
const digestOf = ({ out }: Outcome): string => JSON.parse(out).digest;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-scaling-"));
  whole = digestOf(await fuzz("whole", ...RUNS));
  for (const part of ["1/3", "2/3", "3/3"]) await fuzz(part, ...RUNS, "--shard", part);
  await fuzz("other", "--runs", "300", "--seed", "6", "--shard", "2/3");
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("jobs", () => {
  it("give the digest of one process", async () => {
    expect(digestOf(await fuzz("two", ...RUNS, "--jobs", "2"))).toBe(whole);
  });

  it("lose nothing when a thread dies, and say so in one line", async () => {
    const pair = await openPair({ before: "legacy", after: "modern" });
    const identity = {
      before: pair.before.id,
      after: pair.after.id,
      seed: 5,
      source: "mixed",
      corpus: [],
      programs: {},
    } as const;
    const lines: string[] = [];
    const executor = new ThreadExecutor("dist/worker.js", identity, 2, (line) => lines.push(line));
    let killed = false;
    const { campaign } = await runCampaign({
      ...identity,
      runs: 300,
      executor,
      differential: differentialOf(pair),
      witnesses: witnessesOf(await acceptedFor(pair, { err: () => undefined })),
      onProgress: ({ phase, runs }) => {
        if (phase !== "run" || killed || runs === 0) return;
        killed = true;
        void executor.pool.threads[0]?.terminate();
      },
    });
    await executor.close();
    expect(campaign.digest).toBe(whole);
    expect(killed).toBe(true);
    expect(lines.filter((line) => /^a worker crashed \([^\n]*\)/.test(line))).toHaveLength(1);
  });
});

describe("shards", () => {
  it("that found something return 0, and merge to the digest of one process", async () => {
    const again = await fuzz("again", ...RUNS, "--shard", "1/3");
    expect(again.status).toBe(0);
    expect(JSON.parse(again.out).findings).not.toEqual([]);
    const merged = await run([
      "merge",
      at("3/3"),
      at("1/3"),
      at("2/3"),
      "--json",
      "--out",
      at("m"),
    ]);
    expect(digestOf(merged)).toBe(whole);
  });

  it.each([
    ["a shard is missing", ["1/3", "3/3"], "runs 100 to 199 of 300 are missing"],
    ["a shard is given twice", ["1/3", "2/3", "2/3", "3/3"], "runs 100 to 199 are in"],
    ["one is of another campaign", ["1/3", "other"], "seed 6, not 5"],
  ])("are refused in one line when %s", async (_what, names, words) => {
    const { status, err } = await run(["merge", ...names.map(at), "--out", at("refused")]);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: merge: [^\n]*\n$/);
    expect(err).toContain(words);
    expect(existsSync(at("refused"))).toBe(false);
  });

  it.each(["0/3", "4/3", "1", "1/0", "a/b"])("named %s are refused", async (part) => {
    expect((await fuzz("bad", ...RUNS, "--shard", part)).status).toBe(2);
  });
});

/** A results folder as a crash leaves it: so many lines of the journal, and what follows. */
function crashed(name: string, lines: number, rest: string): string {
  cpSync(at("whole"), at(name), { recursive: true });
  const path = join(at(name), "journal.jsonl");
  const kept = readFileSync(path, "utf8").split("\n").slice(0, lines);
  writeFileSync(path, `${kept.join("\n")}\n${rest}`);
  return path;
}

describe("--resume", () => {
  it("goes on after kill -9 to the identical digest (npm run torture: at any moment)", async () => {
    const out = at("killed");
    const args = [BUNDLE, "fuzz", ...RUNS, "--jobs", "2", "--json", "--out", out];
    const child = spawn("node", args, { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    while (!existsSync(join(out, "journal.jsonl"))) await sleep(20);
    child.kill("SIGKILL");
    await ended;
    expect(digestOf(await run(["fuzz", "--resume", out, "--json"]))).toBe(whole);
  });

  it.each([
    ["a torn last line", 3, '{"sum":"12'],
    ["nothing but the plan", 1, ""],
    ["all its runs", 99, ""],
  ])("goes on from %s", async (_what, lines, rest) => {
    const path = crashed(`torn${lines}`, lines, rest);
    expect(digestOf(await run(["fuzz", "--resume", path, "--json"]))).toBe(whole);
    expect(digestOf(await run(["fuzz", "--resume", path, "--json"]))).toBe(whole);
  });

  it("does again what a damaged line held, and says so", async () => {
    const path = crashed("damaged", 99, "");
    writeFileSync(path, readFileSync(path, "utf8").replace('"ops":', '"ops":9'));
    const resumed = await run(["fuzz", "--resume", path, "--json"]);
    expect(resumed.err).toContain("line 2 is damaged: its runs are done again");
    expect(digestOf(resumed)).toBe(whole);
  });

  it.each([
    ["is not there", "none", null, "no such file"],
    ["is something else", "else.jsonl", "{}\n", "is not a pfndiff journal"],
    ["is empty", "empty.jsonl", "", "is empty"],
  ])("refuses a journal that %s", async (_what, name, text, words) => {
    if (text !== null) writeFileSync(at(name), text);
    const { status, err } = await run(["fuzz", "--resume", at(name)]);
    expect(status).toBe(2);
    expect(err).toContain(words);
  });

  it("refuses what another build wrote", async () => {
    const { plan } = JSON.parse(
      readFileSync(join(at("whole"), "journal.jsonl"), "utf8").split("\n")[0] ?? "",
    ).entry;
    const { journalLine, planEntry } = await import("../../fuzz/journal.ts");
    writeFileSync(at("build.jsonl"), journalLine(planEntry({ ...plan, probe: "0".repeat(16) })));
    const { status, err } = await run(["fuzz", "--resume", at("build.jsonl")]);
    expect([status, err]).toEqual([2, expect.stringContaining("of another build")]);
  });

  it("is told how to go on after an interrupt, and an unfinished campaign is put aside", async () => {
    const interrupted = AbortSignal.abort();
    const cut = await run(["fuzz", ...RUNS, "--out", at("cut")], { interrupted });
    expect(cut.status).toBe(130);
    expect(cut.err).toContain(`pfndiff fuzz --resume ${at("cut")}`);
    const next = await fuzz("cut", "--runs", "3");
    expect(next.err).toContain("put aside");
    const aside = readdirSync(at("cut")).find((name) => name.startsWith("journal-")) ?? "";
    expect(digestOf(await run(["fuzz", "--resume", join(at("cut"), aside), "--json"]))).toBe(whole);
  });
});

describe("a results folder", () => {
  it("that fills up costs one line and nothing that was written", async () => {
    const out = at("full");
    const args = `fuzz --runs 300 --seed 5 --jobs 1 --json --out ${out}`;
    const full = spawnSync("bash", ["-c", `ulimit -f 8; node ${BUNDLE} ${args}`], {
      encoding: "utf8",
    });
    expect([full.status, full.stdout]).toEqual([2, ""]);
    expect(full.stderr).toMatch(/^pfndiff: [^\n]*journal\.jsonl: [^\n]*\n$/);
    expect(digestOf(await run(["fuzz", "--resume", out, "--json"]))).toBe(whole);
  });

  it("that cannot be made is one line, before anything is run", async () => {
    appendFileSync(at("file"), "");
    const { status, err } = await run(["fuzz", ...RUNS, "--out", at("file")]);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: [^\n]*\n$/);
  });
});
