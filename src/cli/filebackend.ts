import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Script } from "node:vm";
import { modernSpec } from "../../modern/index.ts";
import type { Backend } from "../backend.ts";
import { ERRNOS, type Outcome } from "../mm/errno.ts";
import type { PfnTracking } from "../mm/tracking.ts";
import type { Vma } from "../mm/vma.ts";
import { type ModelBackend, modelBackend } from "../model/backend.ts";
import type { DesignSpec } from "../model/machine.ts";
import { CACHE_MODES } from "../pat/cachemode.ts";
import { BrokenInvariant } from "../pat/invariant.ts";
import { PfnRanges } from "../pat/pfnmap.ts";
import { type Recording, recordingSchema } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { loadModule } from "./fileload.ts";

/** How long a user's module may take, in milliseconds, before it is said to hang. */
interface Patience {
  /** To load, and to do what blocks the program: a trace of a few dozen ops takes one. */
  readonly blockMs: number;
  /** To answer a trace in its own time: it may have to boot a machine first. */
  readonly answerMs: number;
}

const PATIENCE: Patience = { blockMs: 5000, answerMs: 120_000 };

const HOOKS = [
  "remap",
  "remapFailed",
  "dup",
  "copy",
  "copyFailed",
  "unmap",
  "moved",
  "free",
] as const satisfies readonly (keyof PfnTracking)[];

type MakeTracking = DesignSpec["tracking"];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function hasHooks(value: unknown): value is PfnTracking {
  return isObject(value) && HOOKS.every((hook) => typeof Reflect.get(value, hook) === "function");
}

function isBackend(value: unknown): value is Backend {
  return isObject(value) && typeof Reflect.get(value, "record") === "function";
}

/**
 * Opens `file:PATH`, a JavaScript module of the user's own whose default export makes a
 * PfnTracking (a class, or a function) or is a Backend. What it does wrong is the user's error.
 */
export async function openFileBackend(id: string, patience: Patience = PATIENCE): Promise<Backend> {
  const path = resolve(id.slice("file:".length));
  if (!existsSync(path)) throw new UserError(`${id}: no such file`);
  const module = await loadModule(id, path, patience.blockMs);
  const made: unknown = isObject(module) ? Reflect.get(module, "default") : undefined;
  if (isBackend(made)) return { id, record: (trace) => recordOther(id, made, trace, patience) };
  if (typeof made !== "function") {
    throw new UserError(`${id}: the default export is no class, function or Backend`);
  }
  return designBackend(id, made, patience);
}

/** A design as a model that is watched: whatever runs its machine does so under a clock. */
function designBackend(id: string, made: Function, { blockMs }: Patience): ModelBackend {
  const { contextOf: _modernOnly, ...spec } = modernSpec("7.2");
  const model = modelBackend(id, "kref", {
    ...spec,
    tracking: makerOf(id, made),
    parts: { ranges: checkedRanges(id) },
    hidesState: Reflect.get(made, "restorable") !== true,
  });
  const guarded = <T>(what: string, work: () => T): T => underClock(id, what, blockMs, work);
  const recordSync: ModelBackend["recordSync"] = (trace, options) =>
    guarded(trace.name, () => model.recordSync(trace, options));
  return { ...model, guarded, recordSync, record: async (trace) => recordSync(trace) };
}

/** Pfn ranges that a module may be mistaken about, but not ask nonsense of. */
function checkedRanges(id: string): typeof PfnRanges {
  const check = (hook: string, ...numbers: readonly unknown[]) => {
    if (numbers.every((one) => Number.isInteger(one) && (one as number) >= 0)) return;
    throw new UserError(`${id}: ranges.${hook}(${numbers.map(String).join(", ")}) names no pfns`);
  };
  return class extends PfnRanges {
    override track(...[start, end, wanted, strict, granted]: Parameters<PfnRanges["track"]>) {
      check("track", start, end);
      if (isObject(granted) && isMode(wanted))
        return super.track(start, end, wanted, strict, granted);
      throw new UserError(
        `${id}: ranges.track() needs a cache mode, and where to put the granted one`,
      );
    }

    override untrack(start: number, end: number): void {
      check("untrack", start, end);
      super.untrack(start, end);
    }
  };
}

function isMode(mode: unknown): boolean {
  return Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) < CACHE_MODES.length;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Calls the user's class or function, and watches every hook of what it makes. */
function makerOf(id: string, made: Function): MakeTracking {
  const prototype: unknown = made.prototype;
  const isClass = isObject(prototype) && typeof Reflect.get(prototype, "remap") === "function";
  return (...parts) => {
    let tracking: unknown;
    try {
      tracking = isClass ? Reflect.construct(made, parts) : Reflect.apply(made, undefined, parts);
    } catch (error) {
      throw new UserError(`${id}: making the tracking threw: ${messageOf(error)}`);
    }
    if (hasHooks(tracking)) return new Watched(id, tracking);
    const missing = HOOKS.filter(
      (hook) => !isObject(tracking) || typeof Reflect.get(tracking, hook) !== "function",
    );
    throw new UserError(`${id}: the tracking lacks ${missing.join(", ")}`);
  };
}

