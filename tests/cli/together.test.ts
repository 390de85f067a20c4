import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCampaign } from "../../src/results/findings.ts";
import { JournalFile, readJournal } from "../../src/results/journal.ts";
import { journalLine } from "../../fuzz/journal.ts";
import { type Outcome, run } from "./run.ts";
import { IS_LONG } from "../long.ts";

const RUNS = ["--runs", "40", "--seed", "5"];
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-together-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const at = (name: string) => join(dir, name);
const journalOf = (name: string) => join(at(name), "journal.jsonl");
const digestOf = ({ out }: Outcome): string => JSON.parse(out).digest;

/** Starts a campaign that ends only when it is told to; resolves when its journal is there. */
async function started(name: string) {
  const args = ["dist/pfndiff.js", "fuzz", "--time", "600", "--jobs", "1", "--out", at(name)];
  const child = spawn("node", args, { stdio: ["ignore", "pipe", "pipe"] });
  let err = "";
  child.stderr.on("data", (text) => (err += text));
  child.stdout.resume();
  const ended = new Promise<{ status: number | null; err: string }>((resolve) =>
    child.on("close", (status) => resolve({ status, err })),
  );
  while (
    !existsSync(journalOf(name)) ||
    readFileSync(journalOf(name), "utf8").split("\n").length < 3
  ) {
    if (child.exitCode !== null) throw new Error(err);
    await sleep(20);
  }
  return { child, ended };
}

describe("two campaigns in one folder", () => {
  it.runIf(IS_LONG)(
    "both end, each with a journal of its own, and every line printed stays valid",
    async () => {
      const live = await started("two");
      const second = await run(["fuzz", ...RUNS, "--full", "--out", at("two")]);
      expect(second.err).toContain(`process ${live.child.pid} on`);
      const third = await run([
        "fuzz",
        "--runs",
        "40",
        "--seed",
        "6",
        "--full",
        "--out",
        at("two"),
      ]);
      live.child.kill("SIGTERM");
      expect((await live.ended).status).toBe(130);
      for (const { out } of [second, third]) {
        const [, digest = ""] = /digest ([0-9a-f]{16})/.exec(out) ?? [];
        const { campaign, folder } = await loadCampaign(join(at("two"), "campaigns", digest));
        expect(readdirSync(folder)).toHaveLength(campaign.findings.length + 1);
        const replays = [...out.matchAll(/npx pfndiff replay (\S+)$/gm)].map(
          ([, what = ""]) => what,
        );
        expect(replays.length).toBeGreaterThan(10);
        for (const path of replays.filter((what) => what.includes("/"))) {
          expect(existsSync(path), path).toBe(true);
        }
        expect((await run(["replay", replays[0] ?? ""])).out).toContain(">> ");
      }
      const journals = readdirSync(at("two")).filter((file) => file.startsWith("journal"));
      expect(journals.filter((file) => file.endsWith(".jsonl"))).toHaveLength(3);
      expect(journals.filter((file) => file.endsWith(".lock"))).toEqual([]);
      const { plan } = await readJournal(at("two"));
      expect(plan).toMatchObject({ seed: 1, milliseconds: 600_000 });
    },
  );

  it("that would go on with one journal: the second is told who is at work on it", async () => {
    const live = await started("resumed");
    const { status, err } = await run(["fuzz", "--resume", at("resumed")]);
    expect(status).toBe(2);
    expect(err).toMatch(
      /^pfndiff: [^\n]*journal\.jsonl: process \d+ on [^\n]* is at work on it[^\n]*\n$/,
    );
    live.child.kill("SIGKILL");
    await live.ended;
    // The dead one's lock is no obstacle.
    const { journal } = await JournalFile.goOn(at("resumed"));
    await journal.close();
  });
});

describe("a journal", () => {
  it("with a range done twice is read without it, with a warning, to the same digest", async () => {
    const whole = digestOf(await run(["fuzz", ...RUNS, "--json", "--out", at("twice")]));
    const lines = readFileSync(journalOf("twice"), "utf8").trimEnd().split("\n");
    const [plan = "", first = "", ...rest] = lines;
    writeFileSync(journalOf("twice"), `${[plan, first, first, ...rest].join("\n")}\n`);
    const resumed = await run(["fuzz", "--resume", at("twice"), "--json"]);
    expect(resumed.err).toMatch(
      /journal\.jsonl: line 3 is dropped: runs 0 to \d+ were done before\n/,
    );
    expect(digestOf(resumed)).toBe(whole);
  });

  it("that was taken over is not written any more, and says so", async () => {
    await run(["fuzz", "--runs", "3", "--out", at("taken"), "--json"]);
    const { journal } = await JournalFile.goOn(at("taken"));
    rmSync(`${journalOf("taken")}.lock`);
    const other = await JournalFile.goOn(at("taken"));
    const before = readFileSync(journalOf("taken"), "utf8");
    await expect(journal.append({ kind: "end", digest: "" })).rejects.toThrow("took it over");
    expect(readFileSync(journalOf("taken"), "utf8")).toBe(before);
    await other.journal.append({ kind: "end", digest: "" });
    expect(readFileSync(journalOf("taken"), "utf8")).toBe(
      before + journalLine({ kind: "end", digest: "" }),
    );
    await journal.close();
    await other.journal.close();
  });
});

describe("a signal", () => {
  it.each(["SIGTERM", "SIGHUP"] as const)(
    "%s saves, says how to go on and exits 130",
    async (signal) => {
      const { child, ended } = await started(signal);
      child.kill(signal);
      const { status, err } = await ended;
      expect(status).toBe(130);
      expect(err).toContain(`go on with: pfndiff fuzz --resume ${at(signal)}\n`);
      expect((await run(["report", at(signal), "--format", "json"])).status).toBe(0);
    },
  );
});

describe("a results folder that goes away during a run", () => {
  it.each([
    ["removed", () => rmSync(at("removed"), { recursive: true, maxRetries: 9 })],
    ["renamed", () => renameSync(at("renamed"), at("elsewhere"))],
  ])("%s, is an error of one line", async (name, goAway) => {
    const { ended } = await started(name);
    goAway();
    const { status, err } = await ended;
    expect(status).toBe(2);
    expect(err).toMatch(
      /^pfndiff: [^\n]*journal\.jsonl: was removed while the campaign ran[^\n]*$/m,
    );
    expect(existsSync(at(name))).toBe(false);
  });
});
