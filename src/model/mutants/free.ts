import { MemtypeList } from "../../pat/memtype.ts";
import { inList, type SharedFault } from "./shared.ts";

/** Planted faults in how the memtype list frees. */
export const FREE_FAULTS: readonly SharedFault[] = [
  inList(
    "free-ignored",
    "free",
    "nothing is ever freed",
    class extends MemtypeList {
      override free(): void {}
    },
  ),
  inList(
    "free-silent",
    "free",
    "a free that finds nothing is not logged",
    class extends MemtypeList {
      override free(start: number, end: number): void {
        this.erase(start, end);
      }
    },
    { on: ["legacy"] },
  ),
  inList(
    "free-by-start",
    "erase",
    "the first reservation with that start goes, whatever its end",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const first = this.tree
          .overlapping(start, start + 1)
          .find((entry) => entry.start === start);
        if (first === undefined) return super.erase(start, end);
        this.remove(first);
        return true;
      }
    },
    { on: ["modern", "legacy"] },
  ),
  inList(
    "free-first-overlap",
    "erase",
    "the first reservation that overlaps goes",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const first = this.tree.firstOverlap(start, end, null);
        if (first === null) return false;
        this.remove(first);
        return true;
      }
    },
    { on: ["modern", "legacy"] },
  ),
  inList(
    "free-all-equal",
    "erase",
    "every reservation of exactly the range goes",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const found = super.erase(start, end);
        for (;;) {
          const equal = this.equal(start, end);
          if (equal === null) return found;
          this.remove(equal);
        }
      }
    },
    { on: ["modern", "legacy"] },
  ),
  inList(
    "free-last-equal",
    "erase",
    "of equal reservations the last goes, not the first",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const last = this.tree
          .overlapping(start, end)
          .findLast((e) => e.start === start && e.end === end);
        if (last === undefined) return super.erase(start, end);
        this.remove(last);
        return true;
      }
    },
    {
      on: ["modern", "legacy"],
      equivalent: "equal reservations have one mode: only their order among each other differs",
    },
  ),
  inList(
    "end-match-kept",
    "erase",
    "a failed exact match shrinks by the end, as it did to 6.15",
    class extends MemtypeList {
      constructor(...[mtrrs, , ...rest]: ConstructorParameters<typeof MemtypeList>) {
        super(mtrrs, true, ...rest);
      }
    },
    {
      equivalent:
        "every range that the refcounted design gives back was reserved as it is: the exact match never fails",
    },
  ),
  inList(
    "no-end-match",
    "erase",
    "no reservation is shrunk by its end",
    class extends MemtypeList {
      protected override firstEndingAt(): null {
        return null;
      }
    },
    { on: ["legacy"], history: "to 4.4 (2039e6acaf94)" },
  ),
  inList(
    "end-match-removes",
    "erase",
    "a match by the end removes the whole reservation",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const exact = this.equal(start, end);
        const entry = exact ?? this.firstEndingAt(start, end);
        if (entry !== null) this.remove(entry);
        return entry !== null;
      }
    },
    { on: ["legacy"] },
  ),
  inList(
    "end-match-first",
    "erase",
    "a match by the end comes before the exact one",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const entry = this.firstEndingAt(start, end);
        if (entry === null) return super.erase(start, end);
        const { start: from, mode } = entry;
        this.remove(entry);
        this.insert(from, start, mode);
        return true;
      }
    },
    { on: ["legacy"] },
  ),
  inList(
    "end-match-cuts-wrong-side",
    "erase",
    "a match by the end keeps the part that was freed",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const exact = this.equal(start, end);
        const entry = exact === null ? this.firstEndingAt(start, end) : null;
        if (entry === null) return super.erase(start, end);
        const { mode } = entry;
        this.remove(entry);
        this.insert(start, end, mode);
        return true;
      }
    },
    { on: ["legacy"] },
  ),
  inList(
    "shrink-one-short",
    "erase",
    "a match by the end leaves one page too many",
    class extends MemtypeList {
      protected override erase(start: number, end: number): boolean {
        const exact = this.equal(start, end);
        const entry = exact === null ? this.firstEndingAt(start, end) : null;
        if (entry === null) return super.erase(start, end);
        const { start: from, mode } = entry;
        this.remove(entry);
        this.insert(from, start + 1, mode);
        return true;
      }
    },
    { on: ["legacy"] },
  ),
];
