import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TraceSource } from "../../fuzz/sources.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import type { KernelBackend } from "../../kernel/backend.ts";
import type { KernelOption } from "../../kernel/lacks.ts";
import type { TraceOutcome } from "../../kernel/runner.ts";
import {
  disagreementOn,
  saveDisagreement,
  shrinkDisagreement,
} from "../../src/cli/disagreement.ts";
import { runsOf } from "../../fuzz/tally.ts";
import { modelsOf, survivingLoss } from "../../src/cli/kernelcampaign.ts";
import { kernelExecutor } from "../../src/cli/kernelexecutor.ts";
import { knownToKernels } from "../../src/cli/leftout.ts";
import { reportLost } from "../../src/cli/losttraces.ts";
import { KernelSide } from "../../src/cli/kernelside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";
import type { Op } from "../../src/trace/op.ts";
import { performedTrace } from "../../src/trace/performed.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { modelOf } from "../models.ts";
import { run } from "./run.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pfndiff-kernel-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A model in the place of a kernel; `lost` names the traces that it never finishes. */
function posing(
  model: ModelBackend,
  lost: readonly string[] = [],
  release = `${model.id.split("@")[1] ?? ""}.0-test`,
  lacks: readonly KernelOption[] = [],
) {
  const batches: string[][] = [];
  const kernel = { release, design: model.design };
  const outcomeOf = (trace: Trace): TraceOutcome => {
    const failure = { trace, kind: "hang", why: "no progress", op: 1, console: "the end" } as const;
    if (lost.includes(trace.name)) return { failure };
    return { recording: { ...model.recordSync(trace), kernel, backend: "kernel:test" } };
  };
  const backend: KernelBackend = {
    id: "kernel:test",
    design: model.design,
    atBoot: new Set(["Bad page state < free_pages"]),
    lacks: new Set(lacks),
    identify: async () => kernel,
    record: async (trace) => model.recordSync(trace),
    recordMany: async (traces) => {
      batches.push(traces.map(({ name }) => name));
      return traces.map(outcomeOf);
    },
    close: async () => undefined,
  };
  return { side: new KernelSide(backend), batches };
}

const traces = (count: number) => Array.from({ length: count }, (_, at) => traceOfRun(77, at));

describe("a kernel as commands use it", () => {
  it("runs known traces as one batch, and none of them twice", async () => {
    const { side, batches } = posing(modelOf("7.2"));
    const some = traces(5);
    await side.prepare(some);
    for (const trace of some) await side.record({ ...trace, name: "by another name" });
    expect(batches).toEqual([some.map(({ name }) => name)]);
  });

  it.each([
    [1, [64, 64, 12]],
    [2, [128, 12]],
  ])("is asked for the runs of a campaign in batches, by %i guests", async (guests, lengths) => {
    const { side, batches } = posing(modelOf("7.2"));
    const pair = { before: modelOf("6.12"), after: side };
    const executor = kernelExecutor(pair, pair, 77, traceOfRun, guests);
    const tally = await executor.tally({ from: 0, to: 140 }, { isDue: () => false });
    expect(tally === null ? 0 : runsOf(tally)).toBe(140);
    expect(batches.map((batch) => batch.length)).toEqual(lengths);
  });

  it("notes a trace that it cannot finish, which then shows nothing", async () => {
    const [first, second] = traces(2) as [Trace, Trace];
    const { side } = posing(modelOf("7.2"), [first.name]);
    const pair = { before: modelOf("6.12"), after: side };
    const asked: string[] = [];
    const differential = survivingLoss(pair, ({ name }) => {
      asked.push(name);
      throw new Error("asked");
    });
    expect(await differential(first)).toMatchObject({ findings: [] });
    await expect(async () => differential(second)).rejects.toThrow("asked");
    expect(asked).toEqual([second.name]);
    expect(side.lost).toMatchObject([{ kind: "hang", console: "the end" }]);
  });

  it("has the nearest model stand for it where its release has none, which is told", async () => {
    const told: string[] = [];
    const { side } = posing(modelOf("7.2"), [], "7.9.1-amd64");
    const pair = { before: modelOf("6.12"), after: side };
    const { after } = await modelsOf(pair, (line) => told.push(line));
    expect(after.id).toBe("modern@7.3");
    expect(told).toEqual([
      "kernel:test: 7.9.1-amd64 has no profile here: modern@7.3 is the nearest, and unverified\n",
    ]);
  });

  it("tells of what a kernel said at boot, as of a trace that it lost", async () => {
    const said: string[] = [];
    const { side } = posing(modelOf("7.2"));
    expect(await reportLost({ err: (text) => said.push(text) }, dir, [side])).toEqual({
      lost: 0,
      atBoot: 1,
    });
    expect(said).toEqual(["kernel:test: at boot, before any trace: Bad page state < free_pages\n"]);
  });
});