/** A module's tracking with every hook watched: what it throws, returns, and does to VMAs. */
class Watched implements PfnTracking {
  constructor(
    private readonly id: string,
    private readonly tracking: PfnTracking,
  ) {}

  remap(...args: Parameters<PfnTracking["remap"]>): Outcome {
    const [vma, , granted] = args;
    const outcome = this.answer("remap", vma, vma, () => this.tracking.remap(...args));
    if (isMode(granted.mode)) return outcome;
    throw new UserError(
      `${this.id}: remap() granted ${String(granted.mode)}, which is no cache mode`,
    );
  }

  remapFailed(...args: Parameters<PfnTracking["remapFailed"]>): void {
    this.watch("remapFailed", args[0], args[0], () => this.tracking.remapFailed(...args));
  }

  dup(...args: Parameters<PfnTracking["dup"]>): void {
    this.watch("dup", args[0], args[1], () => this.tracking.dup(...args));
  }

  copy(...args: Parameters<PfnTracking["copy"]>): Outcome {
    return this.answer("copy", args[0], args[2], () => this.tracking.copy(...args));
  }

  copyFailed(...args: Parameters<PfnTracking["copyFailed"]>): void {
    this.watch("copyFailed", args[0], args[2], () => this.tracking.copyFailed(...args));
  }

  unmap(...args: Parameters<PfnTracking["unmap"]>): void {
    this.watch("unmap", args[1], args[1], () => this.tracking.unmap(...args));
  }

  moved(vma: Vma): void {
    this.watch("moved", vma, vma, () => this.tracking.moved(vma));
  }

  free(vma: Vma): void {
    this.watch("free", vma, vma, () => this.tracking.free(vma));
  }

  /** Calls a hook that is given these VMAs, of which `track` alone is the design's. */
  private watch(hook: string, one: Vma, other: Vma, call: () => unknown): unknown {
    const { start, end, pfn, flags } = one;
    const { start: otherStart, end: otherEnd, pfn: otherPfn, flags: otherFlags } = other;
    const value = this.called(hook, call);
    const isKept = one.start === start && one.end === end && one.pfn === pfn && one.flags === flags;
    const isOtherKept =
      other.start === otherStart &&
      other.end === otherEnd &&
      other.pfn === otherPfn &&
      other.flags === otherFlags;
    if (isKept && isOtherKept) return value;
    throw new UserError(`${this.id}: it changes what is not its own: a VMA, in ${hook}()`);
  }

  private called(hook: string, call: () => unknown): unknown {
    let value: unknown;
    try {
      value = call();
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${this.id}: ${hook}() threw: ${messageOf(error)}`);
    }
    if (!(value instanceof Promise)) return value;
    // The hook is refused; what becomes of its promise must not end the program first.
    value.then(undefined, () => undefined);
    throw new UserError(`${this.id}: ${hook}() returned a promise; a hook answers at once`);
  }

  private answer(hook: string, one: Vma, other: Vma, call: () => unknown): Outcome {
    const value = this.watch(hook, one, other, call);
    if (isOutcome(value)) return value;
    const shown = JSON.stringify(value) ?? String(value);
    throw new UserError(
      `${this.id}: ${hook}() returned ${shown}, which is neither null nor an errno`,
    );
  }
}

const KNOWN_ERRNOS: ReadonlySet<unknown> = new Set(ERRNOS);

function isOutcome(value: unknown): value is Outcome {
  return value === null || KNOWN_ERRNOS.has(value);
}

const WORK = Symbol.for("pfndiff.record");
const CALL = new Script(`globalThis[Symbol.for("pfndiff.record")]()`);

/** Calls something under a clock: a script's timeout ends whatever it runs. */
function underClock<T>(id: string, what: string, limitMs: number, work: () => T): T {
  Reflect.set(globalThis, WORK, work);
  try {
    return CALL.runInThisContext({ timeout: limitMs });
  } catch (error) {
    if (isObject(error) && Reflect.get(error, "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw hangs(id, what, limitMs);
    }
    if (!(error instanceof BrokenInvariant)) throw error;
    throw new UserError(`${id}: it changes what is not its own: ${error.message}`);
  } finally {
    Reflect.deleteProperty(globalThis, WORK);
  }
}

function hangs(id: string, what: string, limitMs: number): UserError {
  return new UserError(`${id}: hangs: no answer to ${what} in ${limitMs / 1000} s`);
}

/** A Backend of the user's own must answer with a recording of the trace it was given. */
async function recordOther(
  id: string,
  backend: Backend,
  trace: Trace,
  patience: Patience,
): Promise<Recording> {
  const parsed = recordingSchema.safeParse(await answerOf(id, backend, trace, patience));
  if (parsed.success && parsed.data.steps.length === trace.ops.length) return parsed.data;
  const why = parsed.success ? "has not one step for every op" : "is no recording";
  throw new UserError(`${id}: what record() answers ${why}`);
}

async function answerOf(
  id: string,
  backend: Backend,
  trace: Trace,
  { blockMs, answerMs }: Patience,
): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(hangs(id, trace.name, answerMs)), answerMs);
  });
  try {
    const answer = underClock(id, trace.name, blockMs, () => backend.record(trace));
    return await Promise.race([answer, tooLong]);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${id}: record() threw: ${messageOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
