const WORD = 2 ** 32;

/** A sum of 64-bit hashes, modulo 2^64, and of how many. */
export class HashSum {
  constructor(
    private high = 0,
    private low = 0,
    public count = 0,
  ) {}

  add(high: number, low: number): void {
    this.count++;
    const sum = this.low + low;
    this.low = sum % WORD;
    this.high = (this.high + high + (sum >= WORD ? 1 : 0)) % WORD;
  }

  get words(): [high: number, low: number] {
    return [this.high, this.low];
  }

  get text(): string {
    return [this.high, this.low].map((word) => word.toString(16).padStart(8, "0")).join("");
  }
}