describe("a kernel that was built without something", () => {
  it("gets campaigns without those ops, which are named once with their option", async () => {
    const { side } = posing(modelOf("7.2"), [], "7.2.0-test", [
      "CONFIG_KSM",
      "CONFIG_BLK_DEV_NVME",
    ]);
    const told: string[] = [];
    const source = await knownToKernels([modelOf("6.12"), side], traceOfRun, (line) =>
      told.push(line),
    );
    const count = (traceOf: TraceSource, isOne: (op: Op) => boolean) =>
      Array.from({ length: 400 }, (_, run) => traceOf(3, run).ops.filter(isOne).length).reduce(
        (sum, each) => sum + each,
      );
    const isGone = (op: Op) =>
      op.op === "revoke" || (op.op === "madvise" && /^(un)?mergeable$/.test(op.advice));
    expect(count(traceOfRun, isGone)).toBeGreaterThan(20);
    expect(count(source, isGone)).toBe(0);
    const isLeft = (op: Op) => !isGone(op);
    expect(count(source, isLeft)).toBe(count(traceOfRun, isLeft));
    expect(told).toEqual([
      "kernel:test: CONFIG_KSM is not set: no merging advice; left out of all traces\n",
      "kernel:test: CONFIG_BLK_DEV_NVME is not set: no driver that claims the aperture; left out of all traces\n",
    ]);
  });

  it("is not asked for a witness with such an op, which then shows nothing", async () => {
    const { side, batches } = posing(modelOf("7.2"), [], "7.2.0-test", ["CONFIG_BLK_DEV_NVME"]);
    const differential = survivingLoss({ before: modelOf("6.12"), after: side }, () => {
      throw new Error("asked");
    });
    const trace: Trace = { ...(traces(1)[0] as Trace), ops: [{ op: "revoke", proc: 0 }] };
    expect(await differential(trace)).toMatchObject({ findings: [] });
    expect(batches).toEqual([]);
  });

  it("gets the traces as they are drawn where it lacks what shows in none", async () => {
    const { side } = posing(modelOf("7.2"), [], "7.2.0-test", ["CONFIG_FAULT_INJECTION"]);
    const told: string[] = [];
    const source = await knownToKernels([side], traceOfRun, (line) => told.push(line));
    for (let run = 0; run < 50; run++) expect(source(3, run)).toEqual(traceOfRun(3, run));
    expect(told).toEqual([]);
  });
});

describe("an allocation that a kernel does not find", () => {
  it("is told to fail to no model that the kernel is compared with", () => {
    const model = modelOf("7.2");
    const told = scenarioNamed("munmap-head").trace;
    const fault: Op["fault"] = { at: "memtype", nth: 1 };
    const ops = told.ops.map((op) => (op.op === "mmap" ? { ...op, fault } : op));
    const trace: Trace = { ...told, ops };
    const found = { ...model.recordSync(trace), unshown: ["faults" as const] };
    const unfound = { ...model.recordSync(told), trace, unshown: ["faults" as const] };
    expect(found.steps.some(({ failed }) => failed !== undefined)).toBe(true);
    expect(performedTrace(found)).toEqual(trace);
    expect(performedTrace(unfound)).toEqual(told);
    // Where a kernel finds each, one that did not fail is a difference.
    expect(performedTrace({ ...unfound, unshown: [] })).toEqual(trace);
  });
});

describe("a disagreement of a kernel and a model", () => {
  const { side: kernel } = posing(modelOf("7.2"));
  const voices = { kernel, model: modelOf("6.16") };

  it("is shrunk to the few ops that tell them apart, and saved as either records it", async () => {
    for (const trace of traces(40)) {
      const found = await disagreementOn(voices, trace);
      if (found === null) continue;
      const shrunk = await shrinkDisagreement(voices, trace, found);
      expect(shrunk.ops.length).toBeLessThanOrEqual(5);
      expect((await disagreementOn(voices, shrunk))?.shape).toBe(found.shape);
      const file = await saveDisagreement(dir, voices, shrunk);
      const other = file.replace(".kernel.", ".model.");
      const [left, right] = [file, other].map((path) =>
        recordingSchema.parse(JSON.parse(readFileSync(path, "utf8"))),
      );
      expect(left?.steps).not.toEqual(right?.steps);
      expect(left?.trace).toEqual(right?.trace);
      return;
    }
    expect.unreachable("no trace tells 6.16 from 7.2");
  });

  it("is none where the model is the kernel's own", async () => {
    for (const trace of traces(40)) {
      expect(await disagreementOn({ kernel, model: modelOf("7.2") }, trace)).toBeNull();
    }
  });
});

describe("commands about kernels", () => {
  it("exit with 4 and the mending command where there is no image", async () => {
    const { status, out, err } = await run(["record", "--backend", "kernel:0.1", "-"], {
      stdin: JSON.stringify(traceOfRun(1, 1)),
    });
    expect({ status, out }).toEqual({ status: 4, out: "" });
    expect(err).toMatch(/^pfndiff: [^\n]*; to mend it: [^\n]+\n$/);
  });

  it("refuse what takes our module where it was not built for a kernel, in one line that says which op", async () => {
    const image = join(dir, "bzImage");
    writeFileSync(image, "no kernel");
    const world = { pfns: 4, vpages: 4, mtrr: "uncached" };
    const spawn = { op: "spawn", proc: 0 };
    const ioremap = { op: "ioremap", proc: 0, slot: 0, mode: "wc", pfn: 0, pages: 1 };
    for (const op of [ioremap, { ...ioremap, fault: { at: "memtype", nth: 1 } }]) {
      const trace = { format: "pfndiff/trace@1", name: "t", world, ops: [spawn, op] };
      const stdin = JSON.stringify(trace);
      const { status, err } = await run(["record", "--backend", `kernel:${image}`], { stdin });
      expect(status).toBe(2);
      expect(err).toMatch(/^pfndiff: kernel:\S+ cannot run t: ops\[1\] is [^\n]+\n$/);
    }
  });

  it.each([
    ["conform", "--live", "modern"],
    ["kernel", "fuzz", "--kernel", "legacy"],
  ])("refuse a model where a kernel is asked for: %s %s %s", async (...argv) => {
    const { status, err } = await run(argv);
    expect(status).toBe(2);
    expect(err).toContain("is no kernel");
  });
});
