import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { modernSpec } from "../../modern/index.ts";
import type { Backend } from "../backend.ts";
import { ERRNOS } from "../mm/errno.ts";
import type { PfnTracking } from "../mm/tracking.ts";
import { Machine, type DesignSpec } from "../model/machine.ts";
import { recordOn } from "../model/backend.ts";
import { CACHE_MODES } from "../pat/cachemode.ts";
import type { ModeRef } from "../pat/memtype.ts";
import { type Recording, recordingSchema, type Step } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";

/** A trace of a few dozen ops takes a millisecond: after this long a module hangs. */
const HANG_MS = 5000;

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
export async function openFileBackend(id: string): Promise<Backend> {
  const path = resolve(id.slice("file:".length));
  if (!existsSync(path)) throw new UserError(`${id}: no such file`);
  const made: unknown = await load(id, path);
  if (isBackend(made)) return { id, record: (trace) => recordOther(id, made, trace) };
  if (typeof made !== "function") {
    throw new UserError(`${id}: the default export is no class, function or Backend`);
  }
  const spec: DesignSpec = { ...modernSpec("7.2"), tracking: makerOf(id, made) };
  const { contextOf: _modernOnly, ...own } = spec;
  return { id, record: async (trace) => recordGuarded(id, own, trace) };
}

async function load(id: string, path: string): Promise<unknown> {
  try {
    const module: unknown = await import(/* @vite-ignore */ pathToFileURL(path).href);
    return isObject(module) ? Reflect.get(module, "default") : undefined;
  } catch (error) {
    throw new UserError(`${id}: cannot be loaded: ${messageOf(error)}`);
  }
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

/** Records under a clock: a script's timeout ends whatever it calls. */
function recordGuarded(id: string, spec: DesignSpec, trace: Trace): Recording {
  let steps: Step[] = [];
  const key = Symbol.for("pfndiff.record");
  Reflect.set(globalThis, key, () => {
    steps = recordOn(new Machine(trace.world, spec), trace);
  });
  try {
    new Script(`globalThis[Symbol.for("pfndiff.record")]()`).runInThisContext({ timeout: HANG_MS });
  } catch (error) {
    if (isObject(error) && Reflect.get(error, "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw new UserError(`${id}: hangs: no answer to ${trace.name} in ${HANG_MS / 1000} s`);
    }
    throw error;
  } finally {
    Reflect.deleteProperty(globalThis, key);
  }
  return { format: "pfndiff/recording@1", backend: id, trace, steps };
}

/** A Backend of the user's own must answer with a recording of the trace it was given. */
async function recordOther(id: string, backend: Backend, trace: Trace): Promise<Recording> {
  let answer: unknown;
  try {
    answer = await backend.record(trace);
  } catch (error) {
    throw new UserError(`${id}: record() threw: ${messageOf(error)}`);
  }
  const parsed = recordingSchema.safeParse(answer);
  if (parsed.success && parsed.data.steps.length === trace.ops.length) return parsed.data;
  const why = parsed.success ? "has not one step for every op" : "is no recording";
  throw new UserError(`${id}: what record() answers ${why}`);
}
