import type { Errno } from "../mm/errno.ts";
import { type CacheMode, SHORT_MODE } from "../pat/cachemode.ts";
import type { Advice, Op, OpOf, Prot, Via } from "../trace/op.ts";
import { PIECE_PAGES } from "../trace/driverop.ts";
import type { Memtype } from "../trace/recording.ts";
import type { Trace, World } from "../trace/trace.ts";

/** What one side must show. */
export interface SideExpectation {
  /** `symptom:cause` of every finding on this side, sorted. */
  readonly findings: readonly string[];
  /** The ops that fail, by index, with their errno; all others succeed. */
  readonly errnos?: Readonly<Record<number, Errno>>;
  /** Reservations left after the last op, such as `[0,1) UC-`, in list order. */
  readonly memtype: readonly string[];
}

/** A short trace with a name and the outcome it must have on each side. */
export interface Scenario {
  readonly name: string;
  /** What happens, in one line. */
  readonly title: string;
  /** Where it is known from: a catalogue entry, a selftest case. */
  readonly ref: string;
  /** Backends it is meant for, where the newest of each design are not. */
  readonly sides?: { readonly before: string; readonly after: string };
  readonly trace: Trace;
  readonly before: SideExpectation;
  readonly after: SideExpectation;
}

const APERTURE: World = { pfns: 8, vpages: 8, mtrr: "uncached" };
const LOW_MEMORY: World = { ...APERTURE, mtrr: "write-back" };

function trace(world: World, name: string, ops: Op[]): Trace {
  return { format: "pfndiff/trace@1", name, world, ops };
}

/** A trace in a device aperture of 8 pages, seen through 8 virtual pages. */
export function apertureTrace(name: string, ops: Op[]): Trace {
  return trace(APERTURE, name, ops);
}

/** A trace in low memory, where /dev/mem gives write-back. */
export function lowMemoryTrace(name: string, ops: Op[]): Trace {
  return trace(LOW_MEMORY, name, ops);
}

/** The same whose pages from `isa` on are in the ISA window. */
export function isaTrace(name: string, isa: number, ops: Op[]): Trace {
  return trace({ ...LOW_MEMORY, isa }, name, ops);
}

/** A trace in an aperture, region 0, and a write-back one of as many pages, region 1. */
export function regionsTrace(name: string, ops: Op[]): Trace {
  const regions = [{ pfns: APERTURE.pfns, mtrr: "write-back", region: "bar" }] as const;
  return trace({ ...APERTURE, regions: [...regions] }, name, ops);
}

/** A trace in an aperture of two pieces of 2 MiB, seen through as many pages. */
export function piecesTrace(name: string, ops: Op[]): Trace {
  const pages = 2 * PIECE_PAGES;
  return trace({ ...APERTURE, pfns: pages, vpages: pages }, name, ops);
}

/** A trace in an aperture where the MTRRs say write-back, so that /dev/mem gives that. */
export function writeBackBarTrace(name: string, ops: Op[]): Trace {
  return trace({ ...LOW_MEMORY, region: "bar" }, name, ops);
}

/** A trace in that aperture whose processes have room for so many VMAs. */
export function limitedTrace(name: string, maps: number, ops: Op[]): Trace {
  return trace({ ...APERTURE, maps }, name, ops);
}

/** The same on kernels that were booted with `nopat`. */
export function withoutPat({ world, ...rest }: Trace): Trace {
  return { ...rest, world: { ...world, pat: false } };
}

export function spawn(proc: number): Op {
  return { op: "spawn", proc };
}

/** How a page range is mapped; shared, rw and through the resource file unless said otherwise. */
interface MapOptions {
  readonly via?: Via;
  readonly prot?: Prot;
  readonly private?: boolean;
  readonly region?: number;
}

export function mmap(
  proc: number,
  at: number,
  pages: number,
  pfn: number,
  options: MapOptions = {},
): Op {
  const { via = "resource", prot = "rw", private: copies = false, region } = options;
  const own = region === undefined ? {} : { region };
  return { op: "mmap", proc, at, pages, pfn, via, prot, private: copies, ...own };
}

/** Private anonymous memory, mostly a reservation that nobody may touch. */
export function reserve(proc: number, at: number, pages: number, prot: Prot = "none"): Op {
  return { op: "mmap", proc, at, pages, pfn: 0, via: "anon", prot, private: true };
}

export function munmap(proc: number, at: number, pages: number): Op {
  return { op: "munmap", proc, at, pages };
}

/** mremap() in place: shrinking or growing. */
export function resize(proc: number, at: number, pages: number, newPages: number): Op {
  return { op: "mremap", proc, at, pages, newPages };
}

/** mremap() with MREMAP_MAYMOVE and MREMAP_FIXED. */
export function move(
  proc: number,
  at: number,
  pages: number,
  to: number,
  newPages: number = pages,
): Op {
  return { op: "mremap", proc, at, pages, newPages, to };
}

/** mremap() with MREMAP_DONTUNMAP, and with MREMAP_FIXED where there is a place. */
export function dontunmap(proc: number, at: number, pages: number, to?: number): Op {
  const place = to === undefined ? {} : { to };
  return { op: "mremap", proc, at, pages, newPages: pages, ...place, dontunmap: true };
}

export function mprotect(
  proc: number,
  at: number,
  pages: number,
  prot: Prot,
  pkey?: OpOf<"mprotect">["pkey"],
): Op {
  return { op: "mprotect", proc, at, pages, prot, ...(pkey === undefined ? {} : { pkey }) };
}

export function mlock(proc: number, at: number, pages: number): Op {
  return { op: "mlock", proc, at, pages };
}

export function mseal(proc: number, at: number, pages: number): Op {
  return { op: "mseal", proc, at, pages };
}

export function madvise(proc: number, at: number, pages: number, advice: Advice): Op {
  return { op: "madvise", proc, at, pages, advice };
}

export function write(proc: number, at: number): Op {
  return { op: "touch", proc, at, write: true };
}

export function read(proc: number, at: number): Op {
  return { op: "touch", proc, at, write: false };
}

/** A read through /proc/PID/mem. */
export function peek(proc: number, at: number): Op {
  return { op: "peek", proc, at };
}

export function fork(proc: number, child: number): Op {
  return { op: "fork", proc, child };
}

/** A driver claims the device and takes it from every process. */
export function revoke(proc: number): Op {
  return { op: "revoke", proc };
}

/** A fork that fails when all of the parent's device mappings have been copied. */
export function lateFork(proc: number, child: number): Op {
  return { op: "fork", proc, child, late: true };
}

export function exit(proc: number): Op {
  return { op: "exit", proc };
}

/** A reservation as expectations write it. */
export function reservation(entry: { start: number; end: number; type: CacheMode }): string {
  return `[${entry.start},${entry.end}) ${SHORT_MODE[entry.type]}`;
}

/** A memtype list as expectations write it. */
export function reservations(list: readonly Memtype[]): string[] {
  return list.map(reservation);
}
