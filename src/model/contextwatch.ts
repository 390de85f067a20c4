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
}

/** A VMA in the list of a process, and the context that it holds. */
interface Holding {
  readonly mm: Mm;
  readonly context: ShownContext;
}

/**
 * Counts who holds which context. It stands before a design's hooks and notes the VMAs that they
 * are told of: a design can reach no context but through one of them, and no VMA comes or goes
 * without a hook. So an op costs what it concerns, however many VMAs there are.
 */
export class ContextWatch implements PfnTracking {
  private readonly holdings = new Map<Vma, Holding>();
  private readonly bad = new Set<ShownContext>();
  private readonly noted: Vma[] = [];
  private readonly reached: ShownContext[] = [];

  constructor(
    private readonly tracking: PfnTracking,
    private readonly contextOf: (vma: Vma) => ShownContext | null,
  ) {}

  /** Forgets everything, as a reboot does. */
  clear(): void {
    this.holdings.clear();
    this.bad.clear();
    this.noted.length = 0;
    this.reached.length = 0;
  }

  /** Looks at a VMA again at the end of the op. */
  note(vma: Vma): void {
    const context = this.contextOf(vma);
    if (context !== null) this.reached.push(context);
    this.noted.push(vma);
  }

  /**
   * How many contexts that live VMAs hold count another number of them. `acting` are the processes
   * whose VMAs the op since the last call may have made.
   */
  countBad(acting: Mm | undefined, child: Mm | undefined): number {
    if (this.noted.length === 0) return this.bad.size;
    for (const vma of this.noted) this.recount(vma, acting, child);
    for (const context of this.reached) {
      if (context.counted > 0 && context.counted !== context.kref) this.bad.add(context);
      else this.bad.delete(context);
    }
    this.noted.length = 0;
    this.reached.length = 0;
    return this.bad.size;
  }

  private recount(vma: Vma, acting: Mm | undefined, child: Mm | undefined): void {
    const was = this.holdings.get(vma);
    const mm = homeOf(vma, was?.mm) ?? homeOf(vma, acting) ?? homeOf(vma, child);
    const context = mm === undefined ? null : this.contextOf(vma);
    if (was?.mm === mm && was?.context === context) return;
    if (was !== undefined) {
      was.context.counted--;
      this.reached.push(was.context);
      this.holdings.delete(vma);
    }
    if (mm === undefined || context === null) return;
    context.counted++;
    this.reached.push(context);
    this.holdings.set(vma, { mm, context });
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

/** The process if the VMA is in its list, and it has not died holding its locks. */
function homeOf(vma: Vma, mm: Mm | undefined): Mm | undefined {
  return mm !== undefined && !mm.isWedged && mm.lookup(vma.start) === vma ? mm : undefined;
}
