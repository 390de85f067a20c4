import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import { run } from "../cli/run.ts";
import { IS_LONG, sampleOf } from "../long.ts";
import { nodeOf, pfndiff } from "./node.ts";
import { UsersFolder } from "./usersfolder.ts";

const user = new UsersFolder();
let count = 0;
afterAll(() => user.remove());

const MMAP: Op = {
  op: "mmap",
  proc: 0,
  at: 0,
  pages: 4,
  pfn: 0,
  via: "resource",
  prot: "rw",
  private: false,
};
const SPAWN: Op = { op: "spawn", proc: 0 };

/** Records ops with a design of the user's folder: its steps, or the one line that refuses it. */
async function record(id: string, ops: readonly Op[]) {
  const world = { pfns: 8, vpages: 8, mtrr: "uncached" };
  const stdin = JSON.stringify({ format: "pfndiff/trace@1", name: "by hand", world, ops });
  const backend = id.replace("file:", `file:${user.path}/`);
  const { status, out, err } = await run(["record", "--backend", backend], { stdin });
  if (status === 0) return { steps: JSON.parse(out).steps, err };
  expect(status).toBe(2);
  expect(err.trim().split("\n")).toHaveLength(1);
  return { steps: [], err };
}

/** What a campaign of two sides finds, by verdict and symptom. */
function verdicts(before: string, after: string, node?: string): string[] {
  const args = ["fuzz", "--before", before, "--after", after, "--runs", "100", "--seed", "5"];
  const { out, err } = pfndiff(user.path, [...args, "--json", "--jobs", "1"], node);
  if (out === "") throw new Error(err);
  const found: { verdict: string; symptom: string }[] = JSON.parse(out).findings;
  return [...new Set(found.map(({ verdict, symptom }) => `${verdict} ${symptom}`))].sort();
}

describe("pfndiff/design", () => {
  it.each(sampleOf(["nodenext", "bundler"], 2))(
    "types every member for whoever resolves by %s",
    (way) => {
      const module = way === "bundler" ? "esnext" : way;
      const compilerOptions = {
        strict: true,
        noEmit: true,
        checkJs: true,
        types: [],
        target: "es2023",
        module,
        moduleResolution: way,
        erasableSyntaxOnly: true,
      };
      user.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts", "*.js"] }));
      const check = () =>
        spawnSync(resolve("node_modules/.bin/tsc"), [], { cwd: user.path, encoding: "utf8" });
      expect(check().stdout).toBe("");
      user.write(
        "wrong.ts",
        `import type { PfnTracking } from "pfndiff/design";
       export const moved: PfnTracking["moved"] = (vma) => { vma.end = 0; };`,
      );
      const { stdout } = check();
      rmSync(join(user.path, "wrong.ts"));
      expect(stdout).toContain("Cannot assign to 'end' because it is a read-only property");
    },
  );

  it("is the running build, wherever the module lies and whatever is installed there", () => {
    const running = JSON.stringify(pathToFileURL("dist/design.js").href);
    user.write(
      "who.js",
      `import { KrefTracking } from "pfndiff/design";
       if ((await import(${running})).KrefTracking !== KrefTracking) throw new Error("another");
       export default KrefTracking;`,
    );
    const elsewhere = mkdtempSync(join(user.path, "nested-"));
    cpSync(join(user.path, "who.js"), join(elsewhere, "who.mjs"));
    mkdirSync(join(elsewhere, "node_modules/pfndiff"), { recursive: true });
    const args = ["fuzz", "--runs", "1", "--before", "modern", "--after", "file:who.mjs"];
    expect(pfndiff(elsewhere, args).err).not.toContain("cannot be loaded");
  });

  it.runIf(IS_LONG)("extends the refcounted design: as it is nothing is found against it", () => {
    const found = verdicts("modern", "file:plain.js");
    expect(found.filter((one) => !one.startsWith("kept"))).toEqual([]);
  });

  it("lets a module choose the list: VM_PAT without its erase by end keeps what a tail left", async () => {
    const shrink: Op[] = [SPAWN, MMAP, { op: "munmap", proc: 0, at: 2, pages: 2 }];
    expect((await record("legacy", shrink)).steps[2].events).toEqual([]);
    const { steps } = await record("file:whole.js", shrink);
    expect(steps[2].events).toEqual([{ kind: "invalid-free", start: 2, end: 4 }]);
    expect(steps[1].vmas[0][0].pat).toBe(true);
  });

  it("lets a module choose the release: what its mm does otherwise shows", async () => {
    const sealed: Op[] = [SPAWN, MMAP, { op: "mseal", proc: 0, at: 0, pages: 1 }];
    const on = (release: string) =>
      user.write(
        `on${release}.js`,
        `import { KrefTracking } from "pfndiff/design";
         export default class extends KrefTracking {
           static machine = { ...KrefTracking.machine, release: "${release}" };
         }`,
      );
    const results = async (release: string) => (await record(on(release), sealed)).steps[2].result;
    expect(await results("6.1")).toEqual((await record("legacy@6.1", sealed)).steps[2].result);
    expect(await results("7.2")).toEqual({ ok: true });
  });

  it.runIf(IS_LONG)("lets a module name the contexts that are counted", () => {
    user.write(
      "miscounts.js",
      `import { KrefTracking, ctxOf } from "pfndiff/design";
       const shown = new WeakMap();
       const of = (ctx) => shown.get(ctx) ?? shown.set(ctx, { ...ctx, kref: 2 }).get(ctx);
       export default class extends KrefTracking {
         static machine = { contextOf: (vma) => (vma.track === null ? null : of(vma.track)) };
       }`,
    );
    expect(verdicts("modern", "file:miscounts.js")).toContain("introduced refcount");
    user.write(
      "uncounted.js",
      `import { KrefTracking } from "pfndiff/design";
       export default class extends KrefTracking {
         static machine = {};
         dup(copy, original) { super.dup(copy, original); if (copy.track) copy.track.kref += 1; }
       }`,
    );
    const found = verdicts("modern", "file:uncounted.js");
    expect(found).toContain("introduced leak");
    expect(found).not.toContain("introduced refcount");
  });
});

