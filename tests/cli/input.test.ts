import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCENARIOS } from "../../src/scenarios/index.ts";
import { run } from "./run.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-input-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const trace = SCENARIOS[0]?.trace;
const line = JSON.stringify(trace);

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

describe("bad input is refused with exit 2 and one line that names the file", () => {
  it.each<[what: string, name: string, content: string | Uint8Array, words: string]>([
    ["an empty file", "empty", "", "is empty"],
    ["a binary file", "binary", Uint8Array.from({ length: 256 }, (_, byte) => byte), "UTF-8"],
    ["no JSON", "word.json", "hello", "not JSON"],
    ["another format", "format.json", '{"format":"x"}', 'format: is "x"'],
    [
      "one bad line",
      "bad.jsonl",
      `${line}\n${line.replace('"proc":0', '"proc":-1')}\n`,
      "line 2: ops[0].proc: is -1",
    ],
    [
      "a colourful field name",
      "colour.json",
      line.replace("{", '{"\\u001b[31m\\n":1,'),
      "is not a field",
    ],
    ["a false .gz", "false.gz", "hello", "not gzip"],
    ["half a .gz", "half.gz", gzipSync(line).subarray(0, 40), "end too early"],
  ])("%s", async (_what, name, content, words) => {
    const path = file(name, content);
    const { status, err } = await run(["record", "--backend", "legacy", path]);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: .*\n$/);
    expect(err).toContain(path);
    expect(err).toContain(words);
  });

  it("a directory, and a file that is not there", async () => {
    expect(await run(["replay", dir])).toMatchObject({
      status: 2,
      out: "",
      err: `pfndiff: ${dir}: is a directory (name a file in it)\n`,
    });
    const missing = await run(["replay", join(dir, "missing")]);
    expect(missing.status).toBe(2);
    expect(missing.err).toContain("no such file");
  });

  it("standard input is called by its name", async () => {
    const { status, err } = await run(["replay", "-"], { stdin: "x" });
    expect(status).toBe(2);
    expect(err).toContain("standard input: line 1, column 1: not JSON");
  });

  it("names in one object twice, and says which", async () => {
    const twice = file("twice.json", line.replace('"name":', '"ops":[],"name":'));
    expect(await run(["replay", twice])).toMatchObject({
      status: 2,
      err: expect.stringMatching(
        /: line 1, column \d+: the field "ops" stands twice in one object\n$/,
      ),
    });
  });

  it("a line that never ends, a loop of links, and a name that is too long, cut", async () => {
    symlinkSync("loop", join(dir, "loop"));
    const words = {
      "/dev/zero": "is not UTF-8 text (a NUL",
      [join(dir, "loop")]: "too many symbolic links",
      ["n".repeat(3000)]: "n...n",
    };
    for (const [path, expected] of Object.entries(words)) {
      for (const argv of [
        ["replay", path],
        ["import", "strace", path],
        ["gate", "--baseline", path],
      ]) {
        const { status, err } = await run(argv);
        expect(status).toBe(2);
        expect(err).toMatch(/^pfndiff: [^\n]{9,400}\n$/);
        expect(err).toContain(expected);
      }
    }
  });

  it("a results folder that cannot be made, with the cause", async () => {
    const { status, err } = await run(["fuzz", "--runs", "3", "--out", "/proc/none/here"]);
    expect([status, err]).toEqual([
      2,
      expect.stringMatching(/no such file or directory|permitted/),
    ]);
  });

  it("a corpus with a broken link", async () => {
    const corpus = join(dir, "corpus");
    mkdirSync(corpus);
    symlinkSync("nowhere", join(corpus, "0000000000000000.trace.json"));
    const { status, err } = await run(["fuzz", "--runs", "3", "--corpus", corpus]);
    expect(status).toBe(2);
    expect(err).toMatch(/^pfndiff: [^\n]*0000\.trace\.json: no such file or directory\n$/);
  });

  it("two traces where one is wanted", async () => {
    const { status, err } = await run(["replay", file("two.jsonl", `${line}\n${line}\n`)]);
    expect(status).toBe(2);
    expect(err).toContain("more than one trace");
  });
});

describe("a byte order mark", () => {
  it("in front of a file is nothing, whichever command reads it", async () => {
    const marked = file("marked.json", `\ufeff${line}`);
    expect((await run(["record", "--backend", "legacy", marked])).status).toBe(0);
    const empty = `\ufeff{"format":"pfndiff/baseline@1","entries":[]}`;
    const { err } = await run([
      "gate",
      "--runs",
      "1",
      "--baseline",
      file("marked-base.json", empty),
    ]);
    expect(err).not.toContain("JSON");
  });
});

