/**
 * A campaign against fast-check's own way to test a model: `npx tsx tests/bench/fccommands.ts`. The
 * same models and the same oracle are driven by `fc.commands` as a user would write it: commands as
 * objects, a check before each, the oracle after the run. Both are measured by turns, in processor
 * time.
 */
import * as fc from "fast-check";
import { openWork } from "../../src/cli/benchwork.ts";
import { openModels } from "../../src/cli/backends.ts";
import { median, repeatFor, type Round } from "../../src/cli/processortime.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import type { Machine } from "../../src/model/machine.ts";
import { snapshot } from "../../src/model/snapshot.ts";
import { judge } from "../../src/oracle/judge.ts";
import { ADVICES, type Op, PROTS, VIAS } from "../../src/trace/op.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import { bornBy, type Trace, traceSchema, type World } from "../../src/trace/trace.ts";

/** The world that the commands run in: the one that recordings of kernels have. */
const WORLD: World = { pfns: 16, vpages: 24, mtrr: "uncached" };
/** Processes that live from the start, so that most commands have something to work on. */
const STARTED = 3;
const PROCS = 16;

/** One design under test: its machine and what it has shown so far. */
interface System {
  readonly machine: Machine;
  readonly ops: Op[];
  readonly steps: Step[];
  /** Processes that were ever brought to life. */
  readonly born: Set<number>;
}

/** An op as a fast-check command: the before side is the model, the after side the real system. */
class OpCommand implements fc.Command<System, System> {
  constructor(readonly op: Op) {}

  check(model: Readonly<System>): boolean {
    // All ops are total; the one rule between them is that a process is born once.
    const child = bornBy(this.op);
    return child === null || !model.born.has(child);
  }

  run(model: System, real: System): void {
    apply(model, this.op);
    apply(real, this.op);
  }

  toString(): string {
    return JSON.stringify(this.op);
  }
}

function apply(system: System, op: Op): void {
  const child = bornBy(op);
  if (child !== null) system.born.add(child);
  system.ops.push(op);
  system.steps.push(snapshot(system.machine, system.machine.apply(op), true));
}

const proc = fc.nat({ max: STARTED });
const child = fc.integer({ min: STARTED, max: PROCS - 1 });
const at = fc.nat({ max: WORLD.vpages - 1 });
const pages = fc.integer({ min: 1, max: 8 });
const prot = fc.constantFrom(...PROTS);

const ops: readonly fc.Arbitrary<Op>[] = [
  fc.record({ op: fc.constant("spawn" as const), proc: child }),
  fc.record({
    op: fc.constant("mmap" as const),
    proc,
    at,
    pages,
    pfn: fc.nat({ max: WORLD.pfns - 1 }),
    via: fc.constantFrom(...VIAS),
    prot,
    private: fc.boolean(),
  }),
  fc.record({ op: fc.constant("munmap" as const), proc, at, pages }),
  fc.record({ op: fc.constant("mremap" as const), proc, at, pages, newPages: pages, to: at }),
  fc.record({ op: fc.constant("mremap" as const), proc, at, pages, newPages: pages }),
  fc.record({ op: fc.constant("mprotect" as const), proc, at, pages, prot }),
  fc.record({
    op: fc.constant("madvise" as const),
    proc,
    at,
    pages,
    advice: fc.constantFrom(...ADVICES),
  }),
  fc.record({ op: fc.constant("touch" as const), proc, at, write: fc.boolean() }),
  fc.record({ op: fc.constant("fork" as const), proc, child }),
  fc.record({ op: fc.constant("exit" as const), proc }),
];

/** Whether an op lies inside the world. */
function fits(op: Op): boolean {
  return traceSchema.safeParse(traceOf([op])).success;
}

function traceOf(list: Op[]): Trace {
  return { format: "pfndiff/trace@1", name: "fc.commands", world: WORLD, ops: list };
}

const RUNS = 20;

/** Draws lists of commands and runs them; returns how many ops ran. */
function runCommands(pair: { before: ModelBackend; after: ModelBackend }, seed: number): number {
  let ran = 0;
  const commands = fc.commands(
    ops.map((op) => op.filter(fits).map((record) => new OpCommand(record))),
    { maxCommands: 40, size: "max" },
  );
  const property = fc.property(commands, (list) => {
    const [model, real] = [start(pair.before), start(pair.after)];
    fc.modelRun(() => ({ model, real }), list);
    judge(recordingOf(model), recordingOf(real));
    ran += model.ops.length;
  });
  fc.assert(property, { seed, numRuns: RUNS });
  return ran;
}

function start(backend: ModelBackend): System {
  const machine = backend.machine(WORLD);
  const system: System = { machine, ops: [], steps: [], born: new Set() };
  for (let id = 0; id < STARTED; id += 1) apply(system, { op: "spawn", proc: id });
  return system;
}

function recordingOf({ ops: done, steps }: System): Recording {
  return { format: "pfndiff/recording@1", trace: traceOf(done), steps };
}

const WARM_UP_MS = 2_000;
const ROUND_MS = 400;
const TURNS = 7;
const SIDES = { before: "legacy", after: "modern" } as const;

const rate = ({ ops, processorMs }: Round) => (ops * 1000) / processorMs;

async function main(): Promise<void> {
  const pair = await openModels(SIDES);
  const campaign = await openWork({ kind: "campaign", ...SIDES, source: "plain" });
  let seed = 0;
  const commands = (processorMs: number) => repeatFor(processorMs, () => runCommands(pair, seed++));
  await campaign(WARM_UP_MS);
  await commands(WARM_UP_MS);
  const turns: { ours: number; theirs: number }[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    turns.push({ ours: rate(await campaign(ROUND_MS)), theirs: rate(await commands(ROUND_MS)) });
  }
  const ratio = median(turns.map(({ ours, theirs }) => ours / theirs));
  console.log(`campaign:    ${Math.round(median(turns.map(({ ours }) => ours)))} ops/s of a core`);
  console.log(
    `fc.commands: ${Math.round(median(turns.map(({ theirs }) => theirs)))} ops/s of a core`,
  );
  console.log(`campaign / fc.commands: ${ratio.toFixed(1)}`);
}

await main();