describe("a count that is full", () => {
  const fork = (child: number): Op => ({ op: "fork", proc: 0, child });
  const full: Op[] = [SPAWN, MMAP, fork(1), fork(2)];

  it("fails whatever duplicates a VMA with ENOMEM, and nothing is left of the copy", async () => {
    const { steps } = await record("file:three.mjs", [...full, fork(3)]);
    expect(steps[4]).toMatchObject({
      result: { errno: "ENOMEM" },
      failed: { at: "vma", nth: 1 },
      vmas: steps[3].vmas,
      memtype: steps[3].memtype,
    });
    const split: Op = { op: "munmap", proc: 0, at: 1, pages: 1 };
    const move: Op = { op: "mremap", proc: 0, at: 0, pages: 4, newPages: 4, to: 4 };
    for (const op of [split, move]) {
      const last = (await record("file:three.mjs", [...full, op])).steps[4];
      expect(last).toMatchObject({ result: { errno: "ENOMEM" }, vmas: steps[3].vmas });
    }
  });

  it("is a difference of results, and of nothing that the ledger has got wrong", () => {
    const found = verdicts("modern@6.18", "file:three.mjs");
    expect(found.filter((one) => !/^(kept|parted)/.test(one))).toEqual(["changed errno"]);
  });
});

describe("a hook", () => {
  it("hears of DONTFORK, and sees it in VMAs afterwards", async () => {
    const advise: Op = { op: "madvise", proc: 0, at: 2, pages: 2, advice: "dontfork" };
    const unmap = (at: number): Op => ({ op: "munmap", proc: 0, at, pages: 2 });
    const { steps } = await record("file:keeps.mjs", [SPAWN, MMAP, advise, unmap(2), unmap(0)]);
    expect(steps[3].memtype).toEqual([{ start: 0, end: 4, type: "uncached-minus" }]);
  });

  const NOTHING = `remap() { return null; }, remapFailed() {}, dup() {}, copy() { return null; },
    copyFailed() {}, unmap() {}, moved() {}, free() {}`;
  const FORK: Op = { op: "fork", proc: 0, child: 1 };
  const ADVISE: Op = { op: "madvise", proc: 0, at: 1, pages: 1, advice: "dontfork" };
  const MOVE: Op = { op: "mremap", proc: 0, at: 0, pages: 4, newPages: 4, to: 4 };
  const EXIT: Op = { op: "exit", proc: 0 };
  const fault: Op = { ...MMAP, fault: { at: "page-table", nth: 1 } };
  const forkFault: Op = { ...FORK, fault: { at: "page-table", nth: 1 } };
  const own = "it changes what is not its own: a VMA's";

  it.each<[hook: string, ops: Op[], says: string]>([
    ["remap(vma) { vma.end--; return null; }", [], `${own} end, in remap()`],
    ["remapFailed(vma) { vma.start++; }", [fault], `${own} start, in remapFailed()`],
    ["dup(copy) { copy.pfn = 0; }", [FORK], `${own} pfn, in dup()`],
    ["dup(copy, original) { original.end = 2; }", [ADVISE], `${own} end, in dup()`],
    ["dontfork(vma) { vma.dontfork = false; }", [ADVISE], `${own} dontfork, in dontfork()`],
    ["copy(c, mm) { mm.vmas[0].flags = 0; return null; }", [FORK], `${own} flags, in copy()`],
    ["copyFailed(c) { c.prot = 'rw'; }", [forkFault], `${own} prot, in copyFailed()`],
    ["unmap(mm, v) { mm.find(0).start = 1; }", [EXIT], `${own} start, in unmap()`],
    ["unmap(mm, v) { mm.pageTable.zap(0, 4); }", [EXIT], "unmap() threw: mm.pageTable.zap is not"],
    ["unmap(mm, v) { mm.remove(v); }", [EXIT], "unmap() threw: mm.remove is not a function"],
    ["moved(vma) { vma.pages = 9; }", [MOVE], `${own} pages, in moved()`],
    ["free(vma) { vma.track = 7; }", [EXIT], "a VMA's track is 7, which is neither"],
    ["free() { ranges.untrack(8, 9); }", [EXIT], "ranges.untrack(8, 9) lies outside the world"],
    ["free() { ranges.untrack(40, 41); }", [EXIT], "which has 8 pfns, in free()"],
    ["remap(v, w, g) { return ranges.track(8, 9, w, false, g); }", [], "in remap()"],
    ["moved() { ranges.lookup(-1); }", [MOVE], "ranges.lookup(-1, -1) names no pfns, in moved()"],
    ["dup() { return 'EWHAT'; }", [FORK], 'dup() returned "EWHAT", which is neither null nor'],
    ["unmap() { kernel.fails('ctx'); }", [EXIT], 'kernel.fails("ctx") is no place that allocates'],
  ])("that does what no design may is refused by its name: %s", async (hook, ops, says) => {
    const source = `export default (ranges, log, kernel) => ({ ${NOTHING}, ${hook} });`;
    const { err } = await record(user.write(`bad${count++}.mjs`, source), [SPAWN, MMAP, ...ops]);
    expect(err).toContain(says);
  });

  it.each([
    ["{ release: '5.4' }", 'machine.release is "5.4" (expected "6.1", "6.12", "6.16"'],
    ["{ eraseByEnd: 1 }", "machine.eraseByEnd is 1 (expected true or false)"],
    ["{ contextOf: 1 }", "machine.contextOf is no function"],
    ["{ list: 'new' }", "machine.list is not a field of this format"],
    ["7", "machine is 7 (expected an object)"],
  ])("may not run in a machine that there is not: %s", async (machine, says) => {
    const source = `const make = () => ({ ${NOTHING} }); make.machine = ${machine}; export default make;`;
    const { err } = await record(user.write(`bad${count++}.mjs`, source), [SPAWN]);
    expect(err).toContain(says);
  });
});

describe("a module in TypeScript", () => {
  const isStripped = Boolean(Reflect.get(process.features, "typescript"));

  it.runIf(!isStripped)("is refused where Node runs none, by a line that builds it", async () => {
    const { err } = await record("file:bare.ts", [SPAWN]);
    const [, build = "", named = ""] = /build it by (npx .*), and name (file:.*)\n/.exec(err) ?? [];
    expect(spawnSync("sh", ["-c", build]).status).toBe(0);
    expect((await record(named.replace(`${user.path}/`, ""), [SPAWN, MMAP])).steps).toHaveLength(2);
  });

  it.runIf(IS_LONG)("runs as it is where Node strips types, unasked from 22.18 on", ({ skip }) => {
    const node = nodeOf("22.18.0", mkdtempSync(join(user.path, "node-")));
    if ("why" in node) return skip(node.why);
    expect(verdicts("modern@6.18", "file:three.ts", node.program)).toContain("changed errno");
  });
});
