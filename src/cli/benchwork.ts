import { join } from "node:path";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { localExecutor } from "../../fuzz/executor.ts";
import { SOURCES, type SourceName } from "../../fuzz/sources.ts";
import { runsOf } from "../../fuzz/tally.ts";
import { assertNever } from "../assertnever.ts";
import { LIMITS, type Op } from "../trace/op.ts";
import type { Trace, World } from "../trace/trace.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE, openModel, openPair } from "./backends.ts";
import type { Workload } from "./benchfigures.ts";
import { differentialOf } from "./campaign.ts";
import { projectRoot } from "./files.ts";
import { processorTimer, repeatFor, type Round, stopwatch } from "./processortime.ts";

/** Works for so much processor time, in milliseconds, and tells what was done. */
export type Work = (processorMs: number) => Promise<Round>;

const SEED = 1;
/** Ready traces: a few hundred that come again and again teach the engine how each of them goes. */
const READY_TRACES = 3_000;
/** Runs between two looks at the clock. */
const BATCH = 8;
const MOST_RUNS = 1e9;

/** Makes one workload ready to be measured. */
export async function openWork(workload: Workload): Promise<Work> {
  switch (workload.kind) {
    case "generation":
      return onRuns((run) => traceOfRun(SEED, run).ops.length);
    case "replay": {
      const model = await openModel(workload.backend);
      return onTraces(readyTraces("drawn"), (trace) => model.recordSync(trace));
    }
    case "ready":
      return onTraces(readyTraces(workload.world), await judged());
    case "campaign":
      return campaign(workload);
    case "reservations":
      return reservations(workload.count, workload.processes);
    default:
      return assertNever(workload);
  }
}

const judged = async (before = DEFAULT_BEFORE, after = DEFAULT_AFTER) =>
  differentialOf(await openPair({ before, after }));

/** Does something with one run after another, none of them twice. */
function onRuns(work: (run: number) => number): Work {
  let run = 0;
  return (processorMs) =>
    repeatFor(processorMs, () => {
      let ops = 0;
      for (let n = 0; n < BATCH; n++) ops += work(run++);
      return ops;
    });
}

/** Does something with one trace after another, in a ring. */
function onTraces(traces: readonly Trace[], work: (trace: Trace) => unknown): Work {
  return onRuns((run) => {
    const trace = traces[run % traces.length] as Trace;
    work(trace);
    return trace.ops.length;
  });
}

/** Generating, running, judging and tallying; shrinking is a matter of findings, not of ops. */
async function campaign(options: {
  before: string;
  after: string;
  source: SourceName;
}): Promise<Work> {
  const [before, after] = [inProject(options.before), inProject(options.after)];
  const executor = localExecutor(SEED, await judged(before, after), SOURCES[options.source]);
  let from = 0;
  return async (processorMs) => {
    const [spent, isTimeUp] = [stopwatch(), processorTimer(processorMs)];
    let asked = 0;
    const isDue = () => ++asked % BATCH === 0 && isTimeUp();
    const tally = await executor.tally({ from, to: MOST_RUNS }, { isDue });
    if (tally === null) throw new Error(`no run came of ${processorMs} ms`);
    from += runsOf(tally);
    return { ops: tally.ops, ...spent() };
  };
}

function inProject(id: string): string {
  const path = id.startsWith("file:") ? id.slice("file:".length) : null;
  return path === null ? id : `file:${join(projectRoot(), path)}`;
}

const BIG_WORLD = { pfns: 1_000, vpages: 1_000 } as const;
/** Usual worlds have up to 24 pages; 41 times that is 984. */
const STRETCH = 41;

/** The traces of the first runs in usual worlds, as they are drawn or in a world of 1,000 pages. */
export function readyTraces(
  place: "drawn" | "moved" | "stretched",
  count: number = READY_TRACES,
): Trace[] {
  const drawn: Trace[] = [];
  for (let run = 0; drawn.length < count; run++) {
    const trace = traceOfRun(SEED, run);
    const { vpages, isa } = trace.world;
    // The ISA window stays where it is.
    if (isa === undefined && vpages * STRETCH <= BIG_WORLD.vpages) drawn.push(trace);
  }
  if (place === "drawn") return drawn;
  return drawn.map((trace) => (place === "moved" ? moved(trace) : stretched(trace)));
}

