import { DRIVER_CALLS, DRIVER_OP_KINDS, type DriverCallRecord } from "../trace/driverop.ts";
import { type Op, type OpKind, SYSCALL_KINDS, type SyscallKind } from "../trace/op.ts";

/**
 * The closed list of causes. A cause names the first thing that made a reservation differ from
 * the pages it stands for; places (head, middle, tail, whole) are relative to what the
 * reservation's mapping still had, so that a page split off first and unmapped later has the
 * same name as one unmapped at once.
 */
const CAUSE_NAMES = [
  "none",
  "unmap-head",
  "unmap-middle",
  "unmap-tail",
  "unmap-whole",
  "replace",
  "shrink",
  "split",
  "move-head",
  "move-middle",
  "move-tail",
  "cow",
  "cow-head",
  "end-match",
  "equal-match",
  "retained",
  "bridge",
  "leaked",
  "untrack-first",
  ...SYSCALL_KINDS,
  ...DRIVER_OP_KINDS,
  ...DRIVER_CALLS,
  // What is new stands last: hashes of certificates are made of these numbers.
  "isa-window",
  "insert-pmd",
] as const;

/** A cause by its index in the list; small enough for a byte. */
export type CauseId = number;

function idOf(name: (typeof CAUSE_NAMES)[number]): CauseId {
  return CAUSE_NAMES.indexOf(name);
}

export const NO_CAUSE: CauseId = 0;
export const UNMAP: CauseId = idOf("unmap-head");
export const REPLACE: CauseId = idOf("replace");
export const SHRINK: CauseId = idOf("shrink");
export const SPLIT: CauseId = idOf("split");
export const MOVE: CauseId = idOf("move-head");
export const COW: CauseId = idOf("cow");
export const COW_HEAD: CauseId = idOf("cow-head");
export const END_MATCH: CauseId = idOf("end-match");
export const EQUAL_MATCH: CauseId = idOf("equal-match");
/** What stood in a request's way: a page that a live mapping's reservation keeps past its use. */
export const RETAINED: CauseId = idOf("retained");
/** ... the same where the request meets another cache mode beside it, so that it can adopt neither. */
export const BRIDGE: CauseId = idOf("bridge");
/** ... or a reservation whose mapping is gone for good. */
export const LEAKED: CauseId = idOf("leaked");

/** It was untracked before its page table entries were cleared. */
export const UNTRACK_FIRST: CauseId = idOf("untrack-first");

/** An untrack of pages in the ISA window does nothing, also where the reservation reaches into it. */
export const ISA_WINDOW: CauseId = idOf("isa-window");

/** A driver has inserted 2 MiB at once: of all its pages the mode is what the list says of the first. */
export const INSERT_PMD: CauseId = idOf("insert-pmd");

/** Where the lost pages lie among those a mapping had. */
export const HEAD = 0;
export const MIDDLE = 1;
export const TAIL = 2;
export const WHOLE = 3;

/** How an op took pages: UNMAP (munmap, exit, and what MAP_FIXED replaces) or SHRINK. */
export type Removal = CauseId;

/** Joins a removal and a place; an mremap() shrink off the end of a mapping has its own name. */
export function removalCause(removal: Removal, place: number): CauseId {
  if (removal !== SHRINK) return removal + place;
  return place === TAIL ? SHRINK : UNMAP + place;
}

/** The mistake that a driver's handler makes with pages that a mapping does not say it has, if any. */
export function mistakeCause(calls: readonly DriverCallRecord[]): CauseId {
  const made = calls.find((one) => one.call === "remap-copy" || isPast(one));
  return made === undefined ? NO_CAUSE : idOf(made.call);
}

/** The call of a handler that maps through a copy of its VMA, if any. */
export function copyCause(calls: readonly DriverCallRecord[]): CauseId {
  return calls.some(({ call }) => call === "remap-copy") ? idOf("remap-copy") : NO_CAUSE;
}

const isPast = (made: DriverCallRecord) => made.call === "remap" && made.past !== undefined;

const FIRST_OP: CauseId = idOf(SYSCALL_KINDS[0] as SyscallKind);
const KIND_CAUSES = new Map<OpKind, CauseId>(
  [...SYSCALL_KINDS, ...DRIVER_OP_KINDS].map((kind) => [kind, idOf(kind)]),
);

/** Calls of a driver, from the one that says most of a handler to the one that says least. */
const TELLING: readonly DriverCallRecord["call"][] = [
  "remap-copy",
  "insert-page",
  "remap-window",
  "dma-window",
  "fault-handler",
  "zap",
  "dma",
  "remap",
];

/**
 * The cause of last resort, when nothing in the history explains a symptom: the op itself, or of a
 * driver's handler the most telling call that it makes.
 */
export function opCause(op: Op): CauseId {
  // What a claim takes from processes it takes as a revoke does.
  if (op.op === "claim") return idOf("revoke");
  if (op.op !== "drv-mmap" && op.op !== "drv-run") return KIND_CAUSES.get(op.op) as CauseId;
  return tellingCause(op.calls) ?? idOf(op.op);
}

function tellingCause(calls: readonly DriverCallRecord[]): CauseId | null {
  const telling = TELLING.find((name) => calls.some(({ call }) => call === name));
  return telling === undefined ? null : idOf(telling);
}

/** Pages moved away, and their VMA stayed for want of memory to split it. */
export const HOLLOW: CauseId = idOf("mremap");

/** set_memory_*() was called and not undone. */
export const SET_MEMORY: CauseId = idOf("set-memory");

/** Whether an untrack with this cause would have found its reservation, had no other been there. */
export function failsOnlyByAnother(cause: CauseId): boolean {
  if (cause >= FIRST_OP) return cause !== ISA_WINDOW;
  return cause === SHRINK || cause === UNMAP + TAIL || cause === UNMAP + WHOLE;
}

/** The name that goes into a signature. */
export function causeName(cause: CauseId): string {
  return CAUSE_NAMES[cause] ?? "none";
}
