import { CACHE_MODES, type CacheMode } from "../../src/pat/cachemode.ts";
import { cacheMode, UnreadableKernelText } from "./memtype.ts";

/** A range of physical addresses in bytes; the end is exclusive, however the line has it. */
export interface Bytes {
  readonly start: number;
  readonly end: number;
}

/** The task that a line names: `comm:pid`. */
export interface Task {
  readonly comm: string;
  readonly pid: number;
}

type Ranged<K extends string, M extends string> = Bytes & { readonly kind: K } & {
  readonly [mode in M]: CacheMode;
} & { readonly task?: Task };

/** A line of the memtype code, of its callers, or a warning, as a kernel of any release writes it. */
export type KernelMessage =
  | Ranged<"invalid-free", never>
  | Ranged<"conflict", "found" | "other">
  | Ranged<"reserve-failed", "track" | "request">
  | Ranged<"type-mismatch", "request" | "got">
  | Ranged<"ram-request", "request" | "got">
  | Ranged<"ram-busy", "track" | "request">
  | Ranged<"ioremap-refused", "request" | "got">
  /** `error` is a positive errno number. */
  | { readonly kind: "ioremap-failed"; readonly error: number }
  /** A kernel without CONFIG_DEBUG_BUGVERBOSE names no file. */
  | { readonly kind: "warn"; readonly file: string | null; readonly where: string }
  /** BUG() or BUG_ON(): whose is in the call trace that follows. */
  | { readonly kind: "bug"; readonly file: string; readonly where: string | null }
  | BadPageMap;

/** A page table entry that a mapping does not say it may have: the page that it holds, and its mode. */
type BadPageMap = Bytes & {
  readonly kind: "bad-page-map";
  readonly comm: string;
  readonly type: CacheMode;
};

/** "[mem 0xA-0xB]" (3.5 and newer), whose end is inclusive, or "A-B", whose end is not. */
const RANGE = String.raw`(\[mem [^\]]+\]|(?:0x)?[0-9a-f]+-(?:0x)?[0-9a-f]+)`;
const ENDS = /(?:0x)?([0-9a-f]+)-(?:0x)?([0-9a-f]+)\]?$/;
const TASK = /^(?:x86\/PAT: )?(\S.*?):(\d+) (?:freeing|conflicting|map pfn)/;
const line = (text: string) => new RegExp(text.replace("RANGE", RANGE));

export type MessageKind = KernelMessage["kind"];

/** What stands in every line of a kind, whatever the release. */
export const WORDS: Readonly<Record<MessageKind, string>> = {
  "invalid-free": "freeing invalid memtype",
  conflict: "conflicting memory types",
  "reserve-failed": "memtype_reserve failed",
  "type-mismatch": "map pfn expected mapping type",
  "ram-request": "map pfn RAM range req",
  "ram-busy": "reserve_ram_pages_type failed",
  "ioremap-refused": "ioremap error for",
  "ioremap-failed": "ioremap memtype_reserve failed",
  warn: "WARNING:",
  bug: "kernel BUG at",
  "bad-page-map": "BUG: Bad page map",
};

/** The kinds of lines that have a text in them, or that it has: a part of a line, with no ranges and modes. */
export function saidBy(text: string): MessageKind[] {
  const part = text.trim().toLowerCase();
  if (part.length < 4) return [];
  const kinds = Object.entries(WORDS) as [MessageKind, string][];
  return kinds
    .filter(([, words]) => words.toLowerCase().includes(part) || part.includes(words.toLowerCase()))
    .map(([kind]) => kind);
}

const INVALID_FREE = line(`${WORDS["invalid-free"]} RANGE`);
const CONFLICT = line(String.raw`${WORDS.conflict} RANGE (\S+)<->(\S+)`);
/** Called reserve_memtype() up to 5.6. */
const RESERVE_FAILED = line(
  String.raw`(?:memtype_reserve|reserve_memtype) failed RANGE, track (\S+), req (\S+)`,
);
const TYPE_MISMATCH = line(String.raw`${WORDS["type-mismatch"]} (\S+) for RANGE, got (\S+)`);
const RAM_REQUEST = line(String.raw`${WORDS["ram-request"]} (\S+) for RANGE, got (\S+)`);
const RAM_BUSY = line(String.raw`${WORDS["ram-busy"]} RANGE, track 0x(\d+), req 0x(\d+)`);
const IOREMAP_REFUSED = line(
  String.raw`${WORDS["ioremap-refused"]} RANGE, requested 0x(\d+), got 0x(\d+)`,
);
const IOREMAP_FAILED = /ioremap (?:memtype_reserve|reserve_memtype) failed -(\d+)/;
/** With the entry itself, of a page table or, from 6.18 on, of a level above it. */
const BAD_PAGE_MAP = /^BUG: Bad page map in process (.+?)  ?(pte|pmd|pud|p4d|pgd):([0-9a-f]+)/;
const BUG = line(String.raw`^${WORDS.bug} (\S+):\d+!`);
/** Up to 6.18 "WARNING: CPU: 0 PID: 9 at file:line function+0x..."; then "WARNING: file:line at function+0x...". */
const WARNINGS = [
  /^WARNING: .* at (?<file>\S+?):\d+ (?<where>[^+\s]+)\+0x/,
  /^WARNING: .*?(?<file>\S+?):\d+ at (?<where>[^+\s]+)\+0x/,
  /^WARNING: (?:.* )?at (?<where>[^+\s]+)\+0x/,
];

