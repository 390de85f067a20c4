import type { DupReason } from "../../src/mm/tracking.ts";
import type { Pfn } from "../../src/mm/units.ts";
import type { Vma } from "../../src/mm/vma.ts";

/** A context that knows who holds it, so that what a VMA leaves behind can be given back. */
export class Shared {
  kref = 1;
  counted = 0;
  isBad = false;
  readonly holders = new Set<Vma>();

  constructor(
    public pfn: Pfn,
    public pages: number,
    /** The context whose reservation this one lives under, or null if it has its own. */
    readonly parent: Shared | null = null,
  ) {}
}

/** One VMA's part in a context: the kernel would need an offset in the VMA for `pfn`. */
export class Share {
  constructor(
    readonly ctx: Shared,
    /** What the VMA's first page maps. */
    readonly pfn: Pfn,
    readonly process: object,
  ) {}
}

export function shareOf(vma: Vma): Share | null {
  return vma.track instanceof Share ? vma.track : null;
}

/** The context of a VMA, for whoever shows it. */
export function sharedOf(vma: Vma): Shared | null {
  return shareOf(vma)?.ctx ?? null;
}

/** Names processes: the hooks see VMAs, and a fork is told by its reason alone. */
export class Processes {
  private parent: object | null = null;
  private child: object = {};
  private readonly seen = new Set<Vma>();

  /** The process of a duplicate. A VMA that is forked once more begins another child. */
  of(original: Vma, process: object, reason: DupReason): object {
    if (reason !== "fork") return process;
    if (this.parent !== process || this.seen.has(original)) {
      this.parent = process;
      this.child = {};
      this.seen.clear();
    }
    this.seen.add(original);
    return this.child;
  }
}
