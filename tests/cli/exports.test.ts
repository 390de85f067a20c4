import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCHEMA_NAMES } from "../../reports/formats.ts";
import { SHELLS } from "../../reports/formats/completion.ts";
import { REPRO_FORMATS } from "../../src/cli/reproformats.ts";
import { EXIT_STYLES, exitStyleIn } from "../../src/cli/exitstyle.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { run } from "./run.ts";

let dir = "";
const saved = () => join(dir, "saved");

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-exports-"));
  await run(["fuzz", "--runs", "40", "--seed", "3", "--json", "--out", saved()]);
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("what is printed as JSON", () => {
  const ajv = new Ajv2020({ strict: true, strictRequired: true, allowUnionTypes: true });
  it.each([
    ["campaign", () => ["fuzz", "--runs", "5", "--seed", "3", "--json", "--out", join(dir, "j")]],
    ["report", () => ["report", saved(), "--format", "json"]],
    ["claims", () => ["claims", "--runs", "5", "--depth", "1", "--format", "json"]],
    ["certificate", () => ["explore", "--depth", "1", "--with", "core", "--json"]],
  ])("is a %s as its published schema has it", async (name, command) => {
    const schema = await run(["schema", name]);
    const { out } = await run(command());
    const validate = ajv.compile(JSON.parse(schema.out));
    expect([validate(JSON.parse(out)), validate.errors]).toEqual([true, null]);
  });
});

