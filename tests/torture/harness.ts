import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** What an ordeal is given: a folder of its own, and numbers that follow from the seed. */
export interface Ordeal {
  readonly dir: string;
  /** A whole number from `least` to `most`. */
  readonly draw: (least: number, most: number) => number;
  /** Tells what was drawn; what led to a failure is printed with it. */
  readonly note: (text: string) => void;
}

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The numbers of one ordeal of one round. */
export function drawFrom(seed: number, round: number, ordeal: string): Ordeal["draw"] {
  const hash = createHash("sha256").update(`${seed} ${round} ${ordeal}`).digest();
  const generator = xoroshiro128plus(hash.readInt32LE());
  return (least, most) => uniformInt(generator, least, most);
}

export function hold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Starts a command line of the bundle; `limit`: bash's limits of it, `env` beside the usual one. */
export function start(
  args: readonly string[],
  { limit = "", env = {} }: { limit?: string; env?: Readonly<Record<string, string>> } = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const command = `${limit}exec node dist/pfndiff.js "$@"`;
  const child = spawn("bash", ["-c", command, "-", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (status) => resolve({ status, out, err })),
  );
  return { child, ended };
}

export const pfndiff = (...args: string[]) => start(args).ended;

/** The digest that a campaign printed. */
export function digestOf({ status, out, err }: Ended): string {
  hold(status === 0, `a campaign ended with ${status}: ${err}`);
  return JSON.parse(out).digest;
}

export const journalOf = (folder: string) => join(folder, "journal.jsonl");

function journalLines(folder: string): number {
  const path = journalOf(folder);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

/** Waits until the journal has so many lines, or the process has ended. */
export async function untilLines(
  folder: string,
  lines: number,
  child: ChildProcess,
): Promise<void> {
  while (journalLines(folder) < lines && child.exitCode === null) await sleep(10);
}
