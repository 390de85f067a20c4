import { describe, expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema, type World } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

const APERTURE: World = { pfns: 16, vpages: 24, mtrr: "uncached" };
const releases = Object.keys(MODELS);

const map = (at: number, pages: number): Op => ({
  op: "mmap",
  proc: 0,
  at,
  pages,
  pfn: 0,
  via: "resource",
  prot: "rw",
  private: false,
});

describe("revoke", () => {
  const trace = (more: readonly Op[]): Trace => ({
    format: "pfndiff/trace@1",
    name: "by hand",
    world: APERTURE,
    ops: [
      { op: "spawn", proc: 0 },
      map(0, 3),
      { op: "fork", proc: 0, child: 1 },
      { op: "revoke", proc: 1 },
      ...more,
    ],
  });

  test.each(releases)("on %s takes the pages of every process and leaves their VMAs", (release) => {
    const touch = (proc: number): Op => ({ op: "touch", proc, at: 1, write: false });
    const steps = MODELS[release]?.recordSync(trace([touch(0), touch(1)])).steps ?? [];
    expect(steps.slice(-2).map(({ result }) => result)).toEqual([
      { errno: "EIO" },
      { errno: "EIO" },
    ]);
    expect(Object.values(steps.at(-1)?.vmas ?? {}).map((vmas) => vmas.length)).toEqual([1, 1]);
  });

  test.each(releases)("on %s frees what VM_PAT tracks, and nothing that is counted", (release) => {
    const steps = MODELS[release]?.recordSync(trace([{ op: "exit", proc: 0 }])).steps ?? [];
    const reserved = steps.slice(2).map(({ memtype }) => memtype.length);
    const vmas = steps[3]?.vmas ?? {};
    const isVmPat = release === "6.1" || release === "6.12";
    expect(reserved).toEqual(isVmPat ? [2, 0, 0] : [1, 1, 1]);
    expect(vmas["0"]?.[0]?.pat).toBe(isVmPat ? false : undefined);
  });

  test("has no device to take in low memory", () => {
    const inMemory = { ...trace([]), world: { ...APERTURE, mtrr: "write-back" } };
    const ops = inMemory.ops.map((op) => (op.op === "mmap" ? { ...op, via: "devmem" } : op));
    const { error } = traceSchema.safeParse({ ...inMemory, ops });
    expect(error?.issues.map(({ path, message }) => [path.join("."), message])).toEqual([
      ["ops.3", "no driver has a device in low memory"],
    ]);
  });

  test("frees mappings that begin at one page in the order in which they were made", () => {
    const split: Op = { op: "mprotect", proc: 0, at: 3, pages: 1, prot: "r" };
    const made = [map(5, 2), map(4, 1), map(0, 4), map(5, 1), split];
    const ops: Op[] = [{ op: "spawn", proc: 0 }, ...made, { op: "revoke", proc: 0 }];
    const steps = MODELS["6.12"]?.recordSync({ ...trace([]), ops }).steps ?? [];
    expect(steps.at(-1)?.events).toEqual([
      { kind: "invalid-free", start: 0, end: 1 },
      { kind: "invalid-free", start: 0, end: 3 },
    ]);
  });
});
