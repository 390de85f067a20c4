import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { Coverage } from "../../fuzz/coverage.ts";
import { Growth } from "../../fuzz/growth.ts";
import { guidedSource, sourceOf } from "../../fuzz/guided.ts";
import { SOURCES } from "../../fuzz/sources.ts";
import {
  corpusHash,
  loadCorpus,
  loadSnapshot,
  saveCorpus,
  saveSnapshot,
} from "../../src/results/tracefolder.ts";
import { ShapedModel } from "../../src/engine/shapedside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { UserError } from "../../src/usererror.ts";
import { MODELS } from "../models.ts";

const shaped = (release: string) => new ShapedModel(MODELS[release] as ModelBackend);
const coverage = () => new Coverage(shaped("6.12"), shaped("7.2"));

function grown(runs: number, given: readonly Trace[] = []): Growth {
  const growth = new Growth(coverage(), 3, given);
  for (let run = 0; run < runs; run++) growth.learn(growth.draw(run));
  return growth;
}

const corpus = grown(60).traces;

describe("coverage", () => {
  const traces = Array.from({ length: 100 }, (_, run) => traceOfRun(8, run));

  test("of a trace is the same whatever ran before it", () => {
    const used = coverage();
    const first = traces.map((trace) => used.of(trace));
    expect(traces.toReversed().map((trace) => used.of(trace))).toEqual(first.toReversed());
    expect(traces.map((trace) => coverage().of(trace))).toEqual(first);
  });

  const map = {
    op: "mmap",
    proc: 0,
    pages: 4,
    via: "resource",
    prot: "rw",
    private: false,
  } as const;
  const featuresOf = (shift: number, last: Op) =>
    coverage()
      .of({
        world: { pfns: 16, vpages: 24, mtrr: "uncached" },
        ops: [{ op: "spawn", proc: 0 }, { ...map, at: 3 + shift, pfn: 2 + shift }, last],
      })
      .at(-1);
  const munmap = (at: number, pages: number): Op => ({ op: "munmap", proc: 0, at, pages });

  test("does not depend on where in the world it happens", () => {
    expect(featuresOf(5, munmap(8, 1))).toEqual(featuresOf(0, munmap(3, 1)));
  });

  test("tells the head of a mapping from its tail, its middle and the whole", () => {
    const parts = [munmap(3, 1), munmap(6, 1), munmap(4, 2), munmap(3, 4), munmap(12, 1)];
    const kinds = new Set(parts.map((op) => JSON.stringify(featuresOf(0, op))));
    expect(kinds.size).toBe(parts.length);
  });

  test("tells a held reservation that another mapping shares", () => {
    const ops: Op[] = [
      { op: "spawn", proc: 0 },
      { ...map, at: 3, pfn: 2 },
      { ...map, at: 12, pfn: 2 },
      munmap(3, 4),
    ];
    const world = { pfns: 16, vpages: 24, mtrr: "uncached" } as const;
    const alone = coverage()
      .of({ world, ops: ops.toSpliced(2, 1) })
      .at(-1);
    expect(coverage().of({ world, ops }).at(-1)).not.toEqual(alone);
  });
});

describe("a corpus", () => {
  test("grows to the same traces from the same seed", () => {
    expect(grown(60).traces).toEqual(corpus);
  });

  test("holds small valid traces, each with a feature of its own when it came", () => {
    const seen = new Set<number>();
    let ops = 0;
    for (const trace of corpus) {
      traceSchema.parse(trace);
      ops += trace.ops.length;
      const size = seen.size;
      for (const feature of coverage().of(trace).flat()) seen.add(feature);
      expect(seen.size).toBeGreaterThan(size);
    }
    expect(corpus.length).toBeGreaterThan(200);
    expect(ops / corpus.length).toBeLessThan(12);
  });

  test("that is gone on from keeps what it was given, and adds only what is new", () => {
    const more = grown(100, corpus).traces;
    expect(more.slice(0, corpus.length)).toEqual(corpus);
    expect(more.length).toBeGreaterThan(corpus.length);
    expect(grown(0, corpus).features).toBe(grown(60).features);
  });
});

