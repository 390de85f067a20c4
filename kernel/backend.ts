import { availableParallelism } from "node:os";
import type { Backend } from "../src/backend.ts";
import { isDriverOp, takesDevice } from "../src/trace/driverkinds.ts";
import type { Design, Recording } from "../src/trace/recording.ts";
import { bornBy, isDevice, memoryOf, type Trace } from "../src/trace/trace.ts";
import { type AcceleratorChoice, chooseAccelerator } from "./accelerator.ts";
import type { RunningKernel } from "./assemble.ts";
import { buildInitramfs } from "./guestimage.ts";
import { UserError } from "../src/usererror.ts";
import { type Guest, GuestLost, LIMITS, type Limits } from "./guest.ts";
import { locateImage } from "./images.ts";
import { type KernelOption, neededBy } from "./lacks.ts";
import { moduleOf } from "./modules.ts";
import { type MachineParts, requireQemu } from "./qemu.ts";
import { REQUEST_ROOM, traceBytes } from "./request.ts";
import { type Job, Runner, type TraceFailure, type TraceOutcome } from "./runner.ts";
import { KernelUnavailable } from "./unavailable.ts";
import { isaPlace } from "./windows.ts";
import { WIRE } from "./wire.ts";

export interface KernelOptions {
  /** How many guests may run at once; 1 unless told. */
  readonly guests?: number | undefined;
  readonly accelerator?: AcceleratorChoice;
  readonly limits?: Partial<Limits>;
}

/** A trace that a kernel could not finish; `failure` holds the console. */
export class TraceFailed extends Error {
  override readonly name = "TraceFailed";
  readonly failure: TraceFailure;

  constructor(failure: TraceFailure) {
    super(`${failure.trace.name}: ${failure.why}`);
    this.failure = failure;
  }
}

/** A backend that runs traces on a real kernel, and many of them at once faster than one by one. */
export interface KernelBackend extends Backend {
  /** The kernel that runs; boots it if it does not. */
  identify(): Promise<RunningKernel>;
  /** Outcomes in the order of the traces. Rejects only when no guest can run at all. */
  recordMany(traces: readonly Trace[]): Promise<TraceOutcome[]>;
  /** What the kernel found wrong with itself at boot, once each. */
  readonly atBoot: ReadonlySet<string>;
  /** The options that it was built without; known once it is identified. */
  readonly lacks: ReadonlySet<KernelOption>;
  close(): Promise<void>;
}

/** What keeps a trace from running on a kernel without our module, or null. */
export function unfit(trace: Trace): string | null {
  return driversOpOf(trace) ?? unfitForAll(trace);
}

function driversOpOf({ ops }: Trace): string | null {
  const foreign = ops.findIndex(isDriverOp);
  return foreign === -1
    ? null
    : `ops[${foreign}] is a driver's op, for which a kernel needs our module (pfndiff kernel module)`;
}

/** Guests have one device of each kind, which is revoked, and claimed, as a whole. */
function regionsFault({ world, ops }: Trace): string | null {
  if (world.regions === undefined) return null;
  const devices = [world, ...world.regions].filter(isDevice).map(memoryOf);
  const isShared = new Set(devices).size < devices.length;
  const taking = ops.findIndex(takesDevice);
  return isShared && taking >= 0
    ? `ops[${taking}] takes a device that in guests two of its regions are of`
    : null;
}

/** What keeps a trace from running on any kernel, or null. */
function unfitForAll(trace: Trace): string | null {
  if (traceBytes(trace) > REQUEST_ROOM) return "it has more ops than a request holds";
  const ofRegions = regionsFault(trace);
  if (ofRegions !== null) return ofRegions;
  if (trace.world.isa !== undefined && isaPlace(trace.world) === null) {
    return "it reaches further from the ISA window than guests have room for";
  }
  const ids = trace.ops.flatMap((op) => [op.proc, bornBy(op) ?? 0]);
  return ids.some((id) => id >= WIRE.MAX_PROCS) ? "it has too many processes" : null;
}

/** Which op of a trace a kernel lacks an option for, in words, or null. */
function lacking({ ops }: Trace, lacks: ReadonlySet<KernelOption>): string | null {
  for (const [at, op] of ops.entries()) {
    const option = neededBy(op, lacks);
    if (option !== null) return `ops[${at}] needs ${option}, which it was built without`;
  }
  return null;
}

/** What a kernel that does not come up is told as: no fault of ours, for the image or QEMU is not fit. Other errors as they are. */
export function bootFault(id: string, error: unknown): unknown {
  if (!(error instanceof GuestLost)) return error;
  const last = error.console.trim().split("\n").at(-1) ?? "";
  return new KernelUnavailable(
    `${id} does not come up: ${error.message} (last line of its console: ${last})`,
    `pfndiff doctor --kernel ${id} says what it was built without`,
  );
}

