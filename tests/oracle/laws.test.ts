import type { SideFinding } from "../../src/oracle/sidefinding.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { arbitraryTrace } from "../arbitrary.ts";
import { Differential } from "../../src/oracle/differential.ts";
import { isInIsa } from "../../src/oracle/isa.ts";
import { RecordingFeed } from "../../src/oracle/feed.ts";
import { judge } from "../../src/oracle/judge.ts";
import { CAME, type ListChanges } from "../../src/oracle/listchanges.ts";
import { LivePair } from "../../src/oracle/livepair.ts";
import type { LiveSide } from "../../src/oracle/observed.ts";
import type { Reservation } from "../../src/oracle/reservation.ts";
import { SideOracle } from "../../src/oracle/side.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { judgeOn, record, signatures } from "./scenes.ts";
import { IS_LONG } from "../long.ts";

const RUNS = { numRuns: IS_LONG ? 150 : 50, seed: 20_250_512 } as const;
const releases = fc.constantFrom("6.1", "6.12", "6.16", "6.18", "7.2");

/** How many entries and VMA pages a step shows over each pfn. */
function shownCounts(step: Step, pfns: number): { cover: number[]; inVma: number[] } {
  const cover = Array.from({ length: pfns }, () => 0);
  const inVma = Array.from({ length: pfns }, () => 0);
  const count = (into: number[], start: number, end: number) => {
    for (let pfn = start; pfn < end; pfn++) into[pfn] = (into[pfn] ?? 0) + 1;
  };
  for (const { start, end } of step.memtype) count(cover, start, end);
  for (const { start, end, pfn, anon } of Object.values(step.vmas).flat()) {
    if (anon !== true) count(inVma, pfn, pfn + end - start);
  }
  return { cover, inVma };
}

function stepOf(recording: Recording, index: number): Step {
  const step = recording.steps[index];
  if (step === undefined) throw new Error("there is a step for every op");
  return step;
}

/** How many reservations of the ledger cover each page. */
function coverOf(
  { reservations }: SideOracle,
  pfns: number,
  counts: (entry: Reservation) => boolean = () => true,
): number[] {
  const cover = Array.from({ length: pfns }, () => 0);
  for (const entry of reservations.rows.slice(0, reservations.count).filter(counts)) {
    for (let pfn = entry.start; pfn < entry.end; pfn++) cover[pfn] = (cover[pfn] ?? 0) + 1;
  }
  return cover;
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
          expect(coverOf(side, pfns)).toEqual(shown.cover);
          const inVma = Array.from({ length: pfns }, (_, pfn) => side.pages.isInVma(pfn, pfn + 1));
          expect(inVma).toEqual(shown.inVma.map((count) => count > 0));
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
        let bareBefore: readonly number[] = [];
        side.reset(trace.world);
        trace.ops.forEach((op, index) => {
          side.judge(op, feed.show(index));
          const cover = coverOf(side, pfns);
          const kept = coverOf(side, pfns, ({ isCounted }) => isCounted);
          const pages = Array.from({ length: pfns }, (_, pfn) => pfn);
          const idle = pages.filter((pfn) => (kept[pfn] ?? 0) > 0 && !side.pages.isMapped(pfn));
          expect(side.pages.retained).toBe(idle.length);
          const bare = pages.filter(
            (pfn) =>
              cover[pfn] === 0 && side.pages.isMapped(pfn) && !isInIsa(trace.world, pfn, pfn + 1),
          );
          const fresh = bare.filter((pfn) => !bareBefore.includes(pfn));
          if (fresh.length > 0) expect(side.pages.unreservedPage).toBeGreaterThanOrEqual(0);
          if (side.pages.unreservedPage >= 0) expect(bare).toContain(side.pages.unreservedPage);
          bareBefore = bare;
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
          world: {
            ...world,
            pfns: world.pfns + 2,
            vpages: world.vpages + 5,
            ...(world.isa === undefined ? {} : { isa: world.isa + 2 }),
          },
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
    expect(seen.size).toBeLessThan(100);
  });
});

/** The same change as a model might tell it: in another order, with entries that came and went. */
function retold(changes: ListChanges): void {
  const told = changes.all.slice(0, changes.count).map((change) => ({ ...change }));
  changes.clear();
  changes.add(1, 2, 0);
  for (const { start, end, mode, state } of told.reverse()) {
    if (state === CAME) changes.add(start, end, mode);
    else changes.remove(start, end, mode);
  }
  changes.remove(1, 2, 0);
}

/** A side that runs as it was recorded. */
class Played extends RecordingFeed implements LiveSide {
  private next = 0;

  reset(): void {
    this.next = 0;
  }

  apply(): this {
    return this.show(this.next++);
  }
}

const plainly = (findings: readonly SideFinding[]) =>
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
          retold(again.changes);
          other.judge(op, again);
        });
        expect(plainly(other.findings)).toEqual(plainly(plain.findings));
      }),
      RUNS,
    );
  });

  test("judges sides that run as it judges their recordings, up to the end of a kernel's code", () => {
    const end = { kind: "crash", text: "untrack_pfn" } as const;
    fc.assert(
      fc.property(arbitraryTrace, fc.nat(), fc.boolean(), (trace, at, isBefore) => {
        const [was, is] = [record("6.12", trace), record("6.18", trace)];
        const ended = isBefore ? was : is;
        const step = { ...stepOf(ended, at % ended.steps.length), events: [end] };
        const crashed = { ...ended, steps: ended.steps.with(at % ended.steps.length, step) };
        const [before, after] = isBefore ? [crashed, is] : [was, crashed];
        const live = new LivePair(new Played(before), new Played(after)).run(trace);
        expect(live.map((finding) => finding.plain())).toEqual(judge(before, after).findings);
        expect(Math.max(...live.map((finding) => finding.step))).toBe(at % ended.steps.length);
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