describe("a guided source", () => {
  const source = guidedSource(traceOfRun, corpus);
  const runs = Array.from({ length: 300 }, (_, run) => run);

  test("depends on seed and run only, and every trace is valid", () => {
    const forward = runs.map((run) => source(7, run));
    const again = guidedSource(traceOfRun, [...corpus]);
    expect(runs.toReversed().map((run) => again(7, run))).toEqual(forward.toReversed());
    for (const trace of forward) traceSchema.parse(trace);
    expect(source(8, 1)).not.toEqual(source(7, 1));
  });

  test("draws about one of four traces afresh", () => {
    const fresh = runs.filter((run) => {
      return JSON.stringify(source(7, run)) === JSON.stringify(traceOfRun(7, run));
    });
    expect(fresh.length).toBeGreaterThan(runs.length / 6);
    expect(fresh.length).toBeLessThan(runs.length / 3);
  });

  test("is the plain one without a corpus, and fails allocations where that is asked for", () => {
    expect(sourceOf("plain", [])).toBe(SOURCES.plain);
    const faulted = runs.map((run) => sourceOf("faults", corpus)(7, run));
    const faults = faulted.map(({ ops }) => ops.filter(({ fault }) => fault !== undefined).length);
    expect(Math.max(...faults)).toBe(3);
    expect(faults.filter((count) => count > 0).length).toBeGreaterThan(200);
  });
});

describe("a corpus folder", () => {
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "pfndiff-corpus-"));
  });
  afterEach(async () => rm(dir, { recursive: true }));
  const some = corpus.slice(0, 20);
  const unnamed = (traces: readonly Trace[]) =>
    traces.map(({ world, ops }) => JSON.stringify([world, ops])).sort();

  test("gives back what was saved, in one order", async () => {
    expect(await saveCorpus(dir, some)).toBe(20);
    const back = await loadCorpus(dir);
    expect(unnamed(back)).toEqual(unnamed(some));
    await rm(dir, { recursive: true });
    await saveCorpus(dir, some.toReversed());
    expect(await loadCorpus(dir)).toEqual(back);
    expect(corpusHash(back)).toBe(corpusHash(some));
  });

  test("holds a trace once, whatever it is called and however its fields are ordered", async () => {
    await saveCorpus(dir, some);
    const other = some.map(({ format, world, ops }) => ({
      name: "another",
      world: { mtrr: world.mtrr, vpages: world.vpages, pfns: world.pfns },
      ops: ops.map((op) => Object.fromEntries(Object.entries(op).reverse()) as Op),
      format,
    }));
    expect(await saveCorpus(dir, other)).toBe(0);
    expect(await readdir(dir)).toHaveLength(20);
  });

  test("that is not there is empty", async () => {
    expect(await loadCorpus(join(dir, "none"))).toEqual([]);
    expect(corpusHash([])).toBeNull();
  });

  test("refuses a file that is not what its name says, or no trace at all", async () => {
    await saveCorpus(dir, some);
    const [name = ""] = await readdir(dir);
    const path = join(dir, name);
    const whole = await readFile(path, "utf8");
    for (const bad of [whole.slice(0, 30), "{}", whole.replace('"vpages":', '"vpages":1')]) {
      await writeFile(path, bad);
      const refusal = await loadCorpus(dir).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(UserError);
      expect(String(refusal)).toContain(path);
      expect(String(refusal)).not.toContain("\n");
    }
  });

  test("has a snapshot beside a campaign, which is checked when it is read", async () => {
    const hash = corpusHash(some) ?? "";
    await saveSnapshot(dir, some);
    expect(await loadSnapshot(dir, hash)).toEqual(some);
    expect(await loadSnapshot(dir, null)).toEqual([]);
    const path = join(dir, `corpus-${hash}.json`);
    const traces = some.slice(1);
    await writeFile(path, JSON.stringify({ format: "pfndiff/corpus@1", traces }));
    await expect(loadSnapshot(dir, hash)).rejects.toThrow(UserError);
  });
});
