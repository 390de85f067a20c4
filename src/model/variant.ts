import { MemtypeList } from "../pat/memtype.ts";
import { PfnRanges } from "../pat/pfnmap.ts";
import type { DesignSpec } from "./machine.ts";

/** What a design does that a kernel would rather not, counted while it runs. */
export interface Costs {
  /** Allocations in a path that must not fail: giving back a range, freeing a VMA. */
  allocationsInFree: number;
  /** Allocations when a VMA is split, which may fail, but did not have to before. */
  allocationsInSplit: number;
  /** Reads or writes of a VMA of another process, whose lock is not held. */
  foreignVmas: number;
}

export function noCosts(): Costs {
  return { allocationsInFree: 0, allocationsInSplit: 0, foreignVmas: 0 };
}

/** Bytes that a design needs on x86-64, beside the reservation in the memtype list. */
export interface Bytes {
  /** Added to every vm_area_struct of the system, tracked or not. */
  readonly vma: number;
  /** For every context. */
  readonly context: number;
  /** For every reservation. */
  readonly reservation: number;
  readonly source: string;
}

/** A design that never shipped, as a backend can be made of it. */
export interface Variant {
  readonly name: string;
  readonly design: "vm-pat" | "kref";
  /** One sentence: what it does otherwise. */
  readonly does: string;
  readonly bytes: Bytes;
  /** The design as a machine's; what it costs goes to `costs`. */
  spec(costs: Costs): DesignSpec;
}

/** A memtype list whose reservations can be cut to pieces in one step under its lock. */
export class ReshapingMemtype extends MemtypeList {
  /** Replaces the reservation of exactly [start, end) by pieces with its mode; false if none is. */
  reshape(start: number, end: number, pieces: readonly (readonly [number, number])[]): boolean {
    const entry = this.equal(start, end);
    if (entry === null) return false;
    const { mode } = entry;
    this.remove(entry);
    for (const [from, to] of pieces) this.insert(from, to, mode);
    this.mapped.untracked(start, end, this.tree);
    return true;
  }
}

/** Pfn ranges that can be cut to pieces. */
export class ReshapingRanges extends PfnRanges {
  reshape(start: number, end: number, pieces: readonly (readonly [number, number])[]): boolean {
    return this.memtype instanceof ReshapingMemtype && this.memtype.reshape(start, end, pieces);
  }
}

/** The parts of a machine whose tracking reshapes reservations. */
export const RESHAPING = { memtype: ReshapingMemtype, ranges: ReshapingRanges };

/** The ranges of a machine made with RESHAPING. */
export function reshaping(ranges: PfnRanges): ReshapingRanges {
  if (ranges instanceof ReshapingRanges) return ranges;
  throw new Error("this design needs pfn ranges that can be reshaped");
}