class QemuBackend implements KernelBackend {
  readonly id: string;
  design?: Design;
  readonly atBoot = new Set<string>();
  readonly lacks = new Set<KernelOption>();
  readonly #queue: Job[] = [];
  readonly #runners: Runner[];
  readonly #busy = new Set<Runner>();
  readonly #options: KernelOptions;
  readonly #spec: string;
  #parts: Promise<MachineParts> | null = null;

  constructor(spec: string, options: KernelOptions) {
    this.id = `kernel:${spec}`;
    this.#options = options;
    this.#spec = spec;
    const limits = { ...LIMITS, ...options.limits };
    const count = Math.max(1, Math.min(options.guests ?? 1, availableParallelism()));
    this.#runners = Array.from(
      { length: count },
      () =>
        new Runner(
          () => this.#knownParts(),
          limits,
          this.#queue,
          (guest) => this.#booted(guest),
        ),
    );
  }

  identify(): Promise<RunningKernel> {
    const [runner] = this.#runners;
    if (runner === undefined) throw new Error("a backend without runners");
    return this.#identified(runner);
  }

  async record(trace: Trace): Promise<Recording> {
    const [outcome] = await this.recordMany([trace]);
    if (outcome === undefined) throw new Error("no outcome for a trace");
    if ("failure" in outcome) throw new TraceFailed(outcome.failure);
    return outcome.recording;
  }

  async recordMany(traces: readonly Trace[]): Promise<TraceOutcome[]> {
    const refuse = (whyNot: (trace: Trace) => string | null) => {
      for (const trace of traces) {
        const why = whyNot(trace);
        if (why !== null) throw new UserError(`${this.id} cannot run ${trace.name}: ${why}`);
      }
    };
    refuse(unfitForAll);
    if (traces.some((trace) => driversOpOf(trace) !== null)) {
      if (moduleOf(locateImage(this.#spec)) === null) refuse(driversOpOf);
    }
    if (traces.length > 0) await this.#bootAll();
    refuse((trace) => lacking(trace, this.lacks));
    const waiting = traces.map((trace) => this.#enqueue(trace));
    this.#start();
    const outcomes = await Promise.all(waiting);
    return outcomes.map((outcome) =>
      "failure" in outcome ? outcome : { recording: { ...outcome.recording, backend: this.id } },
    );
  }

  async close(): Promise<void> {
    for (const job of this.#queue.splice(0)) job.reject(new Error("the backend is closed"));
    await Promise.all(this.#runners.map((runner) => runner.close()));
  }

  #identified(runner: Runner): Promise<RunningKernel> {
    return runner.identify().catch((error: unknown) => {
      throw bootFault(this.id, error);
    });
  }

  /** All at once, as many as run when traces come. */
  async #bootAll(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => this.#identified(runner)));
  }

  #enqueue(trace: Trace): Promise<TraceOutcome> {
    return new Promise((settle, reject) => {
      this.#queue.push({ trace, settle, reject, attempts: 0 });
    });
  }

  #start(): void {
    for (const runner of this.#runners) {
      if (this.#busy.has(runner)) continue;
      this.#busy.add(runner);
      runner
        .drain()
        .catch((error: unknown) => {
          for (const job of this.#queue.splice(0)) job.reject(bootFault(this.id, error));
        })
        .finally(() => this.#busy.delete(runner));
    }
  }

  #booted({ kernel, atBoot, lacks }: Guest): void {
    this.design = kernel.design;
    for (const option of lacks) this.lacks.add(option);
    for (const { text, backtrace = [] } of atBoot)
      this.atBoot.add([text, ...backtrace].join(" < "));
  }

  #knownParts(): Promise<MachineParts> {
    this.#parts ??= this.#assembleParts();
    return this.#parts;
  }

  async #assembleParts(): Promise<MachineParts> {
    await requireQemu();
    const bzImage = locateImage(this.#spec);
    const initramfs = await buildInitramfs(moduleOf(bzImage));
    const accelerator = await chooseAccelerator(this.#options.accelerator ?? "auto", {
      bzImage,
      initramfs,
    });
    return { bzImage, initramfs, accelerator };
  }
}

/**
 * A backend for `kernel:SPEC`: a fetched release such as "6.12", or the path of a bzImage. Boots
 * nothing before the first trace. Rejects (on use) with KernelUnavailable when QEMU, a compiler
 * or the image is missing.
 */
export function kernelBackend(spec: string, options: KernelOptions = {}): KernelBackend {
  return new QemuBackend(spec, options);
}
