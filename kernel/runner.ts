import type { Recording } from "../src/trace/recording.ts";
import { memoryOf, type Trace } from "../src/trace/trace.ts";
import type { RawTrace } from "./answer.ts";
import { assemble, badPagesIn, endedWith, hasBadPages, type RunningKernel } from "./assemble.ts";
import { Guest, GuestLost, type Limits } from "./guest.ts";
import { UnreadableKernelText } from "./parse/memtype.ts";
import { endIn, type Splat } from "./parse/splat.ts";
import type { MachineParts } from "./qemu.ts";
import { regionOf, Windows } from "./windows.ts";
import { REQUEST_ROOM, traceBytes } from "./request.ts";
import type { PlacedTrace } from "./wire.ts";

/** A kernel could not finish a trace: it hung, panicked, or wrote what we cannot read. */
export interface TraceFailure {
  readonly trace: Trace;
  /** `hang`, `died` (a panic ends the machine), `gave-up`, `garbled` or `unreadable`. */
  readonly kind: GuestLost["kind"] | "unreadable";
  readonly why: string;
  /** The op that ran, when the guest said so. */
  readonly op: number | null;
  /** The guest's console, for a report. */
  readonly console: string;
}

/** What became of a trace: its recording, or why there is none. */
export type TraceOutcome = { readonly recording: Recording } | { readonly failure: TraceFailure };

/** A trace that waits, and where its outcome goes. */
export interface Job {
  readonly trace: Trace;
  readonly settle: (outcome: TraceOutcome) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
}

const BATCH_TRACES = 64;
const BATCH_OPS = 4_000;
/** How often a trace is tried again when it cannot be told whose fault the loss of a guest was. */
const ATTEMPTS = 2;

interface Placed extends PlacedTrace {
  readonly job: Job;
}

function outcomeOf(
  { guest, windows }: Station,
  { trace, window, further }: Placed,
  raw: RawTrace | undefined,
): TraceOutcome {
  if (raw === undefined) throw new Error("an answer without one of its traces");
  try {
    const place = windows.locate(trace.world, window, further);
    return { recording: assemble(trace, raw, place, guest) };
  } catch (error) {
    if (!(error instanceof UnreadableKernelText)) throw error;
    const why = error.message;
    return { failure: { trace, kind: "unreadable", why, op: null, console: "" } };
  }
}

/** What the kernel said when it ended in a trace, or null where it said nothing: a busy host makes guests hang too. */
function endOf({ kind, console }: GuestLost): Splat | null {
  if (kind !== "died" && kind !== "hang") return null;
  return endIn(console, kind);
}

/** Runs a trace up to the op that the kernel ended in, to tell what it had shown before. */
function upTo({ trace, settle, reject }: Job, failure: TraceFailure, end: Splat): Job {
  const cut = {
    ...trace,
    ops: trace.ops.slice(0, Math.min(failure.op ?? 0, trace.ops.length - 1)),
  };
  return {
    trace: cut,
    attempts: 0,
    reject,
    settle: (outcome) =>
      settle(
        "recording" in outcome
          ? { recording: endedWith(outcome.recording, trace, end) }
          : { failure },
      ),
  };
}

/**
 * How many entries may be left in the aperture before write-back traces get a guest of their own.
 * The aperture lies below in the memtype list, which the kernel writes in quadratic time.
 */
const CROWDED = 64;

/** A kernel tells of so many bad pages and is silent for a minute then: the next trace that has some is for another boot. */
const MOST_BAD_PAGES = 60;

/** A guest and what is left of it. */
interface Station {
  readonly guest: Guest;
  readonly windows: Windows;
  /** How many its kernel has told of. */
  badPages: number;
}

type StationName = "main" | "side" | "without PAT" | "bad pages";

/** Whether two traces can run in one batch. */
function areOneKind(one: Trace, other: Trace): boolean {
  const [a, b] = [one.world, other.world];
  const haveMore = a.regions !== undefined;
  return (
    regionOf(a) === regionOf(b) &&
    a.pat === b.pat &&
    haveMore === (b.regions !== undefined) &&
    hasBadPages(one) === hasBadPages(other)
  );
}

/** Counts the bad pages of a trace; whether the kernel may have told of fewer than there were, for what it told before. */
function hasFallenSilent(station: Station, raw: RawTrace | undefined, trace: Trace): boolean {
  if (raw === undefined || !hasBadPages(trace)) return false;
  const before = station.badPages;
  station.badPages += badPagesIn(raw);
  return before > 0 && station.badPages >= MOST_BAD_PAGES;
}

/**
 * One worker, fed from a shared queue until that is empty. It has one guest, a second one for
 * write-back traces once the first is crowded, and one without PAT for the traces that are of such a
 * world. It boots anew when the windows of a guest are used up, and when a guest is lost.
 */
