import { mixedTrace } from "../../fuzz/mixture.ts";
import { ModelSide } from "../engine/modelside.ts";
import type { ModelBackend } from "../model/backend.ts";
import { type Bytes, type Costs, noCosts } from "../model/variant.ts";
import { SYMPTOMS, type Symptom } from "../oracle/finding.ts";
import { judgeSide } from "../oracle/judge.ts";
import { SideOracle } from "../oracle/side.ts";
import type { Retention } from "../oracle/state.ts";
import { isDriverOp } from "../trace/driverop.ts";
import type { Trace } from "../trace/trace.ts";

/** struct memtype: start, end, subtree_max_end, a type and an rb_node (arch/x86/mm/pat/memtype.h). */
export const MEMTYPE_BYTES = 56;

/** A design that takes part. */
export interface Entrant {
  readonly name: string;
  readonly does: string;
  readonly bytes: Bytes;
  readonly showsContexts: boolean;
  backend(costs: Costs): ModelBackend;
}

/** What a design did on the arena's traces. */
export interface ArenaResult extends Costs {
  readonly design: string;
  readonly does: string;
  readonly bytes: Bytes;
  readonly ops: number;
  readonly faults: Readonly<Record<Symptom, number>>;
  /** Pages kept past their last mapping, summed over ops. */
  readonly pageOps: number;
  /** Later mappings that such a page refused, and those it gave another cache mode. */
  readonly refused: number;
  readonly changed: number;
  /** Means over the ops of a sample: what stands after each. */
  readonly meanVmas: number;
  readonly meanReservations: number;
  readonly meanContexts: number | null;
  /** Bytes of tracking for each VMA that stands. */
  readonly bytesPerVma: number;
  readonly opsPerSecond: number;
}

const SAMPLE = 200;
const SPEED_MS = 250;
const EXIT_EVERY = 64;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Runs one design on so many traces of a seed. */
export async function runEntrant(
  entrant: Entrant,
  { runs, seed, isStopped }: { runs: number; seed: number; isStopped: () => boolean },
): Promise<ArenaResult> {
  const costs = noCosts();
  const backend = entrant.backend(costs);
  const judgeOf = judgeOn(backend);
  const faults = Object.fromEntries(SYMPTOMS.map((s) => [s, 0])) as Record<Symptom, number>;
  const retention = { pageOps: 0, refused: 0, changed: 0 };
  let ops = 0;
  for (let run = 0; run < runs && !isStopped(); run++) {
    const trace = mixedTrace(seed, run);
    const judgement = judgeOf(trace);
    for (const { symptom } of judgement.findings) faults[symptom]++;
    retention.pageOps += judgement.retention.pageOps;
    retention.refused += judgement.retention.refused;
    retention.changed += judgement.retention.changed;
    ops += trace.ops.length;
    if (run % EXIT_EVERY === 0) await nextTurn();
  }
  const counted = { ...costs };
  const { name: design, does, bytes } = entrant;
  const standing = sample(entrant, backend, seed);
  return {
    design,
    does,
    bytes,
    ops,
    faults,
    ...retention,
    ...counted,
    ...standing,
    opsPerSecond: speed(backend, seed),
  };
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

function sample({ bytes, showsContexts }: Entrant, backend: ModelBackend, seed: number) {
  let [steps, vmas, reservations, contexts] = [0, 0, 0, 0];
  for (let run = 0; run < SAMPLE; run++) {
    for (const step of backend.recordSync(mixedTrace(seed, run), { contexts: true }).steps) {
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
    bytesPerVma: all / vmas,
  };
}

/** Ops per second of the model alone, on system calls. */
function speed(backend: ModelBackend, seed: number): number {
  const side = new ModelSide(backend);
  const traces = Array.from({ length: SAMPLE }, (_, run) => mixedTrace(seed, run * 2));
  let ops = 0;
  const start = performance.now();
  for (let n = 0; performance.now() - start < SPEED_MS; n++) {
    const { world, ops: list } = traces[n % SAMPLE] as Trace;
    side.reset(world);
    for (const op of list) side.apply(op);
    ops += list.length;
  }
  return Math.round((ops * 1000) / (performance.now() - start));
}