function bytesOf(text: string): Bytes {
  const [, start = "", end = ""] = ENDS.exec(text) ?? [];
  if (end === "") throw new UnreadableKernelText(`no range of addresses: ${text}`);
  const past = text.startsWith("[") ? 1 : 0;
  return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) + past };
}

/** A mode as enum page_cache_mode numbers it. */
function numbered(digits: string): CacheMode {
  const mode = CACHE_MODES[Number.parseInt(digits, 16)];
  if (mode === undefined) throw new UnreadableKernelText(`no cache mode is number 0x${digits}`);
  return mode;
}

function taskIn(text: string): { task?: Task } {
  const [, comm, pid] = TASK.exec(text) ?? [];
  return comm === undefined ? {} : { task: { comm, pid: Number(pid) } };
}

/** Where the address of a page stands in an entry of a page table (x86-64), and the bits of its mode. */
const ADDRESS = 0x000f_ffff_ffff_f000n;
const [PRESENT, PWT, PCD, PAT, LARGE_PAT] = [1n, 8n, 16n, 128n, 4096n];
/** Cache modes by the two lower bits of the number that an entry gives them, without and with the third (pat_bp_init()). */
const MODES = ["write-back", "write-combining", "uncached-minus", "uncached"] as const;
const MORE_MODES = ["write-back", "write-protected", "uncached-minus", "write-through"] as const;
const SIZES: Readonly<Record<string, number>> = { pte: 1, pmd: 512, pud: 512 ** 2 };

/** The page of an entry, and the mode that it gives it. One that may not be touched is kept inverted. */
function pageOf(level: string, entry: bigint): Bytes & { readonly type: CacheMode } {
  const address = (entry & PRESENT) === 0n ? ~entry & ADDRESS : entry & ADDRESS;
  const size = 4096 * (SIZES[level] ?? 1);
  const start = Math.floor(Number(address) / size) * size;
  const modes = (entry & (level === "pte" ? PAT : LARGE_PAT)) === 0n ? MODES : MORE_MODES;
  const mode = modes[((entry & PCD) === 0n ? 0 : 2) + ((entry & PWT) === 0n ? 0 : 1)];
  return { start, end: start + size, type: mode ?? "write-back" };
}

/** What a line without its prefix (bareLine()) tells, or null. Throws UnreadableKernelText at an unknown mode. */
export function parseMessage(text: string): KernelMessage | null {
  return parseList(text) ?? parseMapping(text) ?? parseOther(text);
}

function parseList(text: string): KernelMessage | null {
  const invalid = INVALID_FREE.exec(text);
  if (invalid) return { kind: "invalid-free", ...bytesOf(invalid[1] ?? ""), ...taskIn(text) };
  const conflict = CONFLICT.exec(text);
  if (conflict) {
    const [, range = "", found = "", other = ""] = conflict;
    const modes = { found: cacheMode(found), other: cacheMode(other) };
    return { kind: "conflict", ...bytesOf(range), ...modes, ...taskIn(text) };
  }
  const failed = RESERVE_FAILED.exec(text);
  if (failed) {
    const [, range = "", track = "", request = ""] = failed;
    const modes = { track: cacheMode(track), request: cacheMode(request) };
    return { kind: "reserve-failed", ...bytesOf(range), ...modes };
  }
  const busy = RAM_BUSY.exec(text);
  if (!busy) return null;
  const [, range = "", track = "", request = ""] = busy;
  const modes = { track: numbered(track), request: numbered(request) };
  return { kind: "ram-busy", ...bytesOf(range), ...modes };
}

function parseMapping(text: string): KernelMessage | null {
  for (const [kind, format] of [
    ["type-mismatch", TYPE_MISMATCH],
    ["ram-request", RAM_REQUEST],
  ] as const) {
    const match = format.exec(text);
    if (!match) continue;
    const [, request = "", range = "", got = ""] = match;
    const modes = { request: cacheMode(request), got: cacheMode(got) };
    return { kind, ...bytesOf(range), ...modes, ...taskIn(text) };
  }
  const refused = IOREMAP_REFUSED.exec(text);
  if (!refused) return null;
  const [, range = "", request = "", got = ""] = refused;
  const modes = { request: numbered(request), got: numbered(got) };
  return { kind: "ioremap-refused", ...bytesOf(range), ...modes };
}

function parseOther(text: string): KernelMessage | null {
  const failed = IOREMAP_FAILED.exec(text);
  if (failed) return { kind: "ioremap-failed", error: Number(failed[1]) };
  const bad = BAD_PAGE_MAP.exec(text);
  if (bad) {
    const [, comm = "", level = "", entry = ""] = bad;
    return { kind: "bad-page-map", comm, ...pageOf(level, BigInt(`0x${entry}`)) };
  }
  const bug = BUG.exec(text);
  if (bug) return { kind: "bug", file: bug[1] ?? "", where: null };
  const warning = WARNINGS.map((format) => format.exec(text)).find((found) => found !== null);
  const { file = null, where } = warning?.groups ?? {};
  return where === undefined ? null : { kind: "warn", file, where };
}
