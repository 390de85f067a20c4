import { expect } from "vitest";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { judge, judgeSide, type Judgement } from "../../src/oracle/judge.ts";
import type { DriverCallRecord } from "../../src/trace/driverop.ts";
import type { Op, OpOf } from "../../src/trace/op.ts";
import type { Recording } from "../../src/trace/recording.ts";
import type { Mtrr, Trace } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

/** A trace of these ops in the usual small world. */
export function scene(ops: readonly Op[], mtrr: Mtrr = "uncached"): Trace {
  const world = { pfns: 16, vpages: 24, mtrr };
  return { format: "pfndiff/trace@1", name: "scene", world, ops: [...ops] };
}

/** Short forms of the ops that the scenes use; shared, read-write, resource, process 0 unless said. */
export const spawn = (proc = 0): Op => ({ op: "spawn", proc });
export const exit = (proc = 0): Op => ({ op: "exit", proc });
export const fork = (child: number, proc = 0): Op => ({ op: "fork", proc, child });
export const munmap = (at: number, pages: number, proc = 0): Op => ({
  op: "munmap",
  proc,
  at,
  pages,
});
export const mprotect = (at: number, pages: number, proc = 0): Op => ({
  op: "mprotect",
  proc,
  at,
  pages,
  prot: "r",
});
export const write = (at: number, proc = 0): Op => ({ op: "touch", proc, at, write: true });
export const move = (at: number, pages: number, to: number, proc = 0): Op => ({
  op: "mremap",
  proc,
  at,
  pages,
  newPages: pages,
  to,
});
export const shrink = (at: number, pages: number, newPages: number): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages,
});

type Mapping = Partial<Extract<Op, { op: "mmap" }>>;

export function map(at: number, pages: number, pfn: number, rest: Mapping = {}): Op {
  const plain = { via: "resource", prot: "rw", private: false } as const;
  return { op: "mmap", proc: 0, at, pages, pfn, ...plain, ...rest };
}

/** A driver's call that maps the whole VMA from this pfn on, write-combining unless said. */
export function remap(pfn: number, rest: object = {}): DriverCallRecord {
  return { call: "remap", off: 0, pages: 0, pfn, mode: "wc", ...rest };
}

/** A driver's mmap(), which maps pfn 0 and up unless said. */
export function driver(at: number, pages: number, rest: Partial<OpOf<"drv-mmap">> = {}): Op {
  const plain = { off: 0, prot: "rw", private: false } as const;
  return { op: "drv-mmap", proc: 0, at, pages, calls: [remap(0)], ...plain, ...rest };
}

function modelOf(release: string): ModelBackend {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model of ${release}`);
  return model;
}

/** Records a trace with the model of a release, contexts and all. */
export function record(release: string, trace: Trace): Recording {
  return modelOf(release).recordSync(trace, { contexts: true });
}

/** Judges a trace on the models of two releases. */
export function judgeOn(trace: Trace, before = "6.12", after = "6.18"): Judgement {
  return judge(record(before, trace), record(after, trace));
}

/** The signatures of a judgement, each once, sorted. */
export function signatures(judgement: Judgement): string[] {
  return [...new Set(judgement.findings.map((finding) => finding.signature))].sort();
}

/** The findings of two models, live and by their recordings, which must agree. */
export function shown(before: string, after: string, trace: Trace): string[] {
  const live = new TwoSides(modelOf(before), modelOf(after)).run(trace).findings;
  const recorded = judgeOn(trace, before, after).findings;
  const told = (findings: typeof live) =>
    findings.map(({ step, signature, side }) => `${step} ${signature} (${side})`);
  expect(told(live)).toEqual(told(recorded));
  return told(live);
}

/** What one side's recording has wrong by itself, as `step symptom:cause`. */
export function symptoms(recording: Recording): string[] {
  return judgeSide(recording, "after").findings.map(
    ({ symptom, cause, step }) => `${step} ${symptom}:${cause}`,
  );
}
