import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explained } from "../../src/asked/explain.ts";
import type { CacheMode } from "../../src/pat/cachemode.ts";
import type { OpOf, Via } from "../../src/trace/op.ts";
import type { Recording, Request, Step } from "../../src/trace/recording.ts";
import type { Mtrr } from "../../src/trace/trace.ts";
import { arbitraryTrace, idiomTrace } from "../arbitrary.ts";
import { MODELS } from "../models.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";
import { IS_LONG } from "../long.ts";

const RUNS = { numRuns: IS_LONG ? 60 : 25, seed: 20_261_127 } as const;
const release = fc.constantFrom("6.1", "6.12", "6.16", "6.18", "7.2", "7.3");
const anyTrace = fc.oneof(arbitraryTrace, idiomTrace);
/** Without PAT nothing is reserved. */
const withPat = anyTrace.filter(({ world }) => world.pat !== false);

function told(
  name: string,
  trace: Parameters<NonNullable<(typeof MODELS)[string]>["recordSync"]>[0],
) {
  const model = MODELS[name];
  if (model === undefined) throw new Error(`no model of ${name}`);
  return model.recordSync(trace, { contexts: true, requests: true });
}

function untold(recording: Recording): Recording {
  return { ...recording, steps: recording.steps.map(({ requests: _told, ...step }) => step) };
}

const covers = ({ memtype }: Step, { start, end, got }: Request) =>
  memtype.some((entry) => entry.start <= start && end <= entry.end && entry.type === got);

/** The requests of ops that succeeded which reserve, rather than look up. */
function reserving(recording: Recording): { step: Step; request: Request }[] {
  return recording.trace.ops.flatMap((op, index) => {
    const step = recording.steps[index] as Step;
    if (!["mmap", "ioremap", "memremap-pages"].includes(op.op) || "errno" in step.result) return [];
    const requests = (step.requests ?? []).filter(({ ram }) => ram !== true);
    return requests.map((request) => ({ step, request }));
  });
}

describe("what a mapping got", () => {
  test("is the mode of a reservation that stands after the step, as told and as derived", () => {
    fc.assert(
      fc.property(release, withPat, (name, trace) => {
        const recording = told(name, trace);
        for (const shown of [recording, explained(recording), explained(untold(recording))]) {
          for (const { step, request } of reserving(shown)) {
            expect(request.got === undefined || covers(step, request)).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  test("is known of every page of every mapping, and is what the page table has", () => {
    fc.assert(
      fc.property(release, anyTrace, (name, trace) => {
        // Where a split fails, what a move leaves behind is a VMA that maps nothing.
        const mayBeHollow = trace.ops.some(({ fault }) => fault !== undefined);
        for (const step of explained(told(name, trace)).steps) {
          for (const vma of Object.values(step.vmas).flat()) {
            if (vma.maps !== undefined || vma.anon === true) continue;
            const runs = vma.asked ?? [];
            const known = runs.reduce((sum, { pages }) => sum + pages, 0);
            if (mayBeHollow) expect(known).toBeLessThanOrEqual(vma.end - vma.start);
            else expect(known).toBe(vma.end - vma.start);
            for (const { at, pages, type } of vma.modes ?? []) {
              const over = runs.filter((run) => run.at < at + pages && run.at + run.pages > at);
              expect(over.every(({ got, asked }) => got === type && asked !== undefined)).toBe(
                true,
              );
            }
          }
        }
      }),
      RUNS,
    );
  });
});

describe("what is derived from how the list changed", () => {
  test("is what a model tells, or unknown", () => {
    fc.assert(
      fc.property(release, arbitraryTrace, (name, trace) => {
        const recording = told(name, trace);
        const right = explained(recording);
        explained(untold(recording)).steps.forEach((step, index) => {
          if (trace.ops[index]?.op !== "mmap") return;
          const [derived] = step.requests ?? [];
          const [known] = right.steps[index]?.requests ?? [];
          if (derived === undefined || derived.by === "unknown") return;
          expect({ asked: derived.asked, got: derived.got }).toEqual({
            asked: known?.asked,
            got: known?.got,
          });
        });
      }),
      RUNS,
    );
  });

  test("tells of real kernels what every mmap() asked for, and of nearly all what it got", () => {
    let [known, unknown] = [0, 0];
    for (const file of recordingFiles()) {
      for (const recording of readRecordings(file).slice(0, 24)) {
        for (const { step, request } of reserving(explained(recording))) {
          expect(request.derived).toBe(true);
          expect(request.got === undefined || covers(step, request)).toBe(true);
          if (request.got === undefined) unknown++;
          else known++;
        }
      }
    }
    expect(known).toBeGreaterThan(300);
    expect(unknown).toBeLessThan(known / 20);
  });
});

/** The file that asks for a mode in a region, or null where none does. */
function viaOf(type: CacheMode, mtrr: Mtrr): Via | null {
  if (type === "uncached-minus") return "devmem_sync";
  if (mtrr === "uncached") return type === "write-combining" ? "resource_wc" : null;
  return type === "write-back" ? "devmem" : null;
}

describe("the calls that would have been granted", () => {
  test("are granted, with the mode that they were said to get", () => {
    let tried = 0;
    fc.assert(
      fc.property(release, arbitraryTrace, (name, trace) => {
        const born = Math.max(...trace.ops.map((op) => (op.op === "fork" ? op.child : op.proc)));
        const { steps } = explained(told(name, trace));
        steps.forEach((step, index) => {
          for (const { start, end, type } of step.requests?.[0]?.works ?? []) {
            const via = viaOf(type, trace.world.mtrr);
            if (via === null || trace.ops[index]?.op !== "mmap" || born >= 63) continue;
            const proc = born + 1;
            const call: OpOf<"mmap"> = {
              op: "mmap",
              proc,
              at: 0,
              pages: end - start,
              pfn: start,
              via,
              prot: "r",
              private: false,
            };
            const ops = [...trace.ops.slice(0, index), { op: "spawn", proc } as const, call];
            const last = explained(told(name, { ...trace, ops })).steps.at(-1);
            expect(last?.result).toEqual({ ok: true });
            expect(last?.requests).toMatchObject([{ got: type }]);
            tried++;
          }
        });
      }),
      { ...RUNS, numRuns: 300 },
    );
    expect(tried).toBeGreaterThan(50);
  });
});
