import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isModel } from "../../src/cli/backends.ts";
import { openFileBackend } from "../../src/cli/filebackend.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { UserError } from "../../src/usererror.ts";
import { run } from "../cli/run.ts";
import { IS_LONG } from "../long.ts";

const directory = mkdtempSync(join(tmpdir(), "pfndiff-file-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const TRACE = JSON.stringify({
  format: "pfndiff/trace@1",
  name: "one mapping",
  world: { pfns: 4, vpages: 4, mtrr: "uncached" },
  ops: [
    { op: "spawn", proc: 0 },
    { op: "mmap", proc: 0, at: 0, pages: 1, pfn: 0, via: "resource", prot: "rw", private: false },
    { op: "exit", proc: 0 },
  ],
});

let count = 0;

async function record(source: string): Promise<{ status: number; out: string; err: string }> {
  const path = join(directory, `module${count++}.mjs`);
  writeFileSync(path, source);
  return run(["record", "--backend", `file:${path}`], { stdin: TRACE });
}

const hooks = (remap: string) => `({
  remap(vma, wanted, granted, pfn) { ${remap} },
  remapFailed() {}, dup() {}, copy() { return null; }, copyFailed() {}, unmap() {}, moved() {},
  free() {},
})`;

/** Modules that never end: each costs the five seconds that the command line gives it. */
const HANGING: [what: string, source: string, says: string][] = [
  ["hangs when loaded", "for (;;);", "hangs: not loaded in "],
  [
    "waits for ever when loaded",
    "await new Promise(() => setInterval(() => {}, 1000));",
    "hangs: not loaded in ",
  ],
  [
    "blocks for ever in record()",
    "export default { record() { for (;;); } };",
    "hangs: no answer to one mapping",
  ],
  ["hangs", `export default () => ${hooks("for (;;);")};`, "hangs: no answer to one mapping"],
];

