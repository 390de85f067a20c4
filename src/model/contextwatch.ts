import type { Outcome } from "../mm/errno.ts";
import { Gathered, type Mm } from "../mm/mm.ts";
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

/**
 * Counts who holds which context. It stands before a design's hooks and notes the VMAs that they
 * are told of: a design can reach no context but through one of them, and no VMA comes or goes
 * without a hook. So an op costs what it concerns, however many VMAs there are.
 */
export class ContextWatch implements PfnTracking {
  private bad = 0;
  private readonly noted = new Gathered<Vma>();
  /** Contexts that a VMA has let go of since the last count. */
  private readonly left = new Gathered<ShownContext>();

  constructor(
    public tracking: PfnTracking,
    private readonly contextOf: (vma: Vma) => ShownContext | null,
  ) {}

  /** Forgets everything, as a reboot does. */
  clear(): void {
    this.bad = 0;
    for (let at = 0; at < this.noted.count; at++) (this.noted.items[at] as Vma).isNoted = false;
    this.noted.clear();
  }

  /** Keeps the counts of contexts; returns what puts them back. Nothing is left to look at then. */
  keep(vmas: readonly Vma[]): () => void {
    const bad = this.countBad();
    const contexts = new Set(vmas.map(this.contextOf).filter((context) => context !== null));
    const kept = [...contexts].map((context) => {
      const { counted, isBad } = context;
      return { context, counted, isBad };
    });
    return () => {
      this.clear();
      this.bad = bad;
      for (const { context, counted, isBad } of kept) {
        context.counted = counted;
        context.isBad = isBad;
      }
    };
  }

  /** Looks at a VMA again at the end of the op. */
  note(vma: Vma): void {
    if (vma.isNoted) return;
    vma.isNoted = true;
    this.noted.push(vma);
  }

  /** How many contexts that live VMAs hold count another number of them. */
  countBad(): number {
    const { noted, left } = this;
    if (noted.count === 0) return this.bad;
    for (let at = 0; at < noted.count; at++) this.recount(noted.items[at] as Vma);
    for (let at = 0; at < noted.count; at++) {
      this.weigh((noted.items[at] as Vma).watched as ShownContext | null);
    }
    for (let at = 0; at < left.count; at++) this.weigh(left.items[at] as ShownContext);
    noted.clear();
    left.clear();
    return this.bad;
  }

  private recount(vma: Vma): void {
    vma.isNoted = false;
    const was = vma.watched as ShownContext | null;
    const context = vma.isLinked ? this.contextOf(vma) : null;
    if (was === context) return;
    if (was !== null) {
      was.counted--;
      this.left.push(was);
    }
    if (context !== null) context.counted++;
    vma.watched = context;
  }

  private weigh(context: ShownContext | null): void {
    if (context === null) return;
    const isBad = context.counted > 0 && context.counted !== context.kref;
    if (isBad === context.isBad) return;
    context.isBad = isBad;
    this.bad += isBad ? 1 : -1;
  }

  remap(vma: Vma, wanted: PageCacheMode, granted: ModeRef, pfn: Pfn): Outcome {
    this.note(vma);
    return this.tracking.remap(vma, wanted, granted, pfn);
  }

  remapFailed(vma: Vma, pfn: Pfn, pages: PageCount, whole: boolean): void {
    this.note(vma);
    this.tracking.remapFailed(vma, pfn, pages, whole);
  }

  dup(copy: Vma, original: Vma, reason: DupReason): Outcome | void {
    this.note(copy);
    this.note(original);
    return this.tracking.dup(copy, original, reason);
  }

  dontfork(vma: Vma): void {
    if (this.tracking.dontfork === undefined) return;
    this.note(vma);
    this.tracking.dontfork(vma);
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
