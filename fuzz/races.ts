import { aliveAfter } from "../src/trace/closed.ts";
import type { Both, Points } from "../src/trace/both.ts";
import { isDriverOp } from "../src/trace/driverkinds.ts";
import { bornBy, type Op } from "../src/trace/op.ts";
import type { Race } from "../src/trace/race.ts";
import { isDevice, type World } from "../src/trace/trace.ts";
import { Random } from "./random.ts";
import { nameOfRun, traceOfRun } from "./traceofrun.ts";

/** Ops of the set-up at most, and of each task. */
const SETUP = 8;
const SCRIPT = 3;

/** What two tasks can have: no failing allocations, and nothing that a third one does, as whoever peeks. */
function isFit(op: Op): boolean {
  if (op.op === "peek" || (op.op === "fork" && op.late === true)) return false;
  return op.fault === undefined && !isDriverOp(op);
}

/** A set-up, two tasks, and an exit for every process that may be alive after them. */
function assemble(
  { name, world }: { readonly name: string; readonly world: World },
  setup: readonly Op[],
  both: Both,
): Race {
  const alive = [...aliveAfter([...setup, ...both.a, ...both.b])];
  // Of two tasks one may end what the other has yet to bear: an exit of nobody is ESRCH.
  const exits = alive.map((proc): Op => ({ op: "exit", proc }));
  const trace = {
    format: "pfndiff/trace@1",
    name,
    world,
    ops: [...setup, both, ...exits],
  } as const;
  return { trace, at: setup.length, both };
}

/** The ops before a race's tasks. */
function setupOf({ trace, at }: Race): Op[] {
  return trace.ops.slice(0, at).filter((op): op is Op => op.op !== "both");
}

/** A mapping of the region as a driver's own: its mmap handler remaps the whole VMA. */
function byDriver(op: Op): Op {
  if (op.op !== "mmap" || op.via === "anon") return op;
  const { proc, at, pages, pfn, prot } = op;
  const mode = op.via === "resource_wc" ? "wc" : "uc-";
  const calls = [{ call: "remap", off: 0, pages: 0, pfn, mode }] as const;
  return { op: "drv-mmap", proc, at, pages, off: 0, prot, private: op.private, calls: [...calls] };
}

const random = new Random();

/**
 * The two tasks of one run of a campaign: a short set-up that maps something, and two scripts of one to three ops
 * that a run's trace goes on with, or, in half of the runs, a revoke or a driver's zap against them. Null where the trace maps nothing.
 */
export function raceOfRun(seed: number, run: number, points: Points): Race | null {
  const { name, world, ops: drawn } = { ...traceOfRun(seed, run), name: nameOfRun(seed, run) };
  random.restart(seed, run, "race");
  const ops = drawn.filter(isFit);
  const first = ops.findIndex(({ op }) => op === "mmap") + 1;
  if (first === 0 || first > SETUP) return null;
  const cut = Math.min(ops.length - 2, random.between(first, SETUP));
  if (cut < first) return null;
  const setup = ops.slice(0, cut);
  const later = ops.slice(cut, cut + random.between(2, 2 * SCRIPT));
  if (later.length < 2) return null;
  const [proc] = aliveAfter(setup);
  const revokes = isDevice(world) && proc !== undefined && random.chance(1, 2);
  if (revokes) {
    const b = later.slice(0, SCRIPT);
    // A driver that maps the same pages by its own file, and takes them back itself.
    const zaps = random.chance(1, 4);
    const a: Op[] = zaps
      ? [{ op: "drv-zap", proc, off: 0, pages: world.vpages }]
      : [{ op: "revoke", proc }];
    const mapped = zaps ? setup.map(byDriver) : setup;
    return assemble({ name, world }, mapped, { op: "both", a, b, points });
  }
  const half = Math.ceil(later.length / 2);
  const a = later.slice(0, half);
  const borne = a.map(bornBy);
  const b = later.slice(half).filter((op) => !("proc" in op) || !borne.includes(op.proc));
  if (b.length === 0) return null;
  const both: Both = { op: "both", a, b, points };
  return assemble({ name, world }, setup, both);
}

/** Every race that is this one without an op. */
function* smaller(race: Race): Generator<Race> {
  const setup = setupOf(race);
  const { trace, both } = race;
  for (let at = setup.length - 1; at >= 0; at--)
    yield assemble(trace, setup.toSpliced(at, 1), both);
  for (const task of ["a", "b"] as const) {
    const ops = both[task];
    if (ops.length === 1) continue;
    for (let at = ops.length - 1; at >= 0; at--) {
      yield assemble(trace, setup, { ...both, [task]: ops.toSpliced(at, 1) });
    }
  }
}

/** The least of a race that still holds, an op at a time. */
export function shrinkRace(race: Race, holds: (race: Race) => boolean): Race {
  for (const candidate of smaller(race)) if (holds(candidate)) return shrinkRace(candidate, holds);
  return race;
}
