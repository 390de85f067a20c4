import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_LONG } from "../long.ts";

const BUNDLE = "dist/pfndiff.js";
const DEPTH = IS_LONG ? "3" : "2";
let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-bundle-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function pfndiff(argv: string[], options: { input?: string; shell?: string } = {}) {
  const { input = "", shell } = options;
  const [file, words] = shell === undefined ? ["node", [BUNDLE, ...argv]] : ["sh", ["-c", shell]];
  // A report with every finding's program is over the megabyte after which Node cuts off and kills.
  const ended = spawnSync(file, words, { encoding: "utf8", input, maxBuffer: 64 << 20 });
  if (ended.error !== undefined) throw ended.error;
  return ended;
}

/** The text of a built file and of all that it imports statically: what Node reads at start. */
function loadedAtStart(file: string, seen = new Set<string>()): string {
  if (seen.has(file)) return "";
  seen.add(file);
  const text = readFileSync(file, "utf8");
  const imported = [...text.matchAll(/^import [^;]*?"(\.[^"]+)"/gm)].map(([, name]) =>
    loadedAtStart(join(dirname(file), name as string), seen),
  );
  return text + imported.join("");
}

describe("the bundle", () => {
  it("starts without what only some commands need", () => {
    const text = loadedAtStart(BUNDLE);
    expect(text.length).toBeLessThan(410_000);
    for (const heavy of ["ZodType", "class Arbitrary", "new Piscina", "new Queue"]) {
      expect(text.includes(heavy), heavy).toBe(false);
    }
  });

  it("is executable, as npx wants it", () => {
    expect(spawnSync(BUNDLE, ["--version"], { encoding: "utf8" }).status).toBe(0);
  });

  it("reads standard input and keeps data and progress apart", () => {
    const input =
      '{"format":"pfndiff/trace@1","name":"","world":{"pfns":1,"vpages":1,"mtrr":"uncached"},"ops":[]}';
    const { status, stdout, stderr } = pfndiff(["record", "--backend", "modern", "-"], { input });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ backend: "modern@7.2", steps: [] });
  });

  it("still asks whether an escape can be read, though only for the error", () => {
    const { status, stderr } = pfndiff(["queue", "status", "--redis", "redis://%zz@127.0.0.1:1"]);
    expect(status).toBe(2);
    expect(stderr).toContain("begins no escape");
  });

  it("returns 2 and one line for bad input", () => {
    const { status, stdout, stderr } = pfndiff(["replay", "-"], { input: "x" });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^pfndiff: standard input: [^\n]*\n$/);
  });

  it("explores the same in two threads as in one", () => {
    const explore = (jobs: string) =>
      pfndiff([
        "explore",
        "--pages",
        "2",
        "--depth",
        DEPTH,
        "--with",
        "core",
        "--json",
        "--jobs",
        jobs,
      ]);
    const [one, two] = [explore("1"), explore("2")];
    expect([one.status, two.status]).toEqual([0, 0]);
    expect(JSON.parse(two.stdout)).toEqual(JSON.parse(one.stdout));
  });

  it.runIf(IS_LONG)(
    "measures figures by processor time, and what an op costs against a plain one",
    () => {
      const groups = ["generation", "replay", "world", "faults", "variants", "file", "idioms"];
      const bench = pfndiff(["bench", "--json", "--time", "0.01", "--only", ...groups]);
      expect(bench).toMatchObject({ status: 0, stderr: "" });
      const figure = expect.any(Number);
      const speed = { cpuOpsPerSec: figure, opsPerSec: figure, cores: figure };
      expect(JSON.parse(bench.stdout)).toEqual({
        generation: speed,
        replay: { legacy: speed, modern: speed },
        differential: speed,
        world: { moved: speed, stretched: speed },
        campaign: speed,
        faults: speed,
        variants: { D3: speed, A: speed },
        file: speed,
        idioms: speed,
        worldCost: figure,
        stretchedWorldCost: figure,
        faultsCost: figure,
        variantCost: figure,
        fileCost: figure,
        idiomsCost: figure,
        busy: expect.any(Boolean),
      });
    },
  );

  it.runIf(IS_LONG)(
    "measures some figures, each beside the one that its cost is taken against",
    () => {
      const bench = pfndiff(["bench", "--json", "--time", "0.01", "--only", "faults"]);
      expect(Object.keys(JSON.parse(bench.stdout))).toEqual([
        "campaign",
        "faults",
        "faultsCost",
        "busy",
      ]);
    },
  );

  it("measures no figure that there is not", () => {
    const unknown = pfndiff(["bench", "--only", "speed"]);
    expect(unknown).toMatchObject({ status: 2, stdout: "" });
    expect(unknown.stderr).toContain("Allowed choices are generation, replay, differential");
  });

  it("is quiet when its reader goes away", () => {
    const recordings = "tests/data/recordings/linux-6.1.192.jsonl.gz";
    const shell = `node ${BUNDLE} record --backend legacy ${recordings} | head -c 10`;
    expect(pfndiff([], { shell })).toMatchObject({ stderr: "", status: 0 });
  });

  it("returns 3 and one line when the output cannot be written", () => {
    const shell = `node ${BUNDLE} scenarios > /dev/full`;
    const { status, stderr } = pfndiff([], { shell });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^pfndiff: cannot write the output[^\n]*\n$/);
  });

  it("returns 130 on an interrupt, with what was found saved", async () => {
    const child = spawn("node", [BUNDLE, "fuzz", "--time", "60", "--out", dir], {
      stdio: "ignore",
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    while (!existsSync(join(dir, "journal.jsonl"))) await setTimeout(20);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(pfndiff(["report", dir, "--format", "json"]).status).toBe(0);
  });

  it("renders a campaign as one HTML file that holds its findings", () => {
    const out = join(dir, "viewer");
    expect(pfndiff(["fuzz", "--runs", "50", "--seed", "1", "--out", out]).status).toBeLessThan(2);
    const { status, stdout } = pfndiff(["report", out, "--format", "html"]);
    expect(status).toBe(0);
    const data = /id="report">(.*)<\/script>/.exec(stdout)?.[1];
    expect(JSON.parse(data ?? "null")).toMatchObject({ campaign: { runs: 50, seed: 1 } });
  });
});
