import type { MemtypeEntry } from "../pat/interval.ts";
import { MemtypeList } from "../pat/memtype.ts";
import type { Costs } from "./variant.ts";

/**
 * A memtype list that gives back exactly the pages it is told, and no others: it counts how many
 * reservations cover each page, and a free takes one from every page of its range. A count is
 * shown as reservations, which a free cuts as it must. A free that leaves two pieces of one needs
 * memory for the second, unless counts are kept for every page.
 */
export function exactList(costs: Costs, allocatesBorders: boolean): typeof MemtypeList {
  return class extends MemtypeList {
    protected override erase(start: number, end: number): boolean {
      if (!this.isCovered(start, end)) return false;
      if (super.erase(start, end)) return true;
      for (let from = start; from < end; ) {
        const entry = this.covering(from, true);
        if (entry === null) throw new Error("a covered page has a reservation");
        const upTo = Math.min(end, entry.end);
        this.cut(entry, from, upTo);
        from = upTo;
      }
      return true;
    }

    private isCovered(start: number, end: number): boolean {
      for (let pfn = start; pfn < end; ) {
        const entry = this.covering(pfn, false);
        if (entry === null) return false;
        pfn = entry.end;
      }
      return true;
    }

    /**
     * Of the reservations that cover a page the one that ends last, or the one that ends soonest:
     * what is cut off that is most likely another's own piece.
     */
    private covering(pfn: number, soonest: boolean): MemtypeEntry | null {
      let found: MemtypeEntry | null = null;
      for (const entry of this.tree.overlapping(pfn, pfn + 1)) {
        if (found === null || isBetter(entry, found, soonest)) found = entry;
      }
      return found;
    }

    private cut(entry: MemtypeEntry, from: number, upTo: number): void {
      const { start, end, mode } = entry;
      this.remove(entry);
      if (start < from) this.insert(start, from, mode);
      if (upTo < end) this.insert(upTo, end, mode);
      if (allocatesBorders && start < from && upTo < end) costs.allocationsInFree++;
    }
  };
}

/** Among those that end where another does the one that begins last. */
function isBetter(entry: MemtypeEntry, other: MemtypeEntry, soonest: boolean): boolean {
  if (!soonest) return entry.end > other.end;
  return entry.end < other.end || (entry.end === other.end && entry.start > other.start);
}
