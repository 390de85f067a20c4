import type { ToldFinding } from "../../src/oracle/told.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryTrace, traceOfRun } from "../../fuzz/arbitrary.ts";
import { Differential } from "../../src/oracle/differential.ts";
import { RecordingFeed } from "../../src/oracle/feed.ts";
import type { MemtypeDelta } from "../../src/oracle/observed.ts";
import { SideOracle } from "../../src/oracle/side.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { judgeOn, record, signatures } from "./scenes.ts";

const RUNS = { numRuns: 150, seed: 20_250_512 } as const;
const releases = fc.constantFrom("6.1", "6.12", "6.16", "6.18", "7.2");

/** How many entries and VMA pages a step shows over each pfn. */
function shownCounts(step: Step, pfns: number): { cover: number[]; inVma: number[] } {
  const cover = Array.from({ length: pfns }, () => 0);
  const inVma = Array.from({ length: pfns }, () => 0);
  const count = (into: number[], start: number, end: number) => {
    for (let pfn = start; pfn < end; pfn++) into[pfn] = (into[pfn] ?? 0) + 1;
  };
  for (const { start, end } of step.memtype) count(cover, start, end);
  for (const { start, end, pfn } of Object.values(step.vmas).flat()) {
    count(inVma, pfn, pfn + end - start);
  }
  return { cover, inVma };
}

function stepOf(recording: Recording, index: number): Step {
  const step = recording.steps[index];
  if (step === undefined) throw new Error("there is a step for every op");
  return step;
}

describe("the ledger", () => {
  test("has after every step what the recording shows, counted anew", () => {
    fc.assert(
      fc.property(arbitraryTrace, releases, (trace, release) => {
        const recording = record(release, trace);
        const side = new SideOracle("before");
        const feed = new RecordingFeed(recording);
        const { pfns } = trace.world;
        side.reset(trace.world);
        trace.ops.forEach((op, index) => {
          side.judge(op, feed.show(index));
          const shown = shownCounts(stepOf(recording, index), pfns);
          const ledger = Array.from({ length: pfns }, (_, pfn) => side.pages.of(pfn));
          expect(ledger.map(({ cover }) => cover)).toEqual(shown.cover);
          expect(ledger.map(({ inVma }) => inVma)).toEqual(shown.inVma);
          expect(side.reservations.count).toBe(stepOf(recording, index).memtype.length);
        });
      }),
      RUNS,
    );
  });

  test("counts the pages that are reserved and not mapped, and those that are mapped and not reserved", () => {
    fc.assert(
      fc.property(arbitraryTrace, releases, (trace, release) => {
        const side = new SideOracle("before");
        const feed = new RecordingFeed(record(release, trace));
        const { pfns } = trace.world;
        side.reset(trace.world);
        trace.ops.forEach((op, index) => {
          side.judge(op, feed.show(index));
          let [idle, bare] = [0, 0];
          for (let pfn = 0; pfn < pfns; pfn++) {
            const { kept, mapped, cover } = side.pages.of(pfn);
            if (kept > 0 && mapped === 0) idle++;
            if (mapped > 0 && cover === 0) bare++;
            expect(cover).toBeGreaterThanOrEqual(kept);
          }
          expect(side.pages.retained).toBe(idle);
          expect(side.pages.bare).toBe(bare);
        });
      }),
      RUNS,
    );
  });
});

/** The op moved to other pages, pfns and process ids. */
function shifted(op: Op): Op {
  const proc = op.proc + 3;
  switch (op.op) {
    case "spawn":
    case "exit":
      return { ...op, proc };
    case "fork":
      return { ...op, proc, child: op.child + 3 };
    case "mmap":
      return { ...op, proc, at: op.at + 5, pfn: op.pfn + 2 };
    case "mremap":
      return { ...op, proc, at: op.at + 5, ...(op.to === undefined ? {} : { to: op.to + 5 }) };
    case "munmap":
    case "mprotect":
    case "madvise":
    case "mlock":
    case "munlock":
    case "mseal":
    case "touch":
      return { ...op, proc, at: op.at + 5 };
    default:
      return { ...op, proc };
  }
}

describe("a signature", () => {
  test("does not depend on pages, pfns, process ids, or what happened elsewhere before", () => {
    fc.assert(
      fc.property(arbitraryTrace, (trace) => {
        const { world } = trace;
        const elsewhere: Op[] = [
          { op: "spawn", proc: 2 },
          {
            op: "mmap",
            proc: 2,
            at: 0,
            pages: 2,
            pfn: 0,
            via: "devmem_sync",
            prot: "r",
            private: false,
          },
          { op: "exit", proc: 2 },
        ];
        const moved: Trace = {
          ...trace,
          world: { ...world, pfns: world.pfns + 2, vpages: world.vpages + 5 },
          ops: [...elsewhere, ...trace.ops.map(shifted)],
        };
        expect(signatures(judgeOn(moved))).toEqual(signatures(judgeOn(trace)));
      }),
      RUNS,
    );
  });

  test("is one of tens in a campaign of a thousand runs", () => {
    const seen = new Set<string>();
    for (let run = 0; run < 1000; run++) {
      for (const signature of signatures(judgeOn(traceOfRun(1, run)))) seen.add(signature);
    }
    expect(seen.size).toBeGreaterThan(30);
    expect(seen.size).toBeLessThan(90);
  });
});

/** The same change as a model might tell it: in another order, with entries that came and went. */
function retold(delta: MemtypeDelta): void {
  const rows = Array.from({ length: delta.count }, (_, at) => at).reverse();
  const [starts, ends, types, came] = [delta.start, delta.end, delta.type, delta.came].map(
    (column) => column.slice(0, delta.count),
  );
  delta.clear();
  delta.add(1, 2, 0);
  for (const at of rows) {
    const value = [starts?.[at] ?? 0, ends?.[at] ?? 0, types?.[at] ?? 0] as const;
    if (came?.[at] === 1) delta.add(...value);
    else delta.remove(...value);
  }
  delta.remove(1, 2, 0);
}

const plainly = (findings: readonly ToldFinding[]) =>
  findings.map((finding) => finding.plainFinding());

describe("the oracle", () => {
  test("judges alike however a step's changes are told", () => {
    fc.assert(
      fc.property(arbitraryTrace, releases, (trace, release) => {
        const recording = record(release, trace);
        const plain = new SideOracle("before");
        const other = new SideOracle("before");
        const [feed, again] = [new RecordingFeed(recording), new RecordingFeed(recording)];
        plain.reset(trace.world);
        other.reset(trace.world);
        trace.ops.forEach((op, index) => {
          plain.judge(op, feed.show(index));
          again.show(index);
          retold(again.memtype);
          other.judge(op, again);
        });
        expect(plainly(other.findings)).toEqual(plainly(plain.findings));
      }),
      RUNS,
    );
  });

  test("judges alike whatever it has judged before", () => {
    const used = new Differential();
    fc.assert(
      fc.property(arbitraryTrace, (trace) => {
        const before = record("6.12", trace);
        const after = record("6.18", trace);
        const findings = [used, new Differential()].map((differential) => {
          const [was, is] = [new RecordingFeed(before), new RecordingFeed(after)];
          differential.reset(trace.world);
          trace.ops.forEach((op, index) => {
            differential.judge(op, was.show(index), is.show(index));
          });
          return [differential.before, differential.after].map((side) => plainly(side.findings));
        });
        expect(findings[0]).toEqual(findings[1]);
      }),
      RUNS,
    );
  });
});
