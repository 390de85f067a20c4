import { argument, failed, numberIn, returnedNumber, splitArguments } from "./args.ts";
import { flagsIn } from "./flags.ts";
import type { CallLine, LogLine } from "./lines.ts";

const FORKS: ReadonlySet<string> = new Set(["fork", "vfork", "clone", "clone3"]);
const MMAPS: ReadonlySet<string> = new Set(["mmap", "mmap2"]);
/** Calls that fail where nothing is mapped. */
const USES: ReadonlySet<string> = new Set([
  "mprotect",
  "pkey_mprotect",
  "madvise",
  "mlock",
  "mlock2",
  "mseal",
  "mremap",
]);

/** Whether a call of this name makes a process or a thread. */
export function isFork(name: string): boolean {
  return FORKS.has(name);
}

/** The process that a successful fork returned. */
export function childOf(call: CallLine): string {
  return /^\d+/.exec(call.returned)?.[0] ?? "";
}

/** Whether the child of a clone() lives in its parent's address space. */
export function sharesMemory(call: CallLine): boolean {
  if (call.name === "vfork") return true;
  return flagsIn("clone", /flags=([\w|]+)/.exec(call.text)?.[1] ?? "").has("CLONE_VM");
}

/**
 * Calls in the order in which they took effect, as far as a log tells: that in which they
 * finished, but a fork comes before the first line of its child, which may well run before its
 * parent returns, and a call that had not returned yet comes before the one whose result proves that it
 * had taken effect.
 */
export function inEffect(lines: readonly LogLine[]): LogLine[] {
  const places = lines.map((_, at) => at);
  const rootOf = addressSpaces(lines);
  lines.forEach((line, at) => {
    const isSo = line.kind === "call" && !failed(line) ? comesAfter(line, rootOf) : null;
    if (isSo === null) return;
    const first = earliest(lines, at, isSo);
    // Behind the line before that one, whose place is lower by a whole.
    if (first >= 0) places[at] = (places[first] as number) - 0.25;
  });
  return lines
    .map((line, at) => ({ line, place: places[at] as number }))
    .sort((a, b) => a.place - b.place)
    .map(({ line }) => line);
}

type IsSo = (other: LogLine) => boolean;

/** Which lines, of those that finished before a call did, its effect came before; null: none can be. */
function comesAfter(line: CallLine, rootOf: (pid: string) => string): IsSo | null {
  if (isFork(line.name)) {
    const child = childOf(line);
    return (other) => other.pid === child && other.kind !== "attached";
  }
  if (line.from === line.line) return null;
  const [freed, made] = [freedBy(line), madeBy(line)];
  if (freed === null && made === null) return null;
  const root = rootOf(line.pid);
  return (other) => {
    if (other.kind !== "call" || failed(other)) return false;
    if (other.pid === line.pid || rootOf(other.pid) !== root) return false;
    return overlaps(freed, madeBy(other)) || overlaps(made, usedBy(other));
  };
}

/** The first line that finished while the call at `at` was under way and is so, or -1. */
function earliest(lines: readonly LogLine[], at: number, isSo: IsSo): number {
  const call = lines[at] as CallLine;
  let found = -1;
  for (let before = at - 1; before >= 0; before--) {
    const other = lines[before] as LogLine;
    if (other.line < call.from) break;
    if (isSo(other)) found = before;
  }
  return found;
}

/** For each process of the log one that stands for its address space. */
function addressSpaces(lines: readonly LogLine[]): (pid: string) => string {
  const parents = new Map<string, string>();
  for (const line of lines) {
    if (line.kind !== "call" || !isFork(line.name) || failed(line)) continue;
    if (sharesMemory(line)) parents.set(childOf(line), line.pid);
  }
  return (pid) => {
    let root = pid;
    for (let up = parents.get(root); up !== undefined && up !== pid; up = parents.get(root)) {
      root = up;
    }
    return root;
  };
}

/** A half-open range of addresses. */
interface Range {
  readonly start: number;
  readonly end: number;
}

function overlaps(a: Range | null, b: Range | null): boolean {
  return a !== null && b !== null && a.start < b.end && b.start < a.end;
}

function rangeOf(call: CallLine, at: number, length: number): Range {
  const parts = splitArguments(call.text);
  const start = numberIn(call, argument(call, parts, at));
  return { start, end: start + numberIn(call, argument(call, parts, length)) };
}

/** What a call unmapped: munmap(), or the old place of an mremap() that moved. */
function freedBy(call: CallLine): Range | null {
  if (call.name === "munmap") return rangeOf(call, 0, 1);
  if (call.name !== "mremap") return null;
  const old = rangeOf(call, 0, 1);
  return returnedNumber(call) === old.start ? null : old;
}

/** What a call mapped at an address that was free, as the kernel found. */
function madeBy(call: CallLine): Range | null {
  const isMmap = MMAPS.has(call.name);
  if (!isMmap && call.name !== "mremap") return null;
  const parts = splitArguments(call.text);
  const flags = flagsIn(isMmap ? "map" : "mremap", argument(call, parts, 3));
  if (flags.has("MAP_FIXED") || flags.has("MREMAP_FIXED")) return null;
  const start = returnedNumber(call);
  if (!isMmap && start === numberIn(call, argument(call, parts, 0))) return null;
  return { start, end: start + numberIn(call, argument(call, parts, isMmap ? 1 : 2)) };
}

/** What a call has found mapped. */
function usedBy(call: CallLine): Range | null {
  return USES.has(call.name) ? rangeOf(call, 0, 1) : null;
}
