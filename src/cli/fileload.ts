import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { UserError } from "../usererror.ts";

/** Runs in a thread of its own: a module that never ends can be ended there, and nowhere else. */
const TRIAL = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData).then(
  () => parentPort.postMessage(null),
  (error) => parentPort.postMessage(error instanceof Error ? error.message : String(error)),
);
`;

const END = { loaded: "loaded", tooLong: "too long", silent: "silent" } as const;

type End = (typeof END)[keyof typeof END] | { readonly fault: string };

/**
 * Loads a user's module, after a trial in a thread that may take so many milliseconds. One that
 * throws, hangs or ends the thread is the user's error; what it writes there is dropped.
 */
export async function loadModule(id: string, path: string, limitMs: number): Promise<unknown> {
  const url = pathToFileURL(path).href;
  const end = await tryModule(url, limitMs);
  if (typeof end === "object") throw new UserError(`${id}: cannot be loaded: ${end.fault}`);
  if (end === END.tooLong) {
    throw new UserError(`${id}: hangs: not loaded in ${limitMs / 1000} s`);
  }
  if (end === END.silent) {
    throw new UserError(`${id}: cannot be loaded: it exits, or awaits what never comes`);
  }
  try {
    return await import(/* @vite-ignore */ url);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError(`${id}: cannot be loaded: ${message}`);
  }
}

async function tryModule(url: string, limitMs: number): Promise<End> {
  const worker = new Worker(TRIAL, { eval: true, workerData: url, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<End>((resolve) => {
      timer = setTimeout(() => resolve(END.tooLong), limitMs);
      worker.on("message", (fault: string | null) =>
        resolve(fault === null ? END.loaded : { fault }),
      );
      worker.on("error", (error: Error) => resolve({ fault: error.message }));
      worker.on("exit", () => resolve(END.silent));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
