import { CALLS, type DriverCallRecord } from "../src/trace/driverop.ts";
import type { Fields } from "../src/trace/fields.ts";
import { type Op, rowOf } from "../src/trace/op.ts";
import { MEMORIES, MEMORY_WORDS, opFault, type Trace, type World } from "../src/trace/trace.ts";
import type { Random } from "./random.ts";

/** Regions that a world is given besides its own. */
const FURTHER = [1, 1, 1, 2, 3] as const;

type Region = NonNullable<World["regions"]>[number];

const hasRegion = (fields: Fields) => Object.values(fields).some(({ role }) => role === "region");

/**
 * The trace in a world of several regions: each op, and each call of a driver, that may name one is about any of them.
 * Where a way to map is not there, another is taken that is.
 */
export function withRegions(random: Random, trace: Trace): Trace {
  const regions: Region[] = [];
  for (let left = random.pick(FURTHER); left > 0; left--) {
    const pfns = random.chance(3, 4) ? trace.world.pfns : random.between(1, trace.world.pfns);
    regions.push({ pfns, ...MEMORY_WORDS[random.pick(MEMORIES)] });
  }
  const world = { ...trace.world, regions };
  const region = () => random.between(0, regions.length);
  const ops = trace.ops.map((op): Op => {
    const named = hasRegion(rowOf(op.op).fields) ? elsewhere(op, region(), world) : op;
    if (!("calls" in named)) return named;
    const calls = named.calls.map((call) => callElsewhere(call, region()));
    const said = { ...named, calls };
    return opFault(said, world) === null ? said : named;
  });
  return { ...trace, world, ops };
}

function elsewhere(op: Op, region: number, world: World): Op {
  if (region === 0 || (op.op === "mmap" && op.via === "anon")) return op;
  const named = { ...op, region } as Op;
  const ways = [named, ...(named.op === "mmap" ? [{ ...named, via: "devmem_sync" as const }] : [])];
  return ways.find((way) => opFault(way, world) === null) ?? op;
}

function callElsewhere(call: DriverCallRecord, region: number): DriverCallRecord {
  const isOfRam = "ram" in call && call.ram === true;
  if (region === 0 || isOfRam || !hasRegion(CALLS[call.call].fields)) return call;
  return { ...call, region } as DriverCallRecord;
}