describe("file:PATH", () => {
  it("records with a function that makes a tracking", async () => {
    const { status, out } = await record(
      `export default (ranges) => ${hooks("return ranges.track(pfn, pfn + vma.pages, wanted, false, granted);")};`,
    );
    expect(status).toBe(0);
    const steps = JSON.parse(out).steps;
    expect(steps[2].memtype).toEqual([{ start: 0, end: 1, type: "uncached-minus" }]);
  });

  it.each([
    ["throws when loaded", 'throw new Error("no")', "cannot be loaded: no"],
    ["exports nothing", "export const a = 1;", "default export"],
    ["lacks hooks", "export default () => ({ remap() {} });", "lacks remapFailed, dup"],
    [
      "throws in a hook",
      `export default () => ${hooks('throw new Error("boom");')};`,
      "remap() threw: boom",
    ],
    ["returns nonsense", `export default () => ${hooks("return 7;")};`, "remap() returned 7"],
    [
      "grants nonsense",
      `export default () => ${hooks("granted.mode = 9; return null;")};`,
      "granted 9",
    ],
    [
      "tracks nonsense",
      `export default (ranges) => ${hooks("return ranges.track(NaN, 2, wanted, false, granted);")};`,
      "ranges.track(NaN, 2) names no pfns",
    ],
    [
      "moves a VMA",
      `export default () => ${hooks("vma.start = 9; return null;")};`,
      "it changes what is not its own: a VMA's start, in remap()",
    ],
    [
      "answers a hook later",
      `export default () => Object.assign(${hooks("return null;")}, { unmap: async () => { throw 1; } });`,
      "unmap() returned a promise",
    ],
    ["answers no recording", "export default { record: async () => ({}) };", "is no recording"],
    ["awaits for ever when loaded", "await new Promise(() => {});", "awaits what never comes"],
    ["ends the process when loaded", "process.exit(0);", "it exits, or awaits"],
    ...(IS_LONG ? HANGING : []),
  ])(
    "says so of a module that %s",
    async (_what, source, says) => {
      const { status, err } = await record(source);
      expect(err).toContain(says);
      expect(err.trim().split("\n")).toHaveLength(1);
      expect(status).toBe(2);
    },
    15_000,
  );

  it.each(HANGING)("is ended when it %s, and blamed", async (_what, source) => {
    const path = join(directory, `module${count++}.mjs`);
    writeFileSync(path, source);
    const answer = async () => {
      const backend = await openFileBackend(`file:${path}`, { blockMs: 400, answerMs: 50 });
      return backend.record(traceSchema.parse(JSON.parse(TRACE)));
    };
    const fault = await answer().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(UserError);
    // A busy machine may take longer than this to load anything: that is blamed on the module too.
    expect(String(fault)).toContain(`${path}: hangs: `);
  });

  it("may track an empty range, and untrack what nobody has: that is for the oracle to judge", async () => {
    const wrong = "ranges.track(3, 3, wanted, false, granted); ranges.untrack(2, 4); return null;";
    const { status, out } = await record(`export default (ranges) => ${hooks(wrong)};`);
    expect(status).toBe(0);
    expect(JSON.parse(out).steps[1].events).toEqual([
      { kind: "warn", text: "memtype_reserve: the range is empty" },
      { kind: "invalid-free", start: 2, end: 4 },
    ]);
  });

  it("maps with the wanted mode where it grants none, whatever was granted before", async () => {
    const mapTwice = (via: string) =>
      JSON.stringify({
        ...JSON.parse(TRACE),
        ops: [
          { op: "spawn", proc: 0 },
          { ...JSON.parse(TRACE).ops[1], via },
          {
            op: "drv-mmap",
            proc: 0,
            at: 2,
            pages: 1,
            off: 0,
            prot: "r",
            private: false,
            calls: [{ call: "remap", off: 0, pages: 0, pfn: 2, mode: "uc-" }],
          },
        ],
      });
    const path = join(directory, `module${count++}.mjs`);
    writeFileSync(path, `export default () => ${hooks("return null;")};`);
    for (const via of ["resource_wc", "devmem_sync"]) {
      const { out } = await run(["record", "--backend", `file:${path}`], { stdin: mapTwice(via) });
      const maps = JSON.parse(out).steps[2].vmas[0].map((vma: { maps?: unknown }) => vma.maps);
      expect(maps[1]).toEqual([{ at: 2, pages: 1, pfn: 2, type: "uncached-minus" }]);
    }
  });

  it("is kept and put back where it says that it hides nothing, and only there", async () => {
    const open = async (path: string) => {
      const backend = await openFileBackend(`file:${path}`);
      if (!isModel(backend)) throw new Error("a design is a model");
      const machine = backend.machine({ pfns: 4, vpages: 4, mtrr: "uncached" });
      for (const op of traceSchema.parse(JSON.parse(TRACE)).ops.slice(0, 2)) machine.apply(op);
      return machine;
    };
    const machine = await open("docs/examples/forgetful.js");
    const back = machine.keep();
    machine.apply({ op: "exit", proc: 0 });
    expect(machine.memtype.entries).toEqual([]);
    back?.();
    expect(machine.memtype.entries).toHaveLength(1);
    machine.apply({ op: "exit", proc: 0 });
    expect(machine.memtype.entries).toEqual([]);
    const path = join(directory, `module${count++}.mjs`);
    writeFileSync(path, `export default () => ${hooks("return null;")};`);
    expect((await open(path)).keep()).toBeNull();
  });

  it("explores a design of a file beside a model", async () => {
    const after = "--after=file:docs/examples/forgetful.js";
    expect(
      (await run(["explore", "--depth=1", "--with=core", "--before=modern", after])).status,
    ).toBe(0);
  });

  it.runIf(IS_LONG)(
    "ends one that hangs while it is explored",
    async () => {
      const explored = ["explore", "--depth=1", "--with=core", "--before=modern"];
      const path = join(directory, `module${count++}.mjs`);
      writeFileSync(path, `export default () => ${hooks("for (;;);")};`);
      const { status, err } = await run([...explored, `--after=file:${path}`]);
      expect(err).toContain("hangs: no answer to an exploration in 5 s");
      expect(status).toBe(2);
    },
    60_000,
  );

  it("says so of a backend whose answer never comes, and of one that rejects", async () => {
    const open = async (record: string) => {
      const path = join(directory, `module${count++}.mjs`);
      writeFileSync(path, `export default { record: () => ${record} };`);
      return openFileBackend(`file:${path}`, { blockMs: 5000, answerMs: 50 });
    };
    const never = await open("new Promise(() => {})");
    const trace = traceSchema.parse(JSON.parse(TRACE));
    await expect(never.record(trace)).rejects.toThrow("hangs: no answer to one mapping in 0.05 s");
    const wrong = await open("Promise.reject(new Error('no'))");
    await expect(wrong.record(trace)).rejects.toThrow("record() threw: no");
  });

  it("finds the fault of the worked example", async () => {
    const { status, out } = await run([
      "fuzz",
      "--before=modern",
      "--after=file:docs/examples/forgetful.js",
      "--runs=60",
      "--json",
      `--out=${join(directory, "results")}`,
    ]);
    const signatures = JSON.parse(out).findings.map((f: { signature: string }) => f.signature);
    expect(signatures).toContain("introduced:untracked-mapping:unmap-middle");
    expect(status).toBe(1);
  });
});
