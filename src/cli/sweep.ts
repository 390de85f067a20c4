import {
  type Faulted,
  shortTraces,
  SMALL_SCOPE,
  SMALL_WORLD,
  sweep,
} from "../../fuzz/failingallocations.ts";
import { opText } from "../../reports/optext.ts";
import { UserError } from "../usererror.ts";
import type { Op } from "../trace/op.ts";
import type { Trace } from "../trace/trace.ts";
import { isModel, openPair } from "./backends.ts";
import { differentialOf } from "./campaign.ts";
import { EXIT, type Io } from "./io.ts";

export interface SweepOptions {
  readonly before: string;
  readonly after: string;
  readonly length: number;
}

/** How often a fault brings a finding that the sequence does not have without it. */
interface Row {
  count: number;
  readonly first: Faulted;
}

const SPAWN: readonly Op[] = [{ op: "spawn", proc: 0 }];
const EXITS: readonly Op[] = [
  { op: "exit", proc: 0 },
  { op: "exit", proc: 1 },
];

/** A sequence whose processes all exit, so that what is left is left for good. */
function toTheEnd(trace: Trace): Trace {
  return { ...trace, ops: [...trace.ops, ...EXITS] };
}

function withoutFault({ trace, index }: Faulted): Trace {
  const { fault: _gone, ...op } = trace.ops[index] as Op;
  return toTheEnd({ ...trace, ops: trace.ops.with(index, op) });
}

/**
 * Prints, for every finding that a failing allocation brings, how often it does and the shortest
 * sequence. Failing allocations are modelled, so both sides must be models.
 */
export async function sweepFaults(io: Io, options: SweepOptions): Promise<number> {
  const pair = await openPair(options);
  const { before, after } = pair;
  if (!isModel(before) || !isModel(after)) {
    throw new UserError("sweep: both backends must be models, which fail where they are told to");
  }
  const differential = differentialOf(pair);
  const show = (trace: Trace) =>
    JSON.stringify([before.recordSync(trace).steps, after.recordSync(trace).steps]);
  const signatures = async (trace: Trace) =>
    new Set((await differential(trace)).findings.map(({ signature }) => signature));
  const rows = new Map<string, Row>();
  let faults = 0;
  // Shorter sequences first: the first example of a finding is then a shortest one.
  for (let length = 1; length <= options.length; length++) {
    const traces = shortTraces(SMALL_WORLD, SMALL_SCOPE, length, SPAWN);
    for (const faulted of sweep({ traces: ofLength(traces, length + SPAWN.length), show })) {
      faults++;
      const known = await signatures(withoutFault(faulted));
      for (const signature of await signatures(toTheEnd(faulted.trace))) {
        if (known.has(signature)) continue;
        const row = rows.get(signature);
        if (row === undefined) rows.set(signature, { count: 1, first: faulted });
        else row.count++;
      }
    }
  }
  await io.out(table(rows));
  io.err(`${faults} failing allocations in sequences of up to ${options.length} ops\n`);
  return EXIT.ok;
}

function* ofLength(traces: Iterable<Trace>, length: number): Generator<Trace> {
  for (const trace of traces) if (trace.ops.length === length) yield trace;
}

function table(rows: ReadonlyMap<string, Row>): string {
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted
    .map(([signature, { count, first }]) => {
      const ops = first.trace.ops.slice(SPAWN.length).map(opText).join("; ");
      return `${signature}  ${count}\n    ${ops}\n`;
    })
    .join("");
}
