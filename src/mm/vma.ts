import type { PageCount, Pfn, VirtualPage } from "./units.ts";

/** Page protection of a VMA; every file is opened for reading and writing, so all may change. */
export type Prot = "none" | "r" | "rw";

/**
 * A vm_area_struct: a half-open range of virtual pages that maps consecutive pfns. `pfn` stands
 * for vm_pgoff, which for these mappings names the pfn of the first page. `track` belongs to the
 * tracking design; the address space only carries it.
 */
export class Vma {
  track: object | null = null;
  dontfork = false;

  constructor(
    public start: VirtualPage,
    public end: VirtualPage,
    public pfn: Pfn,
    public prot: Prot,
    /** A private mapping may be written later (VM_MAYWRITE), so it counts as a COW mapping. */
    public readonly isPrivate: boolean,
  ) {}

  get pages(): PageCount {
    return this.end - this.start;
  }

  /** A copy over [start, end) of what this VMA maps from `pfn` on; `track` stays with the design. */
  copy(start: VirtualPage, end: VirtualPage, pfn: Pfn): Vma {
    const copy = new Vma(start, end, pfn, this.prot, this.isPrivate);
    copy.dontfork = this.dontfork;
    return copy;
  }
}
