/** A set of 64-bit hashes in one typed array, by open addressing; 8 bytes a slot. */
export class StateSet {
  private slots: Uint32Array<ArrayBuffer>;
  private mask: number;
  private readonly limit: number;
  size = 0;

  /** `bytes`: the most memory to use, growing included; it begins with 32 kB. */
  constructor(bytes: number) {
    this.limit = bytes;
    this.slots = new Uint32Array(2 << 12);
    this.mask = (1 << 12) - 1;
  }

  /** All slots, as `take` wants them. */
  get table(): Uint32Array<ArrayBuffer> {
    return this.slots;
  }

  /** Whether another hash fits. */
  get hasRoom(): boolean {
    // Old and new table stand side by side while the hashes move over.
    return !this.isFull || this.slots.byteLength * 3 <= this.limit;
  }

  /** Takes over the table of another set of so many hashes. */
  take(table: Uint32Array<ArrayBuffer>, size: number): void {
    this.slots = table;
    this.mask = table.length / 2 - 1;
    this.size = size;
  }

  /** Adds a hash; false if it was there. The hash of all zeros stands for the one beside it. */
  add(high: number, low: number): boolean {
    if (this.isFull) this.grow();
    if (!this.put(high, low)) return false;
    this.size++;
    return true;
  }

  /** All hashes by rising number. */
  sorted(): BigUint64Array<ArrayBuffer> {
    const all = new Uint32Array(this.size * 2);
    let count = 0;
    for (let at = 0; at < this.slots.length; at += 2) {
      const [low, high] = [this.slots[at] as number, this.slots[at + 1] as number];
      if (low === 0 && high === 0) continue;
      all[count++] = low;
      all[count++] = high;
    }
    return new BigUint64Array(all.buffer).sort();
  }

  /** Empties it; the table stays as large as it is. */
  clear(): void {
    this.slots.fill(0);
    this.size = 0;
  }

  private get isFull(): boolean {
    return this.size * 4 > (this.mask + 1) * 3;
  }

  private put(high: number, low: number): boolean {
    const { slots, mask } = this;
    const value = high === 0 && low === 0 ? 1 : low;
    for (let at = (value ^ high) & mask; ; at = (at + 1) & mask) {
      const lowAt = slots[at * 2] as number;
      const highAt = slots[at * 2 + 1] as number;
      if (lowAt === value && highAt === high) return false;
      if (lowAt !== 0 || highAt !== 0) continue;
      slots[at * 2] = value;
      slots[at * 2 + 1] = high;
      return true;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let at = 0; at < old.length; at += 2) {
      const [low, high] = [old[at] as number, old[at + 1] as number];
      if (low !== 0 || high !== 0) this.put(high, low);
    }
  }
}
