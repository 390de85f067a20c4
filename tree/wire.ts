import { putRows, rowsOf } from "../kernel/driverwire.ts";
import type { WorldWindow } from "../kernel/parse/memtype.ts";
import type { Op } from "../src/trace/op.ts";
import { ISA_PAGES } from "../src/trace/isawindow.ts";
import { placedOp, REGION_PFNS } from "../src/trace/regions.ts";
import type { World } from "../src/trace/trace.ts";

/** Our half of what program/host/host.h agrees on, in 32-bit words; a test compares the two. */
export const WIRE = {
  WIRE_VERSION: 1,
  HELLO_MAGIC: 0x45525450,
  TRACE_WORDS: 8,
  OP_WORDS: 10,
} as const;

/** The pfn at which the RAM begins that drivers map (PFNDIFF_DRIVER_RAM). */
export const DRIVER_RAM = 131_072;

/** The kinds of records of an answer. */
export const RECORD = {
  STEP: 1,
  LOG: 2,
  LIST: 3,
  VMAS: 4,
  GONE: 5,
  PAGES: 6,
  END: 7,
  LEAK: 8,
  STOP: 9,
  TRACE: 10,
  FAILED: 11,
  SPENT: 12,
  PASSED: 13,
  CALLS: 14,
  KERNEL_MAPS: 15,
  RAM: 16,
  RACED: 20,
  POINT: 21,
  OUTCOME: 22,
  SEARCHED: 23,
} as const;

/** Why a trace could not go on, by number; 0 is none. */
export const STOPS = ["none", "bug", "crash", "hang", "stub", "unfit"] as const;

/** The words of a hello: magic, version of the wire, LINUX_VERSION_CODE, whether there is a VM_PAT. */
export const HELLO_WORDS = 4;

/** PFNDIFF_APERTURE. */
const APERTURE = 0x1_0000_0000;
const PAGE_BYTES = 4096;

/** Where program/pfndiff.h puts the other regions. */
export function othersOf({ regions }: World): Pick<WorldWindow, "others"> {
  if (regions === undefined) return {};
  const others = regions.map(({ pfns }, n) => ({
    address: APERTURE + (n + 1) * REGION_PFNS * PAGE_BYTES,
    pages: pfns,
  }));
  return { others };
}

/** What a program is asked of a trace. */
export interface Asked {
  readonly world: World;
  readonly ops: readonly Op[];
  /** Whether each step is to say which functions it passed. */
  readonly isWatched?: boolean;
}

/** Traces with the request for all of them, which every program is sent alike. */
export interface Batch {
  readonly traces: readonly Asked[];
  readonly request: Int32Array;
}

/** The processor of a trace has protection keys; all are as without them where nobody names one, and faster. */
const HAS_KEYS = 16;

/** A request of several traces, with its length in words before it. */
export function encodeRequest(traces: readonly Asked[]): Int32Array {
  const { TRACE_WORDS, OP_WORDS } = WIRE;
  const rows = traces.map(({ ops }) => rowsOf(ops));
  const length = rows.reduce((sum, count) => sum + TRACE_WORDS + count * OP_WORDS, 1);
  const words = new Int32Array(length);
  words[0] = length - 1;
  let at = 1;
  for (const [index, { world, ops, isWatched = false }] of traces.entries()) {
    const head = at;
    const { regions = [] } = world;
    words[at] = world.pfns;
    words[at + 1] = world.vpages;
    words[at + 2] =
      (world.mtrr === "write-back" ? 1 : 0) +
      (isWatched ? 2 : 0) +
      (world.pat === false ? 8 : 0) +
      regions.reduce((bits, { mtrr }, n) => bits + (mtrr === "write-back" ? 32 << n : 0), 0) +
      // Where the ISA window begins, counted from a window before the region.
      (world.isa === undefined ? 0 : (world.isa + ISA_PAGES) << 8);
    words[at + 3] = world.maps ?? 0;
    words[at + 4] = rows[index] as number;
    for (const [n, { pfns }] of regions.entries()) words[at + 5 + n] = pfns;
    at += TRACE_WORDS;
    let hasKeys = false;
    for (const op of ops) {
      hasKeys ||= op.op === "mprotect" && op.pkey !== undefined;
      at = putRows(regions.length === 0 ? op : placedOp(op), words, at);
    }
    if (hasKeys) words[head + 2] = (words[head + 2] as number) + HAS_KEYS;
  }
  return words;
}

const UTF8 = new TextDecoder();

/** The text in words that NULs pad. */
export function textIn(words: Int32Array): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const end = bytes.indexOf(0);
  return UTF8.decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}
