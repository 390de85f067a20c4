import type { Mm } from "./mm.ts";
import type { Vma } from "./vma.ts";

/** One mapping of the driver's file: a VMA and the address space it lies in. */
export interface FileEntry {
  readonly mm: Mm;
  readonly vma: Vma;
}

/**
 * The i_mmap tree of the driver's file: every VMA that maps it, in all processes, by file offset;
 * among equals the later one comes later, but a child's right after its parent's.
 */
export class FileMapping {
  readonly entries: FileEntry[] = [];

  /** vma_interval_tree_insert(). */
  insert(mm: Mm, vma: Vma): void {
    const { entries } = this;
    let i = entries.length;
    while (i > 0 && (entries[i - 1] as FileEntry).vma.pfn > vma.pfn) i--;
    entries.splice(i, 0, { mm, vma });
  }

  /** vma_interval_tree_insert_after(): fork() puts the copy right behind the original. */
  insertAfter(mm: Mm, vma: Vma, original: Vma): void {
    this.entries.splice(this.indexOf(original) + 1, 0, { mm, vma });
  }

  remove(vma: Vma): void {
    const index = this.indexOf(vma);
    if (index >= 0) this.entries.splice(index, 1);
  }

  /** Takes a VMA out and puts it in again, as a split does; it then comes after its equals. */
  reinsert(mm: Mm, vma: Vma): void {
    this.remove(vma);
    this.insert(mm, vma);
  }

  /**
   * Keeps the order of the tree; returns what puts it back, given the address space that has taken
   * the place of each.
   */
  keep(): (replaced: ReadonlyMap<Mm, Mm>) => void {
    const entries = [...this.entries];
    return (replaced) => {
      this.clear();
      for (const { mm, vma } of entries) this.entries.push({ mm: replaced.get(mm) ?? mm, vma });
    };
  }

  clear(): void {
    while (this.entries.length > 0) this.entries.pop();
  }

  private indexOf(vma: Vma): number {
    return this.entries.findIndex((entry) => entry.vma === vma);
  }
}
