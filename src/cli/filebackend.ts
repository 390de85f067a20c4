import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Script } from "node:vm";
import type { Backend } from "../backend.ts";
import type { ModelBackend } from "../model/backend.ts";
import { onDisk } from "../results/disk.ts";
import { type Recording, recordingSchema } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { isObject } from "./designviews.ts";
import { designBackend } from "./filedesign.ts";
import { loadModule, messageOf } from "./fileload.ts";

/** How long a user's module may take, in milliseconds, before it is said to hang. */
interface Patience {
  /** To load, and to do what blocks the program: a trace of a few dozen ops takes one. */
  readonly blockMs: number;
  /** To answer a trace in its own time: it may have to boot a machine first. */
  readonly answerMs: number;
}

const PATIENCE: Patience = { blockMs: 5000, answerMs: 120_000 };

function isBackend(value: unknown): value is Backend {
  return isObject(value) && typeof Reflect.get(value, "record") === "function";
}

/**
 * Opens `file:PATH`, a JavaScript module of the user's own whose default export makes a
 * PfnTracking (a class, or a function) or is a Backend. What it does wrong is the user's error.
 */
export async function openFileBackend(id: string, patience: Patience = PATIENCE): Promise<Backend> {
  const path = resolve(id.slice("file:".length));
  if (!(await onDisk(id, () => stat(path))).isFile()) throw new UserError(`${id}: is no file`);
  const module = await loadModule(id, path, patience.blockMs);
  const made: unknown = isObject(module) ? Reflect.get(module, "default") : undefined;
  if (isBackend(made)) return { id, record: (trace) => recordOther(id, made, trace, patience) };
  if (typeof made !== "function") {
    throw new UserError(`${id}: the default export is no class, function or Backend`);
  }
  return clocked(id, designBackend(id, made), patience);
}

/** A design as a model under a clock: whatever runs its machine does so in there. */
function clocked(id: string, model: ModelBackend, { blockMs }: Patience): ModelBackend {
  const guarded = <T>(what: string, work: () => T): T => underClock(id, what, blockMs, work);
  const recordSync: ModelBackend["recordSync"] = (trace, options) =>
    guarded(trace.name, () => model.recordSync(trace, options));
  return { ...model, guarded, recordSync, record: async (trace) => recordSync(trace) };
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
    throw error;
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