describe("a trace of thousands of ops", () => {
  it("is recorded and replayed in pieces, to the same text as in one", async () => {
    const ops = [
      { op: "spawn", proc: 0 },
      ...Array.from({ length: 400 }, (_, at) => ({
        op: "touch",
        proc: 0,
        at: at % 4,
        write: true,
      })),
    ];
    const world = { pfns: 4, vpages: 4, mtrr: "uncached" };
    const stdin = JSON.stringify({ format: "pfndiff/trace@1", name: "long", world, ops });
    const recorded = await run(["record", "--backend", "modern"], { stdin });
    const recording = JSON.parse(recorded.out);
    expect(recorded.out).toBe(`${JSON.stringify(recording)}\n`);
    expect(recording.steps).toHaveLength(401);
    const { out } = await run(["replay", "-", "--json"], { stdin });
    expect(out).toBe(`${JSON.stringify(JSON.parse(out))}\n`);
    expect((await run(["replay", "-"], { stdin })).out).toContain("\nstep 400 ");
  });
});

describe("bad usage is refused with exit 2 and one line", () => {
  it.each([
    [[], "name a command"],
    [["fuz"], "unknown command 'fuz' (Did you mean fuzz?)"],
    [["fuzz", "--nope"], "unknown option '--nope'"],
    [["fuzz", "--runs", "0"], "whole number from 1"],
    [["fuzz", "--runs", "1e3"], "whole number from 1"],
    [["fuzz", "--seed", "-1"], "whole number from 0"],
    [["fuzz", "--time", "soon"], "Expected seconds"],
    [["fuzz", "--runs", "1", "--time", "1"], "cannot be used with"],
    [["fuzz", "--before", "legacy@5.4"], 'unknown backend "legacy@5.4" (known: legacy@6.1,'],
    [["fuzz", "--after", "legacy6.12"], "unknown backend"],
    [["record"], "required option '--backend <id>'"],
    [["replay"], "missing required argument 'file'"],
    [["replay", "scenario:nope"], 'no scenario "nope"'],
    [["replay", "munmap-head"], "munmap-head: no such file; the scenario is scenario:munmap-head"],
    [["arena", "--only", "NOTHING"], '--only "NOTHING": chooses none of'],
    [["mutants", "--only", "NOTHING"], '--only "NOTHING": chooses none of'],
    [["zoo", "--only", "NOTHING"], '--only "NOTHING": chooses none of'],
    [["queue", "status", "--redis", "redis://127.0.0.1:1/x"], "its database is /x, no number"],
    [["queue", "status", "--redis", "redis://:%zz@127.0.0.1:1/0"], "begins no escape"],
    [["report", "--format", "pdf"], "markdown, json"],
    [["record", "--backend", "tree:", "scenario:munmap-head"], "tree: names no kernel tree"],
    [
      ["fuzz", "--before", "tree:~/x", "--after=tree:~/y@r"],
      `tree:${homedir()}/x: ${homedir()}/x is no`,
    ],
    [
      ["record", "--backend=file:~/x.js", "scenario:munmap-head"],
      `file:${homedir()}/x.js: no such`,
    ],
    [["record", "--backend", "kernel:~/x", "scenario:munmap-head"], `${homedir()}/x`],
    [["gate", "--accept", "fixed:leak:x"], "no entry without a reason"],
    [["gate", "--accept", "fixed:leak:x", "--reason", " ", "--ref", "L1"], "without a reason"],
    [["gate", "--accept", "fixed:leak:x", "--reason", "known", "--ref", "L1"], "--ref"],
  ])("%j", async (argv, words) => {
    const { status, out, err } = await run(argv);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(/^pfndiff: [^\n]*\n$/);
    expect(err).toContain(words);
  });
});

describe("help and version", () => {
  it("go to stdout with exit 0", async () => {
    const help = await run(["--help"]);
    expect(help).toMatchObject({ status: 0, err: "" });
    expect(help.out).toContain("Exit status:");
    expect(await run(["--version"])).toEqual({
      status: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      err: "",
    });
  });

  it("every command that the help teaches exists", async () => {
    const { out } = await run(["--help"]);
    const taught = [...out.matchAll(/^ {2}pfndiff (\w+)/gm)].map((match) => match[1] ?? "");
    expect(taught.length).toBeGreaterThan(3);
    for (const command of taught) expect((await run([command, "--help"])).status).toBe(0);
  });
});
