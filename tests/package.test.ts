import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_LONG } from "./long.ts";

const { name, version, dependencies, exports, allowScripts } = JSON.parse(
  readFileSync("package.json", "utf8"),
);
let dir = "";
let files: string[] = [];

const run = (program: string, ...args: string[]) =>
  spawnSync(program, args, { cwd: dir, encoding: "utf8", maxBuffer: 2 ** 26 });
const pfndiff = (...args: string[]) => run("node", "node_modules/pfndiff/dist/pfndiff.js", ...args);

/** A folder with the packed tarball in it, and of other packages what it asks for, no more. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-package-"));
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", dir];
  const [packed] = JSON.parse(execFileSync("npm", pack, { encoding: "utf8" }));
  files = packed.files.map(({ path }: { path: string }) => path);
  mkdirSync(join(dir, "node_modules", name), { recursive: true });
  const unpack = ["-xzf", `${name}-${version}.tgz`, "--strip-components=1", "-C"];
  execFileSync("tar", [...unpack, `node_modules/${name}`], { cwd: dir });
  for (const needed of [...Object.keys(dependencies), "vitest"]) {
    const link = join(dir, "node_modules", needed);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve("node_modules", needed), link);
  }
  writeFileSync(join(dir, "package.json"), '{"type":"module"}');
  copyFileSync("docs/examples/pat.spec.ts", join(dir, "pat.spec.ts"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("the package", () => {
  it("holds what its exports name, what the commands read, and no tests or sources", () => {
    const named = JSON.stringify(exports).match(/\.\/[^"]+\.(?:js|d\.ts|json)(?=")/g) ?? [];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !files.includes(path.slice(2)))).toEqual([]);
    const data = /^tests\/data\/(recordings|witnesses)\/linux-[\d.]+\.jsonl\.gz$/;
    expect(
      files.filter(
        (path) =>
          /(^|\/)(tests|src)\/|\.test\./.test(path) &&
          !data.test(path) &&
          !path.startsWith("dist/types/"),
      ),
    ).toEqual([]);
  });

  it("tells npm of every dependency that has an install script, so that npm ci warns of none", () => {
    const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
    const withScript = Object.entries<{ hasInstallScript?: boolean }>(packages)
      .filter(([path, { hasInstallScript }]) => path !== "" && hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ""));
    expect(withScript.sort()).toEqual(Object.keys(allowScripts).sort());
  });

  it.runIf(IS_LONG)("does the main job where there is no clone", () => {
    const campaign = pfndiff("fuzz", "--runs", "30", "--seed", "1", "--json");
    // What it finds nobody has accepted here. What is slow says how far it is on stderr.
    expect(campaign.status).toBe(1);
    expect(JSON.parse(campaign.stdout)).toMatchObject({ format: "pfndiff/campaign@1", runs: 30 });
    for (const job of [
      ["scenarios", "--check"],
      ["conform"],
      ["replay", "scenario:munmap-head"],
      ["report", "--format", "html"],
    ]) {
      expect([job, pfndiff(...job)]).toEqual([job, expect.objectContaining({ status: 0 })]);
    }
  });

  it("runs the worked example, which its types accept", () => {
    const tests = run(
      "node",
      "node_modules/vitest/vitest.mjs",
      "run",
      "--root",
      dir,
      "--testTimeout=300000",
    );
    expect([tests.status, tests.stdout + tests.stderr]).toEqual([
      0,
      expect.stringContaining("4 passed"),
    ]);
    const options = [
      "--strict",
      "--noEmit",
      "--target",
      "es2023",
      "--module",
      "nodenext",
      "--skipLibCheck",
    ];
    const types = run(resolve("node_modules/.bin/tsc"), ...options, "pat.spec.ts");
    expect(types.stdout).toBe("");
    const wrong = readFileSync("docs/examples/pat.spec.ts", "utf8").replace(
      "pages: 2,",
      'pages: "2",',
    );
    writeFileSync(join(dir, "wrong.ts"), wrong);
    expect(run(resolve("node_modules/.bin/tsc"), ...options, "wrong.ts").stdout).toContain(
      "string",
    );
  });

  it("says in a test what a trace shows instead", () => {
    writeFileSync(
      join(dir, "fails.spec.ts"),
      `import { trace } from "pfndiff";
       import "pfndiff/vitest";
       import { it, expect } from "vitest";
       it("fails", () => expect(trace({ ops: [{ op: "spawn", proc: 0 }] })).toShow("fixed:leak:unmap-head"));`,
    );
    const { status, stdout, stderr } = run(
      "node",
      "node_modules/vitest/vitest.mjs",
      "run",
      "--root",
      dir,
      "fails",
    );
    expect(status).toBe(1);
    expect(stdout + stderr).toContain("to show fixed:leak:unmap-head; it shows no finding");
  });
});
