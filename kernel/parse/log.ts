import type { TraceEvent } from "../../src/trace/recording.ts";
import { cacheMode, PAGE_BYTES, type PhysicalWindow, pageOf } from "./memtype.ts";

/** "[mem 0xA-0xB]", whose end is inclusive. */
const MEM = String.raw`\[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]`;
const INVALID_FREE = new RegExp(`freeing invalid memtype ${MEM}`);
const CONFLICT = /conflicting memory types ([0-9a-f]+)-([0-9a-f]+) (\S+)<->(\S+)/;
const RESERVE_FAILED = new RegExp(`memtype_reserve failed ${MEM}, track (\\S+), req (\\S+)`);
const TYPE_MISMATCH = new RegExp(`map pfn expected mapping type (\\S+) for ${MEM}, got (\\S+)`);
/** Up to 6.18 "WARNING: CPU: 0 PID: 9 at file:line function+0x..."; then "WARNING: file:line at function+0x...". */
const WARNINGS = [
  /^WARNING: .* at (?<file>\S+?):\d+ (?<where>[^+\s]+)\+0x/,
  /^WARNING: .*?(?<file>\S+?):\d+ at (?<where>[^+\s]+)\+0x/,
];

/** Relative page numbers of a range whose last byte is printed. */
function inclusive(start: string, last: string, window: PhysicalWindow) {
  const end = (Number.parseInt(last, 16) + 1 - window.address) / PAGE_BYTES;
  return { start: pageOf(start, window), end };
}

function parseRange(line: string, window: PhysicalWindow): TraceEvent | null {
  const invalid = INVALID_FREE.exec(line);
  if (invalid) {
    const [, start = "", last = ""] = invalid;
    return { kind: "invalid-free", ...inclusive(start, last, window) };
  }
  const conflict = CONFLICT.exec(line);
  if (conflict) {
    const [, start = "", end = "", found = "", other = ""] = conflict;
    const range = { start: pageOf(start, window), end: pageOf(end, window) };
    return { kind: "conflict", ...range, found: cacheMode(found), other: cacheMode(other) };
  }
  const failed = RESERVE_FAILED.exec(line);
  if (failed) {
    const [, start = "", last = "", track = "", request = ""] = failed;
    const modes = { track: cacheMode(track), request: cacheMode(request) };
    return { kind: "reserve-failed", ...inclusive(start, last, window), ...modes };
  }
  const mismatch = TYPE_MISMATCH.exec(line);
  if (mismatch) {
    const [, request = "", start = "", last = "", got = ""] = mismatch;
    const modes = { request: cacheMode(request), got: cacheMode(got) };
    return { kind: "type-mismatch", ...inclusive(start, last, window), ...modes };
  }
  return null;
}

/**
 * The event that a line of the kernel log tells of, or null. A range outside the window belongs
 * to somebody else. A warning's text is its file and function: line numbers, addresses and pids
 * differ from run to run and would keep equal recordings from being equal.
 */
export function parseLogLine(line: string, window: PhysicalWindow): TraceEvent | null {
  const range = parseRange(line, window);
  if (range !== null && "start" in range) {
    return range.start < window.pages && range.end > 0 ? range : null;
  }
  const warning = WARNINGS.map((format) => format.exec(line)).find((found) => found !== null);
  if (!warning) return line.startsWith("WARNING: ") ? { kind: "warn", text: line } : null;
  const { file = "", where = "" } = warning.groups ?? {};
  return { kind: "warn", text: `${file} ${where}` };
}
