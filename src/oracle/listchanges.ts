/** How a value of the list changed, and what the oracle has made of it. */
export const WENT = 0;
export const CAME = 1;
/** It has found its owner. */
export const CLAIMED = 2;
/** It went, and is matched with an entry for the time being. */
export const MATCHED = 3;

/** An entry of the memtype list that came or went. */
export class ListChange {
  start = 0;
  end = 0;
  /** Index into CACHE_MODES. */
  mode = 0;
  state = WENT;
  /** For one that came: the one that went and became this, or null. */
  home: ListChange | null = null;

  has(start: number, end: number, mode: number): boolean {
    return this.start === start && this.end === end && this.mode === mode;
  }
}

/** An entry of a memtype list; `mode` is an index into CACHE_MODES. */
export interface ListEntry {
  readonly start: number;
  readonly end: number;
  readonly mode: number;
}

/**
 * How the memtype list changed in one step: entries that came and entries that went, by value.
 * A shrunk entry is one that went and one that came. The order does not matter, and a value
 * that both came and went cancels out, so a model may append as it goes.
 */
export class ListChanges {
  /** The changes: the first `count`; the others wait to be used again. */
  readonly all: ListChange[] = [];
  count = 0;

  clear(): void {
    this.count = 0;
  }

  add(start: number, end: number, mode: number): void {
    this.push(start, end, mode, CAME);
  }

  remove(start: number, end: number, mode: number): void {
    this.push(start, end, mode, WENT);
  }

  /** The changes from one list to the next; equal entries are alike. */
  between(was: readonly ListEntry[], is: readonly ListEntry[]): void {
    this.clear();
    if (was === is) return;
    let head = 0;
    while (head < was.length && head < is.length && areAlike(was[head], is[head])) head++;
    let [wasEnd, isEnd] = [was.length, is.length];
    while (wasEnd > head && isEnd > head && areAlike(was[wasEnd - 1], is[isEnd - 1])) {
      wasEnd--;
      isEnd--;
    }
    for (let at = head; at < wasEnd; at++) {
      const { start, end, mode } = was[at] as ListEntry;
      this.remove(start, end, mode);
    }
    for (let at = head; at < isEnd; at++) {
      const { start, end, mode } = is[at] as ListEntry;
      this.add(start, end, mode);
    }
  }

  private push(start: number, end: number, mode: number, state: number): void {
    const change = (this.all[this.count] ??= new ListChange());
    this.count++;
    change.start = start;
    change.end = end;
    change.mode = mode;
    change.state = state;
    change.home = null;
  }

  /** Drops the values that both came and went, and sorts the rest by start and end. */
  normalise(): void {
    if (this.count < 2) return;
    this.cancel();
    const { all } = this;
    for (let at = 1; at < this.count; at++) {
      const change = all[at] as ListChange;
      let low = at;
      for (; low > 0 && isBefore(change, all[low - 1] as ListChange); low--) {
        all[low] = all[low - 1] as ListChange;
      }
      all[low] = change;
    }
  }

  private cancel(): void {
    const { all } = this;
    for (let at = 0; at < this.count; ) {
      const change = all[at] as ListChange;
      let other = at + 1;
      while (other < this.count && !areOpposite(change, all[other] as ListChange)) other++;
      if (other === this.count) {
        at++;
      } else {
        this.swap(other, this.count - 1);
        this.swap(at, this.count - 2);
        this.count -= 2;
      }
    }
  }

  private swap(a: number, b: number): void {
    const { all } = this;
    const change = all[a] as ListChange;
    all[a] = all[b] as ListChange;
    all[b] = change;
  }
}

function areAlike(a: ListEntry | undefined, b: ListEntry | undefined): boolean {
  return a?.start === b?.start && a?.end === b?.end && a?.mode === b?.mode;
}

function areOpposite(a: ListChange, b: ListChange): boolean {
  return a.state !== b.state && a.has(b.start, b.end, b.mode);
}

function isBefore(a: ListChange, b: ListChange): boolean {
  if (a.start !== b.start) return a.start < b.start;
  return a.end !== b.end ? a.end < b.end : a.state < b.state;
}
