import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaignSchema } from "../../fuzz/summary.ts";
import { baselineSchema } from "../../src/gate.ts";
import { type Outcome, run } from "./run.ts";
import { IS_LONG } from "../long.ts";

let dir = "";
let first: Outcome;
const RUNS = ["--runs", "60", "--seed", "5"];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-campaign-"));
  first = await run(["fuzz", ...RUNS, "--json", "--out", join(dir, "first")]);
});
afterAll(() => rmSync(dir, { recursive: true }));

const campaignOf = ({ out }: Outcome) => campaignSchema.parse(JSON.parse(out));

describe("fuzz", () => {
  it("prints one campaign object, and finds a leak fixed and over-retention", () => {
    const campaign = campaignOf(first);
    expect(campaign).toMatchObject({
      before: "legacy@6.12",
      after: "modern@7.2",
      runs: 60,
      seed: 5,
    });
    expect(campaign.findings.some((f) => f.symptom === "leak" && f.verdict === "fixed")).toBe(true);
    expect(campaign.findings.some((f) => f.symptom === "over-retention")).toBe(true);
  });

  it("has the same digest for the same seed, and another for another", async () => {
    const again = await run(["fuzz", ...RUNS, "--json", "--out", join(dir, "again")]);
    const other = await run([
      "fuzz",
      "--runs",
      "60",
      "--seed",
      "6",
      "--json",
      "--out",
      join(dir, "other"),
    ]);
    expect(campaignOf(again).digest).toBe(campaignOf(first).digest);
    expect(campaignOf(other).digest).not.toBe(campaignOf(first).digest);
  });

  it("each finding's command replays it: the saved file is a trace with its two backends", async () => {
    const { out } = await run(["fuzz", ...RUNS, "--full", "--out", join(dir, "text")]);
    const named = [...out.matchAll(/npx pfndiff replay (\S+)$/gm)].map((match) => match[1] ?? "");
    const commands = named.filter((name) => name.endsWith(".json"));
    expect(commands).toHaveLength(campaignOf(first).findings.length);
    const [path = ""] = commands;
    const replayed = await run(["replay", path]);
    const { finding } = JSON.parse(readFileSync(path, "utf8"));
    expect(replayed.err).toBe("");
    expect(replayed.out).toContain(`>> ${finding.signature}`);
  });

  it("announces a saved finding that no longer shows", async () => {
    const out = join(dir, "gone");
    await run(["fuzz", "--runs", "40", "--seed", "5", "--json", "--out", out]);
    const saved = JSON.parse((await run(["report", out, "--format", "json"])).out);
    const path = join(out, "saved", basename(saved.findings[0].path));
    const file = JSON.parse(readFileSync(path, "utf8"));
    file.finding.trace.ops = [{ op: "spawn", proc: 0 }];
    writeFileSync(path, JSON.stringify(file));
    const { err } = await run(["fuzz", "--runs", "1", "--seed", "77", "--json", "--out", out]);
    expect(err).toContain(`no longer shows: ${file.finding.signature}`);
  });

  it("saves what it has and returns 130 when interrupted", async () => {
    const out = join(dir, "cut");
    const interrupted = AbortSignal.abort();
    const { status, err } = await run(["fuzz", "--time", "60", "--json", "--out", out], {
      interrupted,
    });
    expect(status).toBe(130);
    expect(err).toContain("interrupted after");
    expect(
      campaignSchema.parse(JSON.parse(readFileSync(join(out, "latest", "campaign.json"), "utf8"))),
    ).toBeDefined();
  });

  it("says which goals a campaign missed, and fails", async () => {
    const { status, out } = await run(["fuzz", "--runs", "1", "--out", join(dir, "short")]);
    expect(status).toBe(1);
    expect(out).toContain("goals MISSED");
  });

  it("shows a live line on a terminal and none elsewhere", async () => {
    const live = await run(["fuzz", "--runs", "3", "--json", "--out", join(dir, "live")], {
      liveErr: true,
    });
    expect(live.err).toContain("\r\u001b[K");
    expect(first.err).not.toContain("\r");
  });
});

