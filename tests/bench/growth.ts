/**
 * What an op costs as a world fills up: `npx tsx tests/bench/growth.ts`. Each row is a number of
 * live reservations of one page in a number of processes; the ops unmap, map, move, protect and
 * touch single pages of them, so a kernel does the same work in every row but for the depth of its
 * trees. Printed are microseconds of CPU an op for each model alone and for both under the oracle, and
 * how many times the first row that is.
 */
import { Differential } from "../../src/oracle/differential.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { LIMITS, type Op } from "../../src/trace/op.ts";
import type { World } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

const WORLD: World = { pfns: LIMITS.pfns, vpages: LIMITS.vpages, mtrr: "uncached" };
const RESERVATIONS = [1, 10, 100, 1_000, 10_000];
const PROCESSES = [1, 2, 4, 8, 16, 32, 64];
/** Each part of a row is the best of so many slices: what else the machine does only adds. */
const SLICES = 12;
const ROUNDS = 40;
/** Where a page is moved to and back. */
const ELSEWHERE = LIMITS.vpages - 1;

/** Processes and the mappings they share out among them: mapping i is page i of its process. */
function fill(reservations: number, processes: number): Op[] {
  const ops: Op[] = [];
  for (let proc = 0; proc < processes; proc++) ops.push({ op: "spawn", proc });
  for (let i = 0; i < reservations; i++) ops.push(mapOp(i, processes));
  return ops;
}

function mapOp(i: number, processes: number): Op {
  const target = { proc: i % processes, at: i, pages: 1 };
  return { op: "mmap", ...target, pfn: i, via: "resource", prot: "rw", private: false };
}

/** Ops on mappings all over the world, after which it is as it was. */
function rounds(reservations: number, processes: number): Op[] {
  const ops: Op[] = [];
  for (let n = 0; n < 64; n++) {
    const i = Math.imul(n, 7_919) % reservations;
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

/** Microseconds an op, once the world is filled. */
function cost(step: (op: Op) => void, reservations: number, processes: number): number {
  for (const op of fill(reservations, processes)) step(op);
  const ops = rounds(reservations, processes);
  let best = Number.POSITIVE_INFINITY;
  for (let slice = 0; slice < SLICES; slice++) {
    const began = process.cpuUsage().user;
    for (let n = 0; n < ROUNDS; n++) for (const op of ops) step(op);
    best = Math.min(best, (process.cpuUsage().user - began) / (ROUNDS * ops.length));
  }
  return best;
}

function modelCost(model: ModelBackend, reservations: number, processes: number): number {
  const side = new ModelSide(model);
  side.reset(WORLD);
  return cost((op) => void side.apply(op), reservations, processes);
}

function differentialCost(
  [before, after]: readonly [ModelBackend, ModelBackend],
  reservations: number,
  processes: number,
): number {
  const left = new ModelSide(before);
  const right = new ModelSide(after);
  const oracle = new Differential();
  left.reset(WORLD);
  right.reset(WORLD);
  oracle.reset(WORLD);
  const step = (op: Op) => oracle.judge(op, left.apply(op), right.apply(op));
  const micros = cost(step, reservations, processes);
  const found = oracle.before.findings.length + oracle.after.findings.length;
  if (found > 0) throw new Error("the ops of this bench are to find nothing");
  return micros;
}

function main(): void {
  const before = MODELS["6.12"] as ModelBackend;
  const after = MODELS["7.2"] as ModelBackend;
  let first: readonly number[] | null = null;
  console.log("reservations processes   legacy           modern           differential");
  const rows = [
    [1, 1],
    ...RESERVATIONS.map((count) => [count, 1] as const),
    ...PROCESSES.map((count) => [1_000, count] as const),
  ] as const;
  for (const [at, [reservations, processes]] of rows.entries()) {
    const costs = [
      modelCost(before, reservations, processes),
      modelCost(after, reservations, processes),
      differentialCost([before, after], reservations, processes),
    ];
    // The first row only warms up.
    if (at === 0) continue;
    first ??= costs;
    const base = first;
    const cells = costs.map((micros, i) =>
      `${micros.toFixed(2)} us (x${(micros / (base[i] as number)).toFixed(1)})`.padEnd(17),
    );
    const counts = String(reservations).padStart(12) + String(processes).padStart(10);
    console.log(`${counts}   ${cells.join("").trimEnd()}`);
  }
}

main();
