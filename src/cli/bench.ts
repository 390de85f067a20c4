import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { UserError } from "../usererror.ts";
import { type Figure, FIGURES, keyOf } from "./benchfigures.ts";
import { projectRoot } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { median, type Round } from "./processortime.ts";

export interface BenchOptions {
  readonly json?: boolean;
  /** Seconds of processor time a figure, after the warm-up. */
  readonly time: number;
  /** The groups of figures to measure; all unless told. */
  readonly only?: readonly string[];
}

/** Ops a second of one way to use the project. */
interface Speed {
  /** By the processor time of all threads: what the others on the machine do does not count. */
  readonly cpuOpsPerSec: number;
  readonly opsPerSec: number;
  /** Seconds of processor a second by the clock: far below 1 the machine was busy. */
  readonly cores: number;
}

/** A figure with what its rounds did. */
interface Measured {
  readonly figure: Figure;
  readonly rounds: readonly Round[];
}

/** By turns: a cost compares rounds that were measured within seconds of each other. */
const TURNS = 5;
/**
 * The engine compiles what it finds hot in threads of its own, which on a busy machine come late:
 * a figure is warm after two rounds, of half its time each, hardly faster than those before.
 */
const WARM = { gain: 1.1, calmRounds: 2, most: 12 } as const;
/** With less of a core than this, what others do to the caches shows in the figures. */
const LEAST_CORES = 0.8;

/**
 * Measures how many ops a second of processor time each way to use the project gets through. Every
 * figure has a thread of its own, so that no figure's code is compiled for another's.
 */
export async function bench(io: Io, options: BenchOptions): Promise<number> {
  const figures = chosen(options.only);
  const threads: Worker[] = [];
  try {
    for (const { workload } of figures) threads.push(startThread(workload));
    const measured = await byTurns(io, figures, threads, options.time * 1000);
    if (measured === null) return EXIT.interrupted;
    await io.out(options.json === true ? `${JSON.stringify(asJson(measured))}\n` : text(measured));
    return EXIT.ok;
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

/** The figures of some groups, and those that their costs are taken against. */
function chosen(only: readonly string[] = []): Figure[] {
  if (only.length === 0) return [...FIGURES];
  const wanted = FIGURES.filter(({ group }) => only.includes(group));
  const bases = new Set(wanted.map(({ cost }) => cost?.against));
  return FIGURES.filter((figure) => wanted.includes(figure) || bases.has(keyOf(figure)));
}

/** Only the bundle has a file that a thread can run. */
function startThread(workload: Figure["workload"]): Worker {
  const file = join(projectRoot(), "dist", "benchworker.js");
  if (!existsSync(file)) throw new UserError(`bench: ${file} is not there (run npm run build)`);
  return new Worker(file, { workerData: workload });
}

/** Warms every figure up, then measures a round of each by turns; null when interrupted. */
async function byTurns(
  io: Io,
  figures: readonly Figure[],
  threads: readonly Worker[],
  processorMs: number,
): Promise<Measured[] | null> {
  const rounds = figures.map((): Round[] => []);
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const [n, thread] of threads.entries()) {
      if (io.interrupted.aborted) return null;
      if (turn === 0) await warmUp(thread, processorMs / 2);
      else rounds[n]?.push(await roundOf(thread, processorMs / TURNS));
    }
  }
  return figures.map((figure, n) => ({ figure, rounds: rounds[n] ?? [] }));
}

async function warmUp(thread: Worker, processorMs: number): Promise<void> {
  let [best, calm] = [0, 0];
  for (let n = 0; n < WARM.most && calm < WARM.calmRounds; n++) {
    const { ops, processorMs: used } = await roundOf(thread, processorMs);
    calm = ops / used > WARM.gain * best ? 0 : calm + 1;
    best = Math.max(best, ops / used);
  }
}

function roundOf(thread: Worker, processorMs: number): Promise<Round> {
  return new Promise((resolve, reject) => {
    thread.once("message", (round: Round) => {
      thread.removeListener("error", reject);
      resolve(round);
    });
    thread.once("error", reject);
    thread.postMessage(processorMs, []);
  });
}

const perSecond = (ops: number, milliseconds: number) => Math.round((ops * 1000) / milliseconds);

function speedOf({ rounds }: Measured): Speed {
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  return {
    cpuOpsPerSec: middle(({ ops, processorMs }) => perSecond(ops, processorMs)),
    opsPerSec: middle(({ ops, clockMs }) => perSecond(ops, clockMs)),
    cores: Number(middle(({ processorMs, clockMs }) => processorMs / clockMs).toFixed(2)),
  };
}

const processorMsAnOp = ({ ops, processorMs }: Round) => processorMs / ops;

/** How many times the processor time of its base an op takes, turn by turn; null without a base. */
function costOf({ figure, rounds }: Measured, all: readonly Measured[]): number | null {
  const base = all.find((other) => keyOf(other.figure) === figure.cost?.against);
  if (base === undefined) return null;
  const turns = rounds.map((round, turn) => {
    const beside = base.rounds[turn];
    return beside === undefined ? Number.NaN : processorMsAnOp(round) / processorMsAnOp(beside);
  });
  return Number(median(turns).toFixed(2));
}

const wasBusy = (all: readonly Measured[]) =>
  all.some((measured) => speedOf(measured).cores < LEAST_CORES);

/** Figures by group and part, the costs by name (of a group with several the dearest), and whether the machine was busy. */
function asJson(all: readonly Measured[]): Record<string, unknown> {
  const costs: Record<string, number> = {};
  const groups: Record<string, Speed | Record<string, Speed>> = {};
  for (const measured of all) {
    const { group, part, cost } = measured.figure;
    const speed = speedOf(measured);
    groups[group] = part === undefined ? speed : { ...groups[group], [part]: speed };
    const times = costOf(measured, all);
    if (cost !== undefined && times !== null)
      costs[cost.name] = Math.max(times, costs[cost.name] ?? 0);
  }
  return { ...groups, ...costs, busy: wasBusy(all) };
}

const COLUMNS = [44, 12, 8, 8] as const;

function row(...cells: readonly string[]): string {
  const padded = cells.map((cell, n) =>
    n === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[n] ?? 0),
  );
  return padded.join("").trimEnd();
}

function text(all: readonly Measured[]): string {
  const lines = [row("ops a second of processor time", "ops/s", "cores", "cost")];
  for (const measured of all) {
    const { cpuOpsPerSec, cores } = speedOf(measured);
    const cost = costOf(measured, all);
    const times = cost === null ? "" : `x${cost.toFixed(2)}`;
    lines.push(row(measured.figure.about, String(cpuOpsPerSec), cores.toFixed(2), times));
  }
  if (wasBusy(all)) {
    lines.push(
      `The machine was too busy to tell: some figures had less than ${LEAST_CORES} of a core.`,
    );
  }
  return `${lines.join("\n")}\n`;
}
