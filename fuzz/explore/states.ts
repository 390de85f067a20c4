import { HashSum } from "./hashsum.ts";
import { bytesOf, type Spill } from "./spill.ts";
import { StateSet } from "./stateset.ts";

const HASH_BYTES = 8;
/** Hashes that are read from a run at once. */
const PIECE = 1 << 16;

/** What another search has come to know; `runs`: how many hashes each file has. */
export interface KeptStates {
  readonly size: number;
  readonly table: Uint32Array<ArrayBuffer>;
  readonly runs: readonly number[];
}

/**
 * All states that a search has reached. The set in memory takes them until it is full; then what it
 * holds goes to the disk, sorted, as one more run. So a state may be in memory and on the disk, and
 * whether one that is new to the memory is new at all is decided for many together: settle().
 */
export class States {
  private readonly table: StateSet;
  private readonly runs: number[] = [];
  /** Hashes since the last settle(), low word first, in the order they came. */
  private fresh = new Uint32Array(1 << 12);
  private freshWords = 0;

  /** `bytes`: the most memory to use, but for what the runs are sorted in. */
  constructor(
    bytes: number,
    private readonly spill: Spill,
  ) {
    this.table = new StateSet(bytes);
  }

  take({ table, size, runs }: KeptStates): void {
    this.table.take(table, size);
    this.runs.push(...runs);
  }

  /** What take() wants; everything must be settled. */
  get kept(): KeptStates {
    return { size: this.table.size, table: this.table.table, runs: this.runs };
  }

  get hasRoom(): boolean {
    return this.table.hasRoom;
  }

  /** How many have come since the last settle(), of which some may be on the disk. */
  get unsettled(): number {
    return this.freshWords / 2;
  }

  /** Adds a state; false if it is known to be there already. */
  add(high: number, low: number): boolean {
    if (!this.table.add(high, low)) return false;
    if (this.freshWords === this.fresh.length) {
      const more = new Uint32Array(this.freshWords * 2);
      more.set(this.fresh);
      this.fresh = more;
    }
    this.fresh[this.freshWords++] = low;
    this.fresh[this.freshWords++] = high;
    return true;
  }

  /**
   * Decides which of the states that have come since the last time are new, and adds their hashes to
   * `sum`. Returns for each in order whether it is, or null where all are. `mustEmpty`: and makes room in memory.
   */
  settle(sum: HashSum, mustEmpty: boolean): readonly boolean[] | null {
    const isAllNew = this.runs.length === 0 || this.freshWords === 0;
    const sorted = mustEmpty || !isAllNew ? this.table.sorted() : null;
    const known = sorted === null || isAllNew ? null : this.knownOf(sorted);
    const isNew: boolean[] = [];
    for (let at = 0; at < this.freshWords; at += 2) {
      const [low, high] = [this.fresh[at] as number, this.fresh[at + 1] as number];
      const isFresh = sorted === null || known === null || known[placeOf(sorted, high, low)] === 0;
      if (known !== null) isNew.push(isFresh);
      if (isFresh) sum.add(high, low);
    }
    this.freshWords = 0;
    if (mustEmpty && sorted !== null) this.empty(sorted, known ?? this.knownOf(sorted));
    return known === null ? null : isNew;
  }

  /** Which of the sorted hashes are in a run. */
  private knownOf(sorted: BigUint64Array<ArrayBuffer>): Uint8Array {
    const known = new Uint8Array(sorted.length);
    const words = new Uint32Array(sorted.buffer);
    const piece = new Uint32Array(PIECE * 2);
    for (const [run, count] of this.runs.entries()) {
      let at = 0;
      for (let done = 0; done < count; done += PIECE) {
        const part = piece.subarray(0, Math.min(PIECE, count - done) * 2);
        this.spill.read(nameOf(run), done * HASH_BYTES, bytesOf(part));
        at = markCommon(words, at, part, known);
      }
    }
    return known;
  }

  /** Writes what the memory holds and no run has, and empties the memory. */
  private empty(sorted: BigUint64Array<ArrayBuffer>, known: Uint8Array): void {
    const words = new Uint32Array(sorted.buffer);
    let count = 0;
    for (const [at, isKnown] of known.entries()) {
      if (isKnown !== 0) continue;
      words[count * 2] = words[at * 2] as number;
      words[count * 2 + 1] = words[at * 2 + 1] as number;
      count++;
    }
    this.spill.write(nameOf(this.runs.length), 0, bytesOf(words.subarray(0, count * 2)));
    this.runs.push(count);
    this.table.clear();
  }
}

const nameOf = (run: number) => `states-${run}`;

/** Marks which hashes from `from` on are in `others` too, both sorted; returns where to go on. */
function markCommon(
  words: Uint32Array,
  from: number,
  others: Uint32Array,
  known: Uint8Array,
): number {
  let at = from;
  for (let other = 0; other < others.length; other += 2) {
    const [low, high] = [others[other] as number, others[other + 1] as number];
    while (at < known.length && isBelow(words, at, high, low)) at++;
    if (at === known.length) break;
    if (words[at * 2] === low && words[at * 2 + 1] === high) known[at] = 1;
  }
  return at;
}

function isBelow(words: Uint32Array, at: number, high: number, low: number): boolean {
  const highAt = words[at * 2 + 1] as number;
  return highAt < high || (highAt === high && (words[at * 2] as number) < low);
}

/** Where a hash is among sorted ones that have it. */
function placeOf(sorted: BigUint64Array<ArrayBuffer>, high: number, low: number): number {
  const words = new Uint32Array(sorted.buffer);
  const value = high === 0 && low === 0 ? 1 : low;
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBelow(words, middle, high, value)) from = middle + 1;
    else to = middle;
  }
  return from;
}
