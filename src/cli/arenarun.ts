import { anyTrace } from "../../fuzz/sources.ts";
import type { Bounds } from "../../fuzz/explore/bounds.ts";
import { everySequence } from "../../fuzz/explore/sequences.ts";
import type { ArenaResult } from "../../reports/arena.ts";
import { MachineSide } from "../engine/machineside.ts";
import { ModelSide } from "../engine/modelside.ts";
import type { ModelBackend } from "../model/backend.ts";
import { type Bytes, type Costs, noCosts } from "../model/variant.ts";
import { SYMPTOMS, type Symptom } from "../oracle/finding.ts";
import { judgeSide } from "../oracle/judge.ts";
import { SideOracle } from "../oracle/side.ts";
import type { Retention } from "../oracle/state.ts";
import { isDriverOp } from "../trace/driverkinds.ts";
import type { Trace } from "../trace/trace.ts";

/** struct memtype: start, end, subtree_max_end, a type and an rb_node (arch/x86/mm/pat/memtype.h). */
export const MEMTYPE_BYTES = 56;

/** A design that takes part. */
export interface Entrant {
  readonly name: string;
  readonly does: string;
  readonly bytes: Bytes;
  readonly showsContexts: boolean;
  /** Whether all its bytes can be counted from what a step shows. */
  readonly isSized: boolean;
  backend(costs: Costs): ModelBackend;
}

const SAMPLE = 200;
const SPEED_ROUNDS = 4;
const SPEED_US = 30_000;
const EXIT_EVERY = 64;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** How long a design runs, and how far its small scope reaches. */
export interface Contest {
  readonly runs: number;
  readonly seed: number;
  readonly bounds: Bounds;
  isStopped(): boolean;
}

/** Runs one design on so many traces of a seed, and on every sequence within the bounds. */
export async function runEntrant(
  entrant: Entrant,
  contest: Contest,
): Promise<Omit<ArenaResult, "opsPerSecond">> {
  const costs = noCosts();
  const backend = entrant.backend(costs);
  const fought = await fight(backend, contest);
  const counted = { ...costs };
  const { name: design, does, bytes } = entrant;
  return {
    design,
    does,
    bytes,
    ...fought,
    ...counted,
    ...sample(entrant, backend, contest.seed),
    scope: await smallScope(backend, contest),
  };
}

/** Faults and over-retention on the campaign's traces. */
async function fight(backend: ModelBackend, { runs, seed, isStopped }: Contest) {
  const judgeOf = judgeOn(backend);
  const faults = Object.fromEntries(SYMPTOMS.map((s) => [s, 0])) as Record<Symptom, number>;
  const retention = { pageOps: 0, refused: 0, changed: 0 };
  let ops = 0;
  for (let run = 0; run < runs && !isStopped(); run++) {
    const trace = anyTrace(seed, run);
    const judgement = judgeOf(trace);
    for (const { symptom } of judgement.findings) faults[symptom]++;
    retention.pageOps += judgement.retention.pageOps;
    retention.refused += judgement.retention.refused;
    retention.changed += judgement.retention.changed;
    ops += trace.ops.length;
    if (run % EXIT_EVERY === 0) await nextTurn();
  }
  return { ops, faults, ...retention };
}

async function smallScope(backend: ModelBackend, { bounds, isStopped }: Contest) {
  const sequences = everySequence(bounds, new MachineSide(backend));
  let tally: ArenaResult["scope"] | null = null;
  for (const sofar of sequences) {
    tally = sofar;
    if (isStopped()) break;
    await nextTurn();
  }
  if (tally === null) throw new Error("a small scope has at least its empty sequence");
  return tally;
}

interface Judged {
  readonly findings: readonly { readonly symptom: Symptom }[];
  readonly retention: Retention;
}

/** One side by its own ledger: from memory where there are system calls only. */
function judgeOn(backend: ModelBackend): (trace: Trace) => Judged {
  const side = new ModelSide(backend);
  const oracle = new SideOracle("after");
  return (trace) => {
    if (trace.ops.some(isDriverOp)) {
      return judgeSide(backend.recordSync(trace, { contexts: true }), "after");
    }
    side.reset(trace.world);
    oracle.reset(trace.world);
    for (const op of trace.ops) oracle.judge(op, side.apply(op));
    return { findings: oracle.findings, retention: { ...oracle.retention } };
  };
}

function sample({ bytes, showsContexts, isSized }: Entrant, backend: ModelBackend, seed: number) {
  let [steps, vmas, reservations, contexts] = [0, 0, 0, 0];
  for (let run = 0; run < SAMPLE; run++) {
    for (const step of backend.recordSync(anyTrace(seed, run), { contexts: true }).steps) {
      steps++;
      vmas += Object.values(step.vmas).flat().length;
      reservations += step.memtype.length;
      contexts += step.contexts?.length ?? 0;
    }
  }
  const all =
    vmas * bytes.vma +
    contexts * bytes.context +
    reservations * (MEMTYPE_BYTES + bytes.reservation);
  return {
    meanVmas: vmas / steps,
    meanReservations: reservations / steps,
    meanContexts: showsContexts ? contexts / steps : null,
    bytesPerVma: isSized ? all / vmas : null,
  };
}

/**
 * Ops of each model alone, on system calls, in a second of processor time: the best of a few
 * rounds, in which the designs take turns, so that none runs colder than another.
 */
export async function speedsOf(entrants: readonly Entrant[], seed: number): Promise<number[]> {
  const traces = Array.from({ length: SAMPLE }, (_, run) => anyTrace(seed, run * 2));
  const sides = entrants.map((entrant) => new ModelSide(entrant.backend(noCosts())));
  const best = entrants.map(() => 0);
  for (let round = 0; round < SPEED_ROUNDS; round++) {
    for (const [index, side] of sides.entries()) {
      best[index] = Math.max(best[index] as number, speed(side, traces));
      await nextTurn();
    }
  }
  return best.map(Math.round);
}

function speed(side: ModelSide, traces: readonly Trace[]): number {
  let ops = 0;
  const start = process.cpuUsage();
  while (process.cpuUsage(start).user < SPEED_US) {
    for (const { world, ops: list } of traces) {
      side.reset(world);
      for (const op of list) side.apply(op);
      ops += list.length;
    }
  }
  return (ops * 1e6) / process.cpuUsage(start).user;
}
