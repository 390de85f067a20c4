import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Parser } from "tap-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { IS_LONG } from "../long.ts";

let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-ci-"));
  mkdirSync(join(dir, "node_modules", ".bin"), { recursive: true });
  symlinkSync(resolve("dist/pfndiff.js"), join(dir, "node_modules", ".bin", "pfndiff"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function shell(script: string, env: Readonly<Record<string, string>> = {}) {
  const all = { ...process.env, ...env };
  return spawnSync("bash", ["-e", "-c", script], { cwd: dir, encoding: "utf8", env: all });
}

/** A command of a recipe as a test runs it: nothing is installed, a campaign is short, the gate for CI. */
function shortened(command: string): string {
  if (/^npm ci/.test(command)) return ":";
  if (!IS_LONG && /^npx pfndiff gate/.test(command)) return ":";
  return command.replace("--time 60", "--runs 120");
}

const at = (name: string) => readFileSync(join(dir, name), "utf8");

describe(".ci/run", () => {
  it("tells what each step took, also of one that fails, and stops what would take over an hour", () => {
    const [, functions = ""] =
      /(^limit=3600$[^]*?^trap .*$)/m.exec(readFileSync(".ci/run", "utf8")) ?? [];
    const failing = shell(`${functions}\nstep true\nstep false\nstep echo never`);
    expect(failing.status).toBe(1);
    expect(failing.stdout).toMatch(
      /\n== what each step took\n +\d+ s {2}true\n +\d+ s {2}false\n +\d+ s {2}in all\n$/,
    );
    const late = shell(`${functions}\nlimit=1\nstep sleep 60`);
    expect(late.status).toBe(124);
    expect(late.stderr).toBe("stopped: more than 1 s in all\n");
  });
});

describe("the recipe for", () => {
  it("GitHub gates, and makes a summary, annotations, JUnit and SARIF", () => {
    const { jobs } = parse(readFileSync("docs/ci/github.yml", "utf8"));
    expect(jobs.gate.strategy.matrix.node).toEqual(["20.19", "22", "24"]);
    const steps: { run?: string }[] = jobs.gate.steps;
    const runs = steps.flatMap(({ run }) => run?.trim() ?? []);
    expect(runs.slice(0, 2)).toEqual(["npm ci", "npx pfndiff gate"]);
    const env = { GITHUB_RUN_NUMBER: "5", GITHUB_STEP_SUMMARY: join(dir, "summary.md") };
    for (const run of runs) {
      expect([run, shell(shortened(run), env)]).toEqual([
        run,
        expect.objectContaining({ status: 0 }),
      ]);
    }
    expect(at("summary.md")).toContain("| known | ");
    expect(JSON.parse(at("pfndiff.sarif")).runs).toHaveLength(1);
    expect(at("pfndiff.xml")).toContain("<testsuite ");
  });

  it.runIf(IS_LONG)("GitLab gates, and makes JUnit and a page, also where something failed", () => {
    const { pfndiff } = parse(readFileSync("docs/ci/gitlab.yml", "utf8"));
    rmSync(join(dir, ".pfndiff"), { recursive: true, force: true });
    const script: string[] = pfndiff.script;
    const env = { CI_PIPELINE_IID: "11" };
    const { status, stderr } = shell(script.map(shortened).join("\n"), env);
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(at("pfndiff.html")).toContain("<!doctype html>");
    const failing = script.map((line) => (/\|\| failed=1$/.test(line) ? "false || failed=1" : ":"));
    expect(shell([...failing.slice(0, -1), script.at(-1)].join("\n")).status).toBe(1);
    expect(at(pfndiff.artifacts.reports.junit)).toContain("<testsuite ");
  });

  it.runIf(IS_LONG)("kernel CI prints KTAP alone, and skips where nothing can run", async () => {
    const script = resolve("docs/ci/ktap.sh");
    const { status, stdout } = shell(`sh ${script}`, { RUNS: "120" });
    expect(stdout).toMatch(/^KTAP version 1\n1\.\.\d+\n/);
    const top = stdout.split("\n").filter((line) => !line.startsWith("  "));
    const parser = new Parser();
    const done = new Promise<{ ok: boolean; count: number; plan: { end: number | null } }>((r) =>
      parser.on("complete", r),
    );
    parser.end(top.slice(1).join("\n"));
    const { ok, count, plan } = await done;
    expect([status === 0, count]).toEqual([ok, plan.end]);
    expect(count).toBeGreaterThan(10);
    const none = { RUNS: "3", KERNEL: "9.99" };
    const skipped = shell(`sh ${script}`, none);
    expect([skipped.status, skipped.stdout]).toEqual([
      4,
      "KTAP version 1\n1..0 # SKIP nothing could run here\n",
    ]);
  });
});
