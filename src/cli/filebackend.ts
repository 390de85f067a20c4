import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Script } from "node:vm";
import { modernSpec } from "../../modern/index.ts";
import type { Backend } from "../backend.ts";
import { ERRNOS } from "../mm/errno.ts";
import type { PfnTracking } from "../mm/tracking.ts";
import { Machine, type DesignSpec } from "../model/machine.ts";
import { recordOn } from "../model/backend.ts";
import { CACHE_MODES } from "../pat/cachemode.ts";
import type { ModeRef } from "../pat/memtype.ts";
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
  const spec: DesignSpec = { ...modernSpec("7.2"), tracking: makerOf(id, made) };
  const { contextOf: _modernOnly, ...own } = spec;
  return { id, record: async (trace) => recordGuarded(id, own, trace, patience) };
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
    if (hasHooks(tracking)) return watched(id, tracking);
    const missing = HOOKS.filter(
      (hook) => !isObject(tracking) || typeof Reflect.get(tracking, hook) !== "function",
    );
    throw new UserError(`${id}: the tracking lacks ${missing.join(", ")}`);
  };
}

/** The tracking with every hook watched: what it throws and what it returns. */
function watched(id: string, tracking: PfnTracking): PfnTracking {
  const call = <T>(hook: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new UserError(`${id}: ${hook}() threw: ${messageOf(error)}`);
    }
  };
  const answer = <T>(hook: string, value: T): T => {
    if (value === null || (ERRNOS as readonly unknown[]).includes(value)) return value;
    const shown = JSON.stringify(value) ?? String(value);
    throw new UserError(`${id}: ${hook}() returned ${shown}, which is neither null nor an errno`);
  };
  return {
    remap: (vma, wanted, granted, pfn) => {
      const outcome = answer(
        "remap",
        call("remap", () => tracking.remap(vma, wanted, granted, pfn)),
      );
      checkGranted(id, granted);
      return outcome;
    },
    remapFailed: (...args) => call("remapFailed", () => tracking.remapFailed(...args)),
    dup: (...args) => call("dup", () => tracking.dup(...args)),
    copy: (...args) =>
      answer(
        "copy",
        call("copy", () => tracking.copy(...args)),
      ),
    copyFailed: (...args) => call("copyFailed", () => tracking.copyFailed(...args)),
    unmap: (...args) => call("unmap", () => tracking.unmap(...args)),
    moved: (...args) => call("moved", () => tracking.moved(...args)),
    free: (...args) => call("free", () => tracking.free(...args)),
  };
}

function checkGranted(id: string, { mode }: ModeRef): void {
  if (Number.isInteger(mode) && mode >= 0 && mode < CACHE_MODES.length) return;
  throw new UserError(`${id}: remap() granted ${String(mode)}, which is no cache mode`);
}

/** Calls something under a clock: a script's timeout ends whatever it runs. */
function underClock<T>(id: string, trace: Trace, limitMs: number, work: () => T): T {
  const key = Symbol.for("pfndiff.record");
  Reflect.set(globalThis, key, work);
  try {
    return new Script(`globalThis[Symbol.for("pfndiff.record")]()`).runInThisContext({
      timeout: limitMs,
    });
  } catch (error) {
    if (isObject(error) && Reflect.get(error, "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw hangs(id, trace, limitMs);
    }
    throw error;
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
}

function hangs(id: string, trace: Trace, limitMs: number): UserError {
  return new UserError(`${id}: hangs: no answer to ${trace.name} in ${limitMs / 1000} s`);
}

function recordGuarded(
  id: string,
  spec: DesignSpec,
  trace: Trace,
  { blockMs }: Patience,
): Recording {
  const steps = underClock(id, trace, blockMs, () =>
    recordOn(new Machine(trace.world, spec), trace),
  );
  return { format: "pfndiff/recording@1", backend: id, trace, steps };
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
    timer = setTimeout(() => reject(hangs(id, trace, answerMs)), answerMs);
  });
  try {
    const answer = underClock(id, trace, blockMs, () => backend.record(trace));
    return await Promise.race([answer, tooLong]);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${id}: record() threw: ${messageOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