/** The same trace at the end of a big world: all that differs is how large the world is. */
function moved(trace: Trace): Trace {
  const pfns = BIG_WORLD.pfns - trace.world.pfns;
  const pages = BIG_WORLD.vpages - trace.world.vpages;
  const place = { at: (at: number) => at + pages, pfn: (pfn: number) => pfn + pfns };
  return placed(trace, { ...place, to: place.at });
}

/** The same trace with so many pages for each, in a big world. */
function stretched(trace: Trace): Trace {
  const more = (pages: number) => pages * STRETCH;
  return placed(trace, { at: more, pfn: more, to: more, pages: more, newPages: more });
}

type Placing = Readonly<Partial<Record<"at" | "pfn" | "to" | "pages" | "newPages", Placed>>>;
type Placed = (value: number) => number;

function placed(trace: Trace, placing: Placing): Trace {
  const ops = trace.ops.map((op) => {
    const copy: Op = { ...op };
    for (const [field, place] of Object.entries(placing)) {
      const value: unknown = Reflect.get(op, field);
      if (typeof value === "number") Reflect.set(copy, field, place(value));
    }
    return copy;
  });
  return { ...trace, world: { ...trace.world, ...BIG_WORLD }, ops };
}

const WIDE: World = { pfns: LIMITS.pfns, vpages: LIMITS.vpages, mtrr: "uncached" };
/** Where a page is moved to and back. */
const ELSEWHERE = LIMITS.vpages - 1;
const ROUNDS = 24;

/**
 * What ops on single pages cost once the world is filled: a trace that fills it and works in it,
 * less one that only fills it. A kernel does the same work however many reservations there are,
 * but for the depth of its trees.
 */
async function reservations(count: number, processes: number): Promise<Work> {
  const differential = await judged();
  const filling = wideTrace(fill(count, processes));
  const work = Array.from({ length: ROUNDS }, () => workedPages(count, processes)).flat();
  const working = wideTrace([...filling.ops, ...work]);
  const cost = async (trace: Trace) => {
    const spent = stopwatch();
    const { findings } = await differential(trace);
    if (findings.length > 0) throw new Error("the ops of this bench are to find nothing");
    return spent();
  };
  return async (wantedMs) => {
    let [ops, processorMs, clockMs, usedMs] = [0, 0, 0, 0];
    while (usedMs < wantedMs) {
      const [less, more] = [await cost(filling), await cost(working)];
      ops += work.length;
      processorMs += more.processorMs - less.processorMs;
      clockMs += more.clockMs - less.clockMs;
      usedMs += more.processorMs + less.processorMs;
    }
    return { ops, processorMs, clockMs };
  };
}

const wideTrace = (ops: Op[]): Trace => ({
  format: "pfndiff/trace@1",
  name: "reservations",
  world: WIDE,
  ops,
});

/** Processes and the mappings they share out among them: mapping i is page i of its process. */
function fill(count: number, processes: number): Op[] {
  const ops: Op[] = [];
  for (let proc = 0; proc < processes; proc++) ops.push({ op: "spawn", proc });
  for (let i = 0; i < count; i++) ops.push(mapOp(i, processes));
  return ops;
}

function mapOp(i: number, processes: number): Op {
  const target = { proc: i % processes, at: i, pages: 1 };
  return { op: "mmap", ...target, pfn: i, via: "resource", prot: "rw", private: false };
}

/** Ops on mappings all over the world, after which it is as it was. */
function workedPages(count: number, processes: number): Op[] {
  const ops: Op[] = [];
  for (let n = 0; n < 64; n++) {
    const i = Math.imul(n, 7_919) % count;
    const at = { proc: i % processes, at: i };
    ops.push(
      { op: "touch", ...at, write: true },
      { op: "mprotect", ...at, pages: 1, prot: "r" },
      { op: "mremap", ...at, pages: 1, newPages: 1, to: ELSEWHERE },
      { op: "mremap", proc: at.proc, at: ELSEWHERE, pages: 1, newPages: 1, to: i },
      { op: "munmap", ...at, pages: 1 },
      mapOp(i, processes),
    );
  }
  return ops;
}
