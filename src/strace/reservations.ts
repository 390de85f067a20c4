import type { Prot, SyscallKind } from "../trace/op.ts";
import { argument, failed, pageIn, pagesIn, returnedNumber, splitArguments } from "./args.ts";
import { flagsIn, protectionOf } from "./flags.ts";
import type { CallLine } from "./lines.ts";
import { type PageRange, without } from "./pageranges.ts";

const PAGE = 4096;

/** Private anonymous memory with its protection. */
export interface Reservation extends PageRange {
  readonly prot: Prot;
}

/** The anonymous memory of an address space that the trace does not have: ranges that lie apart. */
export class Reservations {
  constructor(private ranges: readonly Reservation[] = []) {}

  copy(): Reservations {
    return new Reservations(this.ranges);
  }

  put(range: Reservation): void {
    this.remove(range.start, range.end);
    this.ranges = [...this.ranges, range];
  }

  remove(start: number, end: number): void {
    this.ranges = without(this.ranges, start, end);
  }

  protect(start: number, end: number, prot: Prot): void {
    const changed = this.ranges
      .map((range) => ({
        start: Math.max(range.start, start),
        end: Math.min(range.end, end),
        prot,
      }))
      .filter((part) => part.start < part.end);
    this.remove(start, end);
    this.ranges = [...this.ranges, ...changed];
  }

  /** Takes out those that have a page of [start, end), by address. */
  take(start: number, end: number): Reservation[] {
    const taken = this.ranges.filter((range) => range.start < end && start < range.end);
    this.ranges = this.ranges.filter((range) => !taken.includes(range));
    return taken.sort((a, b) => a.start - b.start);
  }
}

/** Whether the flags of an mmap() ask for private anonymous memory. */
export function isReservation(flags: ReadonlySet<string>): boolean {
  return flags.has("MAP_ANONYMOUS") && flags.has("MAP_PRIVATE");
}

/** Takes note of what a call that succeeded does to the anonymous memory that is not in the trace. */
export function followReservations(
  kind: SyscallKind | undefined,
  call: CallLine,
  reserved: Reservations,
): void {
  if (failed(call)) return;
  const parts = splitArguments(call.text);
  const range = () => {
    const at =
      kind === "mmap" ? returnedNumber(call) / PAGE : pageIn(call, argument(call, parts, 0));
    return at === null ? null : { start: at, end: at + pagesIn(call, argument(call, parts, 1)) };
  };
  if (kind === "mmap") {
    const place = range();
    const prot = protectionOf(flagsIn("prot", argument(call, parts, 2)));
    const isAnon = isReservation(flagsIn("map", argument(call, parts, 3)));
    if (place !== null && isAnon) reserved.put({ ...place, prot });
  } else if (kind === "mprotect") {
    const place = range();
    const prot = protectionOf(flagsIn("prot", argument(call, parts, 2)));
    if (place !== null) reserved.protect(place.start, place.end, prot);
  } else if (kind === "munmap" || kind === "mremap") {
    const place = range();
    if (place !== null) reserved.remove(place.start, place.end);
  }
}
