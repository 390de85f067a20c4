/** Thrown when a set would outgrow the memory it was given. */
export class OutOfMemory extends Error {}

/** A set of 64-bit hashes in one typed array, by open addressing; 8 bytes a slot. */
export class StateSet {
  private slots: Uint32Array<ArrayBuffer>;
  private mask: number;
  private readonly limit: number;
  size = 0;

  /** `bytes`: the most memory to use, growing included. */
  constructor(bytes: number) {
    this.limit = bytes;
    this.slots = new Uint32Array(2 << 12);
    this.mask = (1 << 12) - 1;
  }

  /** All slots, as `take` wants them. */
  get table(): Uint32Array<ArrayBuffer> {
    return this.slots;
  }

  /** Takes over the table of another set of so many hashes; it must be one that fits. */
  take(table: Uint32Array<ArrayBuffer>, size: number): void {
    if (table.byteLength > this.limit) throw new OutOfMemory();
    this.slots = table;
    this.mask = table.length / 2 - 1;
    this.size = size;
  }

  /** Adds a hash; false if it was there. The hash of all zeros stands for the one beside it. */
  add(high: number, low: number): boolean {
    if (this.size * 4 > (this.mask + 1) * 3) this.grow();
    if (!this.put(high, low)) return false;
    this.size++;
    return true;
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
    // Old and new table stand side by side while the hashes move over.
    if (old.byteLength * 3 > this.limit) throw new OutOfMemory();
    this.slots = new Uint32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let at = 0; at < old.length; at += 2) {
      const [low, high] = [old[at] as number, old[at + 1] as number];
      if (low !== 0 || high !== 0) this.put(high, low);
    }
  }
}