describe("report", () => {
  it("renders the saved campaign as markdown and as JSON", async () => {
    const markdown = await run(["report", join(dir, "first")]);
    const json = await run(["report", join(dir, "first", "latest"), "--format", "json"]);
    const { findings, digest } = campaignOf(first);
    expect(markdown.status).toBe(0);
    expect(markdown.out.match(/^\| `[a-z]+:[a-z-]+:/gm)).toHaveLength(findings.length);
    expect(markdown.out).toMatch(/^## What is worst$/m);
    expect(JSON.parse(json.out)).toMatchObject({ digest, format: "pfndiff/report@1" });
  });

  it("refuses a directory without a campaign", async () => {
    const { status, err } = await run(["report", join(dir, "none")]);
    expect(status).toBe(2);
    expect(err).toContain("campaign.json");
  });
});

describe("shrink", () => {
  it("prints the least that still shows the finding", async () => {
    const split = await run(["shrink", "-", "--before", "legacy@6.12", "--after", "modern@6.18"], {
      stdin: JSON.stringify({
        format: "pfndiff/trace@1",
        name: "long",
        world: { pfns: 8, vpages: 8, mtrr: "uncached" },
        ops: [
          { op: "spawn", proc: 0 },
          { op: "spawn", proc: 1 },
          {
            op: "mmap",
            proc: 0,
            at: 2,
            pages: 4,
            pfn: 3,
            via: "resource",
            prot: "rw",
            private: false,
          },
          { op: "touch", proc: 0, at: 3, write: true },
          { op: "munmap", proc: 0, at: 2, pages: 2 },
          { op: "exit", proc: 1 },
        ],
      }),
    });
    expect(split.status).toBe(0);
    expect(JSON.parse(split.out).ops.length).toBeLessThan(5);
  });

  it("says what a trace shows when it does not show what is asked for", async () => {
    const stdin =
      '{"format":"pfndiff/trace@1","name":"","world":{"pfns":1,"vpages":1,"mtrr":"uncached"},"ops":[]}';
    const { status, err } = await run(["shrink", "-"], { stdin });
    expect(status).toBe(2);
    expect(err).toContain("it shows none");
  });
});

describe("gate", () => {
  const gate = (...args: string[]) => run(["gate", "--runs", "60", "--seed", "5", ...args]);
  const write = (name: string, value: unknown) => {
    const path = join(dir, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };

  it("fails on everything with an empty baseline, and says how to accept", async () => {
    const path = write("empty.json", { format: "pfndiff/baseline@1", entries: [] });
    const { status, out } = await gate("--baseline", path);
    expect(status).toBe(1);
    expect(out).toMatch(/^NEW {2}fixed:leak:/m);
    expect(out).toMatch(/^ROOT {2}before:double-untrack {2}\[\d+ new\]\n {2}\S.*\nNEW {2}fixed:/m);
    expect(out).toMatch(/^ {2}trace: spawn p0; /m);
    expect(out).toContain(
      "to accept: npx pfndiff gate --before legacy@6.12 --after modern@7.2 --accept 'fixed:",
    );
    expect(out).toContain("gate FAILED");
    expect(out).toContain("Nothing is accepted for legacy@6.12 against modern@7.2; to begin");
  });

  it.runIf(IS_LONG)(
    "holds no entry of one pair against another, and says how to begin",
    async () => {
      const other = ["--before", "legacy@6.12", "--after", "variant:A"];
      const { status, out } = await gate(...other);
      expect(status).toBe(1);
      expect(out).toContain("0 accepted findings hold");
      expect(out).toMatch(/^NEW {2}fixed:leak:/m);
      expect(out).not.toContain("NEW  kept:");
      const [, command = ""] = /to begin a baseline: npx pfndiff (gate .*)$/m.exec(out) ?? [];
      const [, signature = ""] = /^NEW {2}(\S+)$/m.exec(out) ?? [];
      const path = join(dir, "begun.json");
      const begin = command.replace("SIGNATURE", signature).replace("TEXT", "known").split(" ");
      const accept = [...begin, "--runs", "60", "--seed", "5", "--baseline", path];
      expect((await run(accept)).status).toBe(0);
      const again = (await gate("--baseline", path, ...other)).out;
      expect(again).toContain("1 accepted findings hold");
      expect(again).not.toContain(`NEW  ${signature}\n`);
    },
  );

  it("passes a pair without a baseline whose sides share every fault", async () => {
    const same = ["--before", "modern@7.2", "--after", "modern@7.2"];
    const { status, out } = await run([
      "fuzz",
      ...same,
      "--runs",
      "120",
      "--out",
      join(dir, "same"),
    ]);
    expect(out).toContain("Nothing is accepted for modern@7.2 against modern@7.2; to begin");
    expect(out).toMatch(/^kept:\S+ {2}\[/m);
    expect(status).toBe(0);
  });

  it("takes no reference that nobody could look up", async () => {
    const path = join(dir, "refs.json");
    const signature = campaignOf(first).findings[0]?.signature ?? "";
    const accept = ["--baseline", path, "--accept", signature, "--reason", "known"];
    const { status, err } = await gate(...accept, "--ref", "lkml 20240825152403");
    expect(status).toBe(2);
    expect(err).toContain("whole Message-Id");
    expect(
      (await gate(...accept, "--ref", "20240825152403.3171682-1-namcao@linutronix.de")).status,
    ).toBe(0);
    expect((await gate(...accept, "--ref", '2039e6acaf94 ("title")')).status).toBe(0);
  });

  it("prints for what is new a command that replays it", async () => {
    const path = write("nothing.json", { format: "pfndiff/baseline@1", entries: [] });
    const { out } = await gate("--baseline", path);
    const [, trace = "", sides = ""] = /echo '(.*)' \| npx pfndiff replay - (.*)$/m.exec(out) ?? [];
    const replayed = await run(["replay", "-", ...sides.split(" ")], { stdin: trace });
    expect(replayed.status).toBeLessThan(2);
    expect(replayed.out).toContain(/^NEW {2}(.*)$/m.exec(out)?.[1]);
  });

  it("is no verdict but a usage fault where the campaign misses its goals", async () => {
    const { status, out, err } = await run(["gate", "--runs", "1"]);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(/^pfndiff: gate: 1 runs of seed 1 are too few to pass: [^\n]*\n$/);
  });

  it("accepts a signature with a reason, and knows it from then on", async () => {
    const { findings } = campaignOf(first);
    const path = write("growing.json", { format: "pfndiff/baseline@1", entries: [] });
    const signature = findings[0]?.signature ?? "";
    const accept = ["--accept", signature, "--reason", "known"];
    expect((await gate("--baseline", path, ...accept)).status).toBe(0);
    const grown = baselineSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    expect(grown.entries.map((entry) => entry.signature)).toEqual([signature]);
    expect((await gate("--baseline", path)).out).not.toContain(`NEW  ${signature}\n`);
  });

  it("says vanished when an entry's trace shows it no more, and lets it be removed", async () => {
    const [finding] = campaignOf(first).findings;
    if (finding === undefined) throw new Error("the campaign finds something");
    const { signature, verdict, symptom, cause } = finding;
    const trace = { ...finding.trace, ops: [{ op: "spawn", proc: 0 }] };
    const sides = { before: "legacy@6.12", after: "modern@7.2" };
    const entry = {
      signature,
      verdict,
      symptom,
      cause,
      ...sides,
      reason: "known",
      ref: "L1",
      trace,
    };
    const path = write("stale.json", { format: "pfndiff/baseline@1", entries: [entry] });
    expect((await gate("--baseline", path)).out).toContain(`VANISHED  ${signature}`);
    expect((await gate("--baseline", path, "--accept", signature)).out).toContain("removed");
    expect(JSON.parse(readFileSync(path, "utf8")).entries).toEqual([]);
  });

  it.each([
    ["that is not there", "missing.json", null],
    ["that is not JSON", "broken.json", "{"],
    ["of another format", "other.json", "{}"],
    [
      "whose entry has no reason",
      "reasonless.json",
      '{"format":"pfndiff/baseline@1","entries":[{"reason":""}]}',
    ],
  ])("refuses a baseline %s", async (_what, name, text) => {
    const path = join(dir, name);
    if (text !== null) writeFileSync(path, text);
    const { status, err } = await gate("--baseline", path);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: [^\n]*\n$/);
    expect(err).toContain(path);
  });
});