export class Runner {
  readonly #parts: () => Promise<MachineParts>;
  readonly #limits: Limits;
  readonly #queue: Job[];
  readonly #onBoot: (guest: Guest) => void;
  readonly #stations: Record<StationName, Promise<Station> | null> = {
    main: null,
    side: null,
    "without PAT": null,
    "bad pages": null,
  };
  /** Entries that traces in the aperture left in the main guest. */
  #left = 0;
  #closed = false;
  #nextId = 1;

  constructor(
    parts: () => Promise<MachineParts>,
    limits: Limits,
    queue: Job[],
    onBoot: (guest: Guest) => void,
  ) {
    this.#parts = parts;
    this.#limits = limits;
    this.#queue = queue;
    this.#onBoot = onBoot;
  }

  /** Works until the queue is empty. Rejects when no guest comes up. */
  async drain(): Promise<void> {
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      const { trace } = job;
      const name = this.#stationOf(trace);
      const station = await this.#station(name);
      const isSilent = hasBadPages(trace) && station.badPages >= MOST_BAD_PAGES;
      const batch = isSilent ? [] : this.#takeBatch(trace, station.windows);
      if (batch.length === 0) {
        // Another guest may have taken what was waiting; a trace that waits still finds no window here.
        if (this.#queue.some((waiting) => areOneKind(waiting.trace, trace)))
          await this.#leave(name);
        continue;
      }
      try {
        const raws = await station.guest.run(batch);
        this.#settle(station, batch, raws);
      } catch (error) {
        await this.#leave(name);
        if (this.#closed)
          for (const { job } of batch) job.reject(new Error("the backend is closed"));
        else this.#afterLoss(batch, error);
      }
    }
  }

  /** The kernel that runs; boots a guest if there is none. */
  async identify(): Promise<RunningKernel> {
    return (await this.#station("main")).guest.kernel;
  }

  /** Ends the guests for good; what runs on them is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const names = Object.keys(this.#stations) as StationName[];
    await Promise.all(names.map((name) => this.#leave(name)));
  }

  #stationOf(trace: Trace): StationName {
    const { world } = trace;
    if (world.pat === false) return "without PAT";
    if (hasBadPages(trace)) return "bad pages";
    if (world.isa !== undefined || world.regions !== undefined) return "side";
    return memoryOf(world) !== "bar" && this.#left > CROWDED ? "side" : "main";
  }

  /** Callers that come while a guest boots wait for the same one. */
  #station(name: StationName): Promise<Station> {
    this.#stations[name] ??= this.#boot(name).catch((error: unknown) => {
      this.#stations[name] = null;
      throw error;
    });
    return this.#stations[name];
  }

  async #boot(name: StationName): Promise<Station> {
    const isWithoutPat = name === "without PAT";
    const guest = await Guest.boot({ ...(await this.#parts()), isWithoutPat }, this.#limits);
    this.#onBoot(guest);
    return { guest, windows: new Windows(guest.regions), badPages: 0 };
  }

  async #leave(name: StationName): Promise<void> {
    const booted = this.#stations[name];
    this.#stations[name] = null;
    if (name === "main") this.#left = 0;
    // A guest that did not come up has closed itself, and whoever awaited it was told.
    const station = await booted?.catch(() => null);
    await station?.guest.close();
  }

  /**
   * Takes the jobs of a trace's kind from the queue that fit one request and have windows; none when
   * the windows are used up.
   */
  #takeBatch(trace: Trace, windows: Windows): Placed[] {
    const batch: Placed[] = [];
    let ops = 0;
    let bytes = 0;
    let at = 0;
    for (let job = this.#queue[at]; job !== undefined; job = this.#queue[at]) {
      if (!areOneKind(job.trace, trace)) {
        at++;
        continue;
      }
      ops += job.trace.ops.length;
      bytes += traceBytes(job.trace);
      const full = batch.length === BATCH_TRACES || ops > BATCH_OPS || bytes > REQUEST_ROOM;
      if (full && batch.length > 0) break;
      const place = windows.takeAll(job.trace);
      if (place === null) break;
      this.#queue.splice(at, 1);
      batch.push({ id: this.#nextId++, trace: job.trace, ...place, job });
    }
    return batch;
  }

  #settle(station: Station, batch: readonly Placed[], raws: readonly RawTrace[]): void {
    for (const [index, placed] of batch.entries()) {
      const raw = raws[index];
      if (hasFallenSilent(station, raw, placed.trace)) {
        this.#queue.unshift(placed.job);
        continue;
      }
      const outcome = outcomeOf(station, placed, raw);
      placed.job.settle(outcome);
      const last = "recording" in outcome ? outcome.recording.steps.at(-1) : undefined;
      if (last?.memtype.length === 0) station.windows.giveBack(placed.trace.world, placed.window);
      if (!("recording" in outcome) || memoryOf(placed.trace.world) !== "bar") continue;
      this.#left += outcome.recording.steps.at(-1)?.memtype.length ?? 0;
    }
  }

  /** Marks the trace that the guest was lost in; the others go back to the queue. */
  #afterLoss(batch: readonly Placed[], error: unknown): void {
    if (!(error instanceof GuestLost)) {
      for (const { job } of batch) job.reject(error);
      return;
    }
    const culprit = batch.find(({ id }) => id === error.traceId);
    const again: Job[] = [];
    for (const placed of batch) {
      const { job, trace } = placed;
      if (culprit === undefined) job.attempts++;
      if (placed === culprit || job.attempts > ATTEMPTS) {
        const { kind, message: why, op, console } = error;
        const failure = { trace, kind, why, op, console };
        const end = placed === culprit ? endOf(error) : null;
        if (end === null) job.settle({ failure });
        else again.push(upTo(job, failure, end));
      } else again.push(job);
    }
    this.#queue.unshift(...again);
  }
}
