import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { UserError } from "../usererror.ts";
import { projectRoot } from "./files.ts";

/**
 * A module that makes `pfndiff/design` mean the running build for whatever is loaded after it,
 * wherever on the disk that lies. Node from 22.15 on has hooks that run in the same thread.
 */
function kitHook(): string {
  const kit = JSON.stringify(pathToFileURL(join(projectRoot(), "dist", "design.js")).href);
  const resolve = `(name, context, next) =>
    name === "pfndiff/design" ? { url: ${kit}, shortCircuit: true } : next(name, context)`;
  const hook = JSON.stringify(dataUrl(`export const resolve = ${resolve};`));
  return dataUrl(`
    import * as module from "node:module";
    if (module.registerHooks) module.registerHooks({ resolve: ${resolve} });
    else module.register(${hook});
  `);
}

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Runs in a thread of its own: a module that never ends can be ended there, and nowhere else. */
const TRIAL = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.hook).then(() => import(workerData.url)).then(
  () => parentPort.postMessage(null),
  (error) => parentPort.postMessage(error instanceof Error ? error.message : String(error)),
);
`;

const END = { loaded: "loaded", tooLong: "too long", silent: "silent" } as const;

type End = (typeof END)[keyof typeof END] | { readonly fault: string };

/** What an error of the user's module says, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split(/\s*\n\s*/, 1)[0] ?? "";
}

/**
 * Loads a user's module, after a trial in a thread that may take so many milliseconds. One that
 * throws, hangs or ends the thread is the user's error; what it writes there is dropped.
 */
export async function loadModule(id: string, path: string, limitMs: number): Promise<unknown> {
  refuseTypes(id, path);
  const url = pathToFileURL(path).href;
  const hook = kitHook();
  const end = await tryModule(hook, url, limitMs);
  if (typeof end === "object") throw new UserError(`${id}: cannot be loaded: ${end.fault}`);
  if (end === END.tooLong) {
    throw new UserError(`${id}: hangs: not loaded in ${limitMs / 1000} s`);
  }
  if (end === END.silent) {
    throw new UserError(`${id}: cannot be loaded: it exits, or awaits what never comes`);
  }
  try {
    await import(/* @vite-ignore */ hook);
    return await import(/* @vite-ignore */ url);
  } catch (error) {
    throw new UserError(`${id}: cannot be loaded: ${messageOf(error)}`);
  }
}

const TYPESCRIPT = [".ts", ".mts"];

/** Node before 22.18 leaves types in a module, and so does one that is told to. */
function refuseTypes(id: string, path: string): void {
  const extension = extname(path);
  if (!TYPESCRIPT.includes(extension)) return;
  if (Reflect.get(process.features, "typescript")) return;
  const built = `${path.slice(0, -extension.length)}.mjs`;
  throw new UserError(
    `${id}: Node ${process.versions.node} runs no TypeScript (22.18 does): build it by ` +
      `npx esbuild ${path} --bundle --format=esm --platform=node --external:pfndiff/design ` +
      `--outfile=${built}, and name file:${built}`,
  );
}

async function tryModule(hook: string, url: string, limitMs: number): Promise<End> {
  const workerData = { hook, url };
  const worker = new Worker(TRIAL, { eval: true, workerData, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<End>((resolve) => {
      timer = setTimeout(() => resolve(END.tooLong), limitMs);
      worker.on("message", (fault: string | null) =>
        resolve(fault === null ? END.loaded : { fault: messageOf(fault) }),
      );
      worker.on("error", (error: Error) => resolve({ fault: messageOf(error) }));
      worker.on("exit", () => resolve(END.silent));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
