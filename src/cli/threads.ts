import { existsSync } from "node:fs";
import { Piscina } from "piscina";
import { UserError } from "../usererror.ts";

/**
 * Starts `jobs` threads that do tasks with what they are told once in `setup`. `onCrash` is told of
 * one that dies between two tasks; it is replaced like any other.
 */
export function startThreads<Task, Answer>(
  file: string,
  setup: unknown,
  jobs: number,
  onCrash: (error: unknown) => void,
): Piscina<Task, Answer> {
  if (!existsSync(file)) {
    throw new UserError(`--jobs ${jobs}: ${file} is not there (run npm run build)`);
  }
  const threads = { minThreads: jobs, maxThreads: jobs, concurrentTasksPerWorker: 1 };
  const pool = new Piscina<Task, Answer>({ filename: file, workerData: setup, ...threads });
  pool.on("error", onCrash);
  return pool;
}
