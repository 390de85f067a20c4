import type { TraceEvent } from "../../src/trace/recording.ts";
import { bareLine } from "./prefix.ts";

/** What a kernel found wrong with itself. With `goesOn` it went on after saying so. */
export type Splat = Extract<TraceEvent, { kind: "bug" | "crash" | "hang" }>;

interface Head {
  readonly kind: Splat["kind"];
  readonly format: RegExp;
  readonly goesOn?: true;
  /** The splat's text from what matched; without addresses and pids, which differ from run to run. */
  readonly text: (match: RegExpExecArray) => string;
}

const whole = ([text]: RegExpExecArray): string => text;

/** Lines that begin a splat, those of a kernel that ends with it first. */
const HEADS: readonly Head[] = [
  { kind: "bug", format: /^kernel BUG at [^\s:]+/, text: whole },
  {
    kind: "hang",
    format: /^(?:watchdog: )?BUG: (?:soft|hard) lockup|^watchdog: Watchdog detected hard LOCKUP/i,
    text: whole,
  },
  {
    kind: "hang",
    format: /^(?:rcu: )?INFO: (?:rcu\S* .*stall|task .* blocked for more)/,
    text: ([text]) => scrubbed(text),
  },
  {
    kind: "crash",
    format:
      /^(?:BUG: (?:unable to handle|kernel NULL pointer)[^:,]*|general protection fault|stack segment|double fault|Oops(?=:))/,
    text: whole,
  },
  { kind: "crash", format: /^Kernel panic - not syncing: [^!:(]*/, text: ([text]) => text.trim() },
  {
    kind: "bug",
    goesOn: true,
    format: /^BUG: (K\w*SAN|KFENCE): (.+?) in ([^\s+]+)/,
    text: ([, tool, what, where]) => `${tool}: ${what} in ${where}`,
  },
  {
    kind: "bug",
    goesOn: true,
    format: /^BUG (\S+) \(.*?\): (.+)/,
    text: ([, cache, what]) => `${what} in ${cache}`,
  },
  {
    kind: "bug",
    goesOn: true,
    format: /^BUG: .+/,
    text: ([text]) => scrubbed(text.slice("BUG: ".length)),
  },
  {
    kind: "bug",
    goesOn: true,
    format: /^(?:list_(?:add|del)|hlist_\w+) (?:corruption|double add)/,
    text: whole,
  },
  { kind: "bug", goesOn: true, format: /^refcount_t: [^.]+/, text: whole },
  {
    kind: "bug",
    goesOn: true,
    format: /^UBSAN: (.+?) in ([^\s:]+)/,
    text: ([, what, file]) => `UBSAN: ${what} in ${file}`,
  },
];

/** The words before the first that holds a number, an address or a `name:value`. */
function scrubbed(text: string): string {
  const words = text.split(/\s+/);
  const end = words.findIndex((word) => /\d|:./.test(word));
  return (end === -1 ? words : words.slice(0, end))
    .join(" ")
    .replace(/ in process\b.*$/, "")
    .replace(/[:,]$/, "");
}

const FRAME = /^(?:RIP: [0-9a-f]+:)?([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+/;
/** Frames of the code that reports, which are no part of what happened. */
const REPORTING =
  /^(?:dump_stack|print_\w*(?:report|address)|kasan_|__?asan_|show_stack|__warn|report_bug|handle_bug|exc_|asm_exc_)/;
/** Where every system call has come from. */
const ENTRY = /^(?:__x64_sys_|x64_sys_call|do_syscall_64|entry_)/;
/** Lines within a backtrace that are no frame of it: guesses, and where a stack begins and ends. */
const BETWEEN = /^(?:\?|<\/?\w+>$)/;
/** How many lines a splat's own backtrace may begin after its first, and how many frames tell enough. */
const NEAR_LINES = 20;
const FRAMES = 12;

/** The functions of the first backtrace below a splat's head, the innermost first. */
function backtraceBelow(lines: readonly string[], head: number): string[] {
  const frames: string[] = [];
  let isWithin = false;
  for (let at = head + 1; at < lines.length && frames.length < FRAMES; at++) {
    const line = lines[at] ?? "";
    const frame = FRAME.exec(line)?.[1];
    // A BUG() is an invalid opcode, an Oops and a panic in turn: one splat until it has shown where.
    if (frames.length > 0 && headOf(line) !== null) break;
    if (frame !== undefined && ENTRY.test(frame)) break;
    if (frame === undefined) {
      if (isWithin ? !BETWEEN.test(line) : at - head > NEAR_LINES) break;
      isWithin ||= line.startsWith("Call Trace:");
    } else if (!REPORTING.test(frame) && frames.at(-1) !== frame) frames.push(frame);
  }
  return frames;
}

function headOf(line: string): (Omit<Head, "format" | "text"> & { text: string }) | null {
  for (const { kind, goesOn, format, text } of HEADS) {
    const match = format.exec(line);
    if (match !== null)
      return { kind, text: text(match), ...(goesOn === undefined ? {} : { goesOn }) };
  }
  return null;
}

/** The splats in lines of a kernel's log, with or without what stands before each line, in order; equal ones once. */
export function splatsIn(log: readonly string[]): Splat[] {
  const lines = log.map(bareLine);
  const splats = new Map<string, Splat>();
  for (const [at, line] of lines.entries()) {
    const head = headOf(line);
    if (head === null) continue;
    const splat = { ...head, backtrace: backtraceBelow(lines, at) };
    splats.set(JSON.stringify(splat), splat);
  }
  return [...splats.values()];
}

/** The functions of the backtrace below the first line of a log that begins with a text; none without such a line. */
export function framesBelow(log: readonly string[], beginning: string): string[] {
  const lines = log.map(bareLine);
  const at = lines.findIndex((line) => line.startsWith(beginning));
  return at < 0 ? [] : backtraceBelow(lines, at);
}

/**
 * What a kernel that still answers found wrong with itself. A stall or lockup that it came out of is left
 * out: an emulated machine on a busy host logs them of itself.
 */
export function complaintsIn(log: readonly string[]): Splat[] {
  return splatsIn(log).filter(({ goesOn }) => goesOn === true);
}

/** What a kernel ended with, by its console: the first that it did not go on from; one that died did not hang. */
export function endIn(console: string, how: "died" | "hang"): Splat | null {
  const ends = splatsIn(console.split("\n")).filter(({ goesOn }) => goesOn !== true);
  return ends.find(({ kind }) => how === "hang" || kind !== "hang") ?? null;
}