describe("report", () => {
  it.each([
    ["junit", /^<\?xml [^]*<testsuite/],
    ["sarif", /"version": "2\.1\.0"/],
    ["ktap", /^KTAP version 1\n1\.\./],
    ["github", /^::(notice|error) /],
    ["html", /^<!doctype html>/i],
  ])("%s comes out of a saved campaign", async (format, shape) => {
    const { status, out, err } = await run(["report", saved(), "--format", format]);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toMatch(shape);
  });

  it("sarif pins its results to the file that --file names", async () => {
    const { out } = await run(["report", saved(), "--format", "sarif", "--file", "ci/known.json"]);
    expect(out).toContain('"uri": "ci/known.json"');
  });

  it("github appends the summary to the step's file, and only there", async () => {
    const path = join(dir, "summary.md");
    const env = { GITHUB_STEP_SUMMARY: path };
    const with1 = await run(["report", saved(), "--format", "github"], { env });
    await run(["report", saved(), "--format", "github"], { env });
    expect(with1.out).not.toContain("## pfndiff");
    expect(readFileSync(path, "utf8").match(/^## pfndiff/gm)).toHaveLength(2);
    const bad = { GITHUB_STEP_SUMMARY: join(dir, "no", "such", "file") };
    const { status, err } = await run(["report", saved(), "--format", "github"], { env: bad });
    expect([status, err]).toEqual([
      2,
      `pfndiff: ${bad.GITHUB_STEP_SUMMARY}: no such file or directory\n`,
    ]);
  });

  it("html carries what its page makes programs and mail of, and none of their text", async () => {
    const { out } = await run(["report", saved(), "--format", "html"]);
    const data = /<script type="application\/json" id="report">([^]*?)<\/script>/.exec(out)?.[1];
    const { findings } = JSON.parse(data ?? "");
    expect(findings.length).toBeGreaterThan(0);
    const bare = findings.filter(({ trace }: { trace: Trace }) => trace.ops.length === 0);
    expect(bare).toEqual([]);
    expect(data).not.toContain("int main(");
  });

  it("refuses claims where the format has no place for them", async () => {
    const { status, err } = await run(["report", saved(), "--format", "ktap", "--claims"]);
    expect([status, err]).toEqual([
      2,
      "pfndiff: --claims: ktap has no place for claims (html and markdown have)\n",
    ]);
  });
});

describe("repro", () => {
  it.each([
    ["c", "int main("],
    ["kselftest", "TEST("],
    ["syz", "munmap("],
    ["mail", "npx pfndiff replay fixed:leak:unmap-head"],
  ])("%s comes out of an accepted signature", async (format, part) => {
    const { status, out } = await run(["repro", "fixed:leak:unmap-head", "--format", format]);
    expect(status).toBe(0);
    expect(out).toContain(part);
    expect(out).toContain("fixed:leak:unmap-head");
  });

  it("takes a saved finding, a scenario and a trace on stdin, each judged again", async () => {
    const names = readdirSync(join(saved(), "latest"));
    const name = names.find((one) => one !== "campaign.json") ?? "";
    const path = join(saved(), "latest", name);
    const { finding } = JSON.parse(readFileSync(path, "utf8"));
    const fromFile = await run(["repro", path]);
    const fromTrace = await run(["repro", "-"], { stdin: JSON.stringify(finding.trace) });
    const scenario = await run(["repro", "scenario:munmap-head"]);
    expect([fromFile.status, fromTrace.status, scenario.status]).toEqual([0, 0, 0]);
    expect(fromFile.out).toContain(finding.signature);
    expect(scenario.out).toContain("fixed:double-untrack:unmap-head");
  });

  it("puts a syz window where --device, --base and --offset say", async () => {
    const place = ["--device", "/dev/mem", "--base", "0x100000", "--offset", "0x2000"];
    const { out } = await run(["repro", "fixed:leak:unmap-head", "--format", "syz", ...place]);
    expect(out).toContain("0x102000");
    const bad = await run(["repro", "scenario:munmap-head", "--offset", "17"]);
    expect(bad.status).toBe(2);
  });

  it.each(REPRO_FORMATS)("%s refuses a trace of several regions in one line", async (format) => {
    const { status, out, err } = await run(["repro", "scenario:regions-apart", "--format", format]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toBe(
      "pfndiff: fixed:double-untrack:unmap-head: it takes several regions, and a program is told of one\n",
    );
  });

  it("says in one line which finding is not there", async () => {
    const none = await run(["repro", "fixed:leak:nobody"]);
    expect([none.status, none.err]).toEqual([
      2,
      "pfndiff: fixed:leak:nobody: the baseline has no such signature (reports/baseline.json)\n",
    ]);
    const other = await run(["repro", "scenario:munmap-head", "--signature", "kept:alias:x"]);
    expect(other.status).toBe(2);
    expect(other.err).toContain("does not show");
  });
});

describe("import strace", () => {
  const LOG = "tests/data/strace/output-file.strace";
  const EXAMPLE = ["--device", "/dev/example0"];

  it("prints a trace, and says on stderr by line what it leaves out", async () => {
    const log = "tests/data/strace/calls-nobody-reads.log";
    const { status, out, err } = await run(["import", "strace", log]);
    expect(status).toBe(0);
    expect(traceSchema.parse(JSON.parse(out)).ops.some(({ op }) => op === "mmap")).toBe(true);
    for (const line of err.trimEnd().split("\n")) expect(line).toMatch(/^tests\/.*\.log:\d+: ./);
  });

  it("its trace replays on both designs", async () => {
    const { out } = await run(["import", "strace", "-", ...EXAMPLE], { stdin: readFileSync(LOG) });
    const replayed = await run(["replay", "-"], { stdin: out });
    expect(replayed.err).toBe("");
    expect(replayed.out).toContain("mmap p0");
  });

  it("takes other paths for devices, and refuses a way in that there is not", async () => {
    const log =
      '1 openat(AT_FDCWD, "/dev/mine", O_RDWR) = 3\n1 mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000\n';
    const plain = await run(["import", "strace", "-"], { stdin: log });
    const mine = await run(["import", "strace", "-", "--device", "/dev/mine=devmem"], {
      stdin: log,
    });
    for (const how of ["anon", "nothing"]) {
      const args = ["import", "strace", "-", "--device", `/dev/mine=${how}`];
      expect((await run(args, { stdin: log })).status).toBe(2);
    }
    const bad = await run(["import", "strace", "-", "--device", "/dev/mine=sideways"], {
      stdin: log,
    });
    expect(plain.err).toContain("no device mapping");
    expect(mine.out).toContain('"via":"devmem"');
    expect([bad.status, bad.err.split("\n")]).toEqual([
      2,
      [expect.stringContaining("sideways"), ""],
    ]);
  });
});

describe("schema and completion", () => {
  it.each(SCHEMA_NAMES)("schema %s is a JSON Schema", async (name) => {
    const { status, out } = await run(["schema", name]);
    expect(status).toBe(0);
    expect(JSON.parse(out).$schema).toContain("2020-12");
  });

  it("an unknown document is refused with the known ones", async () => {
    const { status, err } = await run(["schema", "nothing"]);
    expect(status).toBe(2);
    expect(err).toContain("baseline");
  });

  it.each(SHELLS)("completion %s knows every command", async (shell) => {
    const { status, out } = await run(["completion", shell]);
    expect(status).toBe(0);
    for (const word of ["gate", "repro", "strace", "exit-style", "kselftest"]) {
      expect(out).toContain(word);
    }
  });
});

describe("--exit-style", () => {
  it("a gate or a campaign ends with what its caller understands", async () => {
    const short = ["fuzz", "--runs", "1", "--json", "--out", join(dir, "short")];
    const statuses = [];
    for (const style of EXIT_STYLES) {
      statuses.push((await run([...short, "--exit-style", style])).status);
    }
    expect(statuses).toEqual([1, 1, 1, 1]);
  });

  it("a command line that cannot be parsed stops a bisection", async () => {
    const wrong = ["gate", "--exit-style=bisect", "--no-such-option"];
    expect((await run(wrong)).status).toBe(255);
    expect((await run(["gate", "--baseline", "/no/such", "--exit-style", "bisect"])).status).toBe(
      255,
    );
    expect((await run(["gate", "--exit-style", "sideways"])).status).toBe(2);
  });

  it("is read from the words, the last one counts", () => {
    expect(exitStyleIn(["gate"])).toBeUndefined();
    expect(exitStyleIn(["gate", "--exit-style"])).toBeUndefined();
    expect(exitStyleIn(["--exit-style=bisect", "--exit-style", "kselftest"])).toBe("kselftest");
  });
});
