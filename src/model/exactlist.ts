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
        const entry = this.covering(from);
        const upTo = Math.min(end, entry.end);
        this.cut(entry, from, upTo);
        from = upTo;
      }
      return true;
    }

    private isCovered(start: number, end: number): boolean {
      for (let pfn = start; pfn < end; pfn++) {
        if (!this.entries.some((entry) => entry.start <= pfn && pfn < entry.end)) return false;
      }
      return true;
    }

    private covering(pfn: number): MemtypeEntry {
      const covers = this.entries.filter((entry) => entry.start <= pfn && pfn < entry.end);
      // The one that ends soonest: what is cut off is then most likely another's own piece.
      const [first] = covers.sort((a, b) => a.end - b.end || b.start - a.start);
      if (first === undefined) throw new Error("a covered page has a reservation");
      return first;
    }

    private cut(entry: MemtypeEntry, from: number, upTo: number): void {
      const { start, end, mode } = entry;
      this.remove(entry);
      if (start < from) this.insert({ start, end: from, mode });
      if (upTo < end) this.insert({ start: upTo, end, mode });
      if (allocatesBorders && start < from && upTo < end) costs.allocationsInFree++;
    }
  };
}
