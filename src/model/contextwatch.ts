import type { Outcome } from "../mm/errno.ts";
import type { Mm } from "../mm/mm.ts";
import type { DupReason, PfnTracking, UnmapReason } from "../mm/tracking.ts";
import type { PageCount, Pfn } from "../mm/units.ts";
import type { Vma } from "../mm/vma.ts";
import type { PageCacheMode } from "../pat/cachemode.ts";
import type { ModeRef } from "../pat/memtype.ts";

/** A tracking context as a design shows it: range and count. */
export interface ShownContext {
  readonly pfn: number;
  readonly pages: number;
  readonly kref: number;
  /** How many VMAs of live processes hold it, by the watch that counts them. */
  counted: number;
  /** The watch has found the count to be another than `kref`. */
  isBad: boolean;
}

/** A list that keeps its memory when it is emptied: arrays whose length is set give theirs back. */
class Scratch<T> {
  count = 0;
  readonly items: T[] = [];

  push(item: T): void {
    this.items[this.count++] = item;
  }
}

/**
 * Counts who holds which context. It stands before a design's hooks and notes the VMAs that they
 * are told of: a design can reach no context but through one of them, and no VMA comes or goes
 * without a hook. So an op costs what it concerns, however many VMAs there are.
 */
export class ContextWatch implements PfnTracking {
  private bad = 0;
  private readonly noted = new Scratch<Vma>();
  private readonly reached = new Scratch<ShownContext>();

  constructor(
    private readonly tracking: PfnTracking,
    private readonly contextOf: (vma: Vma) => ShownContext | null,
  ) {}

  /** Forgets everything, as a reboot does. */
  clear(): void {
    this.bad = 0;
    this.noted.count = 0;
    this.reached.count = 0;
  }

  /** Looks at a VMA again at the end of the op. */
  note(vma: Vma): void {
    const context = this.contextOf(vma);
    if (context !== null) this.reached.push(context);
    this.noted.push(vma);
  }

  /** How many contexts that live VMAs hold count another number of them. */
  countBad(): number {
    const { noted, reached } = this;
    for (let at = 0; at < noted.count; at++) this.recount(noted.items[at] as Vma);
    for (let at = 0; at < reached.count; at++) {
      const context = reached.items[at] as ShownContext;
      const isBad = context.counted > 0 && context.counted !== context.kref;
      if (isBad === context.isBad) continue;
      context.isBad = isBad;
      this.bad += isBad ? 1 : -1;
    }
    noted.count = 0;
    reached.count = 0;
    return this.bad;
  }

  private recount(vma: Vma): void {
    const was = vma.watched as ShownContext | null;
    const context = vma.isLinked ? this.contextOf(vma) : null;
    if (was === context) return;
    if (was !== null) {
      was.counted--;
      this.reached.push(was);
    }
    if (context !== null) {
      context.counted++;
      this.reached.push(context);
    }
    vma.watched = context;
  }

  remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
    this.note(vma);
    return this.tracking.remap(vma, wanted, granted, pfn);
  }

  remapFailed(vma: Vma, pfn: Pfn, pages: PageCount, whole: boolean): void {
    this.note(vma);
    this.tracking.remapFailed(vma, pfn, pages, whole);
  }

  dup(copy: Vma, original: Vma, reason: DupReason): void {
    this.note(copy);
    this.note(original);
    this.tracking.dup(copy, original, reason);
  }

  copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
    this.note(childVma);
    return this.tracking.copy(childVma, parent, parentVma);
  }

  copyFailed(childVma: Vma, parent: Mm, parentVma: Vma): void {
    this.note(childVma);
    this.tracking.copyFailed(childVma, parent, parentVma);
  }

  unmap(mm: Mm, vma: Vma, reason: UnmapReason): void {
    this.note(vma);
    this.tracking.unmap(mm, vma, reason);
  }

  moved(vma: Vma): void {
    this.note(vma);
    this.tracking.moved(vma);
  }

  free(vma: Vma): void {
    this.note(vma);
    this.tracking.free(vma);
  }
}
