import { existsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import { Expander, type Expansion, type Paths } from "../../fuzz/explore/expander.ts";
import { MachineSide } from "../engine/machineside.ts";
import { UserError } from "../usererror.ts";
import { openModels } from "./backends.ts";
import { projectRoot } from "./files.ts";

/** Opens both backends, which must be models, and makes an expander of them. */
export async function openExpander(scope: Scope): Promise<Expander> {
  const { before, after } = await openModels(scope);
  const { bounds, judged } = scope;
  return new Expander(bounds, new MachineSide(before), new MachineSide(after), judged);
}

/** Something that expands chunks of states. */
export interface Expanders {
  /** Chunks worth having under way at once. */
  readonly ahead: number;
  expand(paths: Paths): Promise<Expansion>;
  close(): Promise<void>;
}

/** Expands in this thread, and lets an interrupt in between two chunks. */
export function expandHere(expander: Expander): Expanders {
  return {
    ahead: 1,
    async expand(paths) {
      await setImmediate();
      return expander.expand(paths);
    },
    close: async () => undefined,
  };
}

/** A chunk that waits for a worker, or that one has. */
interface Task {
  readonly paths: Paths;
  readonly resolve: (expansion: Expansion) => void;
  readonly reject: (error: Error) => void;
}

/** Expands in `jobs` worker threads. A worker that fails fails the exploration. */
export function expandInWorkers(scope: Scope, jobs: number): Expanders {
  const waiting: Task[] = [];
  const busy = new Map<Worker, Task>();
  const idle: Worker[] = [];
  let failure: Error | null = null;
  const next = (worker: Worker) => {
    const task = waiting.shift();
    if (task === undefined) idle.push(worker);
    else give(worker, task);
  };
  const give = (worker: Worker, task: Task) => {
    busy.set(worker, task);
    worker.postMessage(task.paths, [task.paths.letters.buffer]);
  };
  const fail = (error: Error) => {
    failure = error;
    for (const task of [...busy.values(), ...waiting]) task.reject(error);
    waiting.length = 0;
  };
  const workers = Array.from({ length: jobs }, () => startWorker(scope));
  for (const worker of workers) {
    worker.on("message", (expansion: Expansion) => {
      busy.get(worker)?.resolve(expansion);
      busy.delete(worker);
      next(worker);
    });
    worker.on("error", fail);
    worker.on("exit", () => {
      if (busy.has(worker)) fail(new Error("a worker of the exploration ended early"));
    });
    next(worker);
  }
  return {
    ahead: jobs * 4,
    expand: ({ length, letters }) =>
      new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure);
        // A part of a typed array would be sent with all of its buffer.
        waiting.push({ paths: { length, letters: letters.slice() }, resolve, reject });
        const worker = idle.pop();
        if (worker !== undefined) next(worker);
      }),
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}

/** Only the bundle has a file that a thread can run. */
function startWorker(scope: Scope): Worker {
  const file = join(projectRoot(), "dist", "exploreworker.js");
  if (!existsSync(file)) throw new UserError(`--jobs: ${file} is not there (run npm run build)`);
  return new Worker(file, { workerData: scope });
}
