/** The bit of a VMA's flags that says that it has no VM_PAT where others may (SEEN_PAT_LOST in program/pfndiff.h). */
export const PAT_LOST = 1;
/** It is of the driver's file (SEEN_DRIVERS). */
const DRIVERS = 1 << 20;
/** It is of anonymous memory (SEEN_ANON). */
export const ANON = 1 << 21;
/** A page that the page table does not map. */
const ENTRY_NONE = -1;
/** One of memory that a write has made a copy in. */
export const ENTRY_COPIED = -2;

/** What stands for the driver's file. */
const DRIVERS_FILE = {};

/** A VMA as a program shows it; the record serves for another one as soon as the process' VMAs change. */
export class ShownVma {
  start = 0;
  end = 0;
  pfn = 0;
  /** As src/mm/vmaflags.ts has them. */
  flags = 0;
  /** Not null for one of the driver's file. */
  device: typeof DRIVERS_FILE | null = null;
  isAnon = false;
  isPatLost = false;
}

/** A reservation as a program shows it; `mode` is an index into CACHE_MODES. */
export interface ShownReservation {
  readonly start: number;
  readonly end: number;
  readonly mode: number;
}

/** A process: its VMAs by address, and what its page table holds. It serves one process after another. */
export class ShownSpace {
  private readonly all: ShownVma[] = [];
  private count = 0;
  private entries = new Int32Array(0);

  /** Starts over as a process of `vpages` pages, with none of them mapped. */
  begin(vpages: number): void {
    this.count = 0;
    if (this.entries.length < vpages) this.entries = new Int32Array(vpages);
    this.entries.fill(ENTRY_NONE);
  }

  /** All of them, by rising address. */
  get vmas(): readonly ShownVma[] {
    return this.all.slice(0, this.count);
  }

  /** Takes the VMAs that words [from, to) hold in place of its own. */
  take(words: Int32Array, from: number, to: number): void {
    this.count = 0;
    for (let at = from; at < to; at += 4) {
      const vma = (this.all[this.count] ??= new ShownVma());
      const shown = words[at + 3] as number;
      this.count++;
      vma.start = words[at] as number;
      vma.end = words[at + 1] as number;
      vma.pfn = words[at + 2] as number;
      vma.flags = shown & ~(PAT_LOST | DRIVERS | ANON);
      vma.device = (shown & DRIVERS) === 0 ? null : DRIVERS_FILE;
      vma.isAnon = (shown & ANON) !== 0;
      vma.isPatLost = (shown & PAT_LOST) !== 0;
    }
  }

  /** The first VMA that ends after `page`, or null. */
  find(page: number): ShownVma | null {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.all[middle] as ShownVma).end > page) high = middle;
      else low = middle + 1;
    }
    return low < this.count ? (this.all[low] as ShownVma) : null;
  }

  after(vma: { readonly end: number }): ShownVma | null {
    return this.find(vma.end);
  }

  /** (pfn << 3) | cache mode of a page of the region, or a negative number. */
  entryAt(page: number): number {
    return this.entries[page] ?? ENTRY_NONE;
  }

  /** Where the pages from `page` on stop to map consecutive pfns with one mode, or nothing; at most `to`. */
  runEnd(page: number, to: number): number {
    const first = this.entryAt(page);
    let end = page + 1;
    // A page on, the same mode: the pfn is what lies above the three bits of the mode.
    if (first >= 0) while (end < to && this.entryAt(end) === first + (end - page) * 8) end++;
    else while (end < to && this.entryAt(end) < 0) end++;
    return end;
  }

  setEntry(page: number, entry: number): void {
    this.entries[page] = entry;
  }
}

/** An entry that is written anew with each list it is part of. */
type Kept = { -readonly [Name in keyof ShownReservation]: ShownReservation[Name] };

/** A memtype list whose entries are kept for the next one. */
export class ShownList {
  readonly shown: ShownReservation[] = [];
  private readonly kept: Kept[] = [];

  take(words: Int32Array, from: number, to: number): readonly ShownReservation[] {
    this.shown.length = 0;
    for (let at = from; at < to; at += 3) {
      const entry = (this.kept[this.shown.length] ??= { start: 0, end: 0, mode: 0 });
      entry.start = words[at] as number;
      entry.end = words[at + 1] as number;
      entry.mode = words[at + 2] as number;
      this.shown.push(entry);
    }
    return this.shown;
  }
}
