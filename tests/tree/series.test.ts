import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { opening } from "../../src/cli/opening.ts";
import { run } from "../cli/run.ts";
import { readRecordings } from "../recordings.ts";

/*
 * A repository of a tree whose commits are models: each has a program (toyprogram.ts) that answers as the model does
 * which its file names. One commit has none, and nothing there that make could build.
 */
const root = mkdtempSync(join(tmpdir(), "pfndiff-series-"));
const repo = join(root, "linux");
const commits: string[] = [];

const MODELS = [
  "legacy@6.12",
  "legacy@6.12",
  "remap-forgets-flag",
  "nothing that builds",
  "remap-forgets-flag",
  "remap-forgets-flag",
  "remap-forgets-flag",
  "legacy@6.12",
];

function git(...args: string[]): string {
  const who = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
  return execFileSync("git", ["-C", repo, ...who, ...args], { encoding: "utf8" }).trim();
}

const nth = (number: number) => commits[number] ?? "";
const everything = () => readdirSync(join(repo, ".git"), { recursive: true }).sort();

/** Programs by the ids of trees, for every commit that has one. */
function programs(): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [number, model] of MODELS.entries()) {
    if (number === 3) continue;
    const program = join(root, `program${number}`);
    writeFileSync(program, `#!/bin/sh\nexec node ${join(root, "toyprogram.mjs")} ${model}\n`, {
      mode: 0o755,
    });
    known[`tree:${repo}@${nth(number)}`] = program;
  }
  return known;
}

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  mkdirSync(join(repo, "mm"), { recursive: true });
  execFileSync("git", ["init", "-q", repo]);
  writeFileSync(join(repo, "Kbuild"), "");
  for (const [number, model] of MODELS.entries()) {
    const text = `int before;\n\nint patched(int a)\n{\n\treturn a;\n}\n/* ${number}: ${model} */\n`;
    writeFileSync(join(repo, "mm", "memory.c"), text);
    git("add", "-A");
    git("commit", "-qm", `mm: ${number}, ${model}`);
    commits.push(git("rev-parse", "HEAD"));
  }
  await build({
    configFile: false,
    logLevel: "error",
    build: {
      ssr: resolve("tests/tree/toyprogram.ts"),
      outDir: root,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: "toyprogram.mjs" } },
    },
    ssr: { noExternal: true },
  });
  opening.programs = programs();
});
afterAll(() => {
  opening.programs = {};
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const judged = (name: string, runs: string, ...words: string[]) =>
  run(["judge", repo, ...words, "--runs", runs, "--jobs", "1", "--out", join(root, name)]);

describe("a series of commits", () => {
  test("that changes nothing is told so, and the repository is as it was", async () => {
    const was = everything();
    const { status, out } = await judged("same", "60", `${nth(0)}..${nth(1)}`);
    expect(out).toContain("**No finding is the series' own.**");
    expect(out).toMatch(/^1 commit; \d+ runs/m);
    expect(status).toBe(0);
    expect(everything()).toEqual(was);
  });

  test("is not begun with a kernel to confirm it that is none", async () => {
    const { status, err } = await judged(
      "none",
      "60",
      `${nth(0)}..${nth(1)}`,
      "--confirm",
      "legacy",
    );
    expect(err).toContain("--confirm: legacy is no kernel (kernel:6.12, kernel:PATH of a bzImage)");
    expect(status).toBe(2);
    const fuzzed = await run(["fuzz", "--coverage", join(root, "coverage.json")]);
    expect(fuzzed.err).toContain("--coverage: neither side is a tree");
    expect(fuzzed.status).toBe(2);
  });

  test("is judged commit by commit, with short traces and the functions that they pass", async () => {
    const { status, out } = await judged("each", "12", `${nth(0)}..${nth(2)}`, "--each");
    const [same = "", fault = ""] = out.split(/^(?=## )/m);
    expect(same).toContain("**No finding is the series' own.**");
    expect(fault).toMatch(/^1 commit; \d+ runs/m);
    expect(fault).toContain("Patched: patched.");
    expect(fault).toMatch(/^### introduced:/m);
    expect(fault).toContain(" *patched* track_pfn_remap\n");
    expect(fault).toContain("unconfirmed until a guest shows it");
    // What is told comes with the file of its least trace.
    const [, file = ""] = /npx pfndiff replay (\S+)/.exec(fault) ?? [];
    expect(JSON.parse(readFileSync(file, "utf8")).finding.trace.ops.length).toBeLessThan(6);
    expect(status).toBe(1);
  });
});

describe("a tree explored against a model", () => {
  const bounds = ["--no-judge", "--procs", "2", "--slots", "1", "--pages", "2", "--depth", "2"];
  const explored = (number: number) =>
    run([
      "explore",
      "--before",
      "legacy@6.12",
      "--after",
      `tree:${repo}@${nth(number)}`,
      ...bounds,
    ]);

  test("is the same after every transition, or differs and is told", async () => {
    const same = await explored(0);
    expect(same.out.match(/: the same on both sides after every transition/g)).toHaveLength(4);
    expect(same.status).toBe(0);
    const other = await explored(2);
    expect(other.out).toMatch(/^memtype: differs after \d+ transitions, first after 2 ops/m);
    expect(other.status).toBe(1);
  });

  test("has as many transitions and states as the model against itself", async () => {
    const { out } = await explored(0);
    const model = await run([
      "explore",
      "--before",
      "legacy@6.12",
      "--after",
      "legacy@6.12",
      "--with",
      "core",
      ...bounds,
    ]);
    const counts = (text: string) =>
      [...text.matchAll(/^ +\d+ +\d+ +\d+(?= )/gm)].map(([row]) => row);
    expect(counts(out)).toEqual(counts(model.out));
    expect(counts(out)).toHaveLength(2);
  });
});

describe("recordings of a real kernel", () => {
  const real = readRecordings("linux-6.12.117.jsonl.gz")
    .filter(({ trace }) => trace.ops.some(({ op }) => op === "mremap"))
    .slice(0, 20);
  const stdin = real.map((recording) => `${JSON.stringify(recording)}\n`).join("");
  const compared = (number: number) =>
    run(["conform", "-", "--live", `tree:${repo}@${nth(number)}`], { stdin });

  test("are what the tree of its release answers, and where a faulty one parts is told", async () => {
    const same = await compared(0);
    expect(same.out).toMatch(/^(\d+) of \1 steps of 20 recordings agree\.$/m);
    expect(same.status).toBe(0);
    const faulty = await compared(2);
    expect(faulty.out).toMatch(/\.pat: kernel true, tree:.* false$/m);
    expect(faulty.status).toBe(1);
  });
});

describe("the first commit that shows a finding", () => {
  const finding = () => {
    const folder = join(root, "each", "campaigns");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return join(folder, files.find((name) => name.includes("introduced-")) ?? "");
  };
  const bisect = (bad: string, interrupted?: AbortSignal) =>
    run(["bisect", repo, nth(0), bad, finding()], interrupted === undefined ? {} : { interrupted });

  test("is found past one that does not build, and by one that was cut short", async () => {
    const was = everything();
    const cut = await bisect(nth(6), AbortSignal.abort());
    expect(cut.status).toBe(130);
    const { status, out, err } = await bisect(nth(6));
    expect(err).toMatch(/^skip: /m);
    expect(out).toMatch(new RegExp(`^${nth(2).slice(0, 12)} \\("mm: 2.*is the first commit`));
    expect(status).toBe(0);
    expect(everything()).toEqual(was);
  });

  test("is refused where it is neither a file nor a signature", async () => {
    const { status, err } = await run(["bisect", repo, nth(0), nth(6), "leak"]);
    expect(err).toBe("pfndiff: leak: is no file, and no signature such as introduced:leak:exit\n");
    expect(status).toBe(2);
  });

  test("is refused where BAD does not show it", async () => {
    const { status, err } = await bisect(nth(7));
    expect(err).toContain("does not show introduced:");
    expect(status).toBe(2);
  });
});
