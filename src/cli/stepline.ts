import type { Io } from "./io.ts";

const LIVE_EVERY = 100;
const PLAIN_EVERY = 5000;

/** Says on stderr what a long command is at: one live line on a terminal, else now and then. */
export class StepLine {
  private shownAt: number;

  constructor(private readonly io: Io) {
    this.shownAt = io.liveErr ? Number.NEGATIVE_INFINITY : performance.now();
  }

  show(text: string): void {
    const now = performance.now();
    if (now - this.shownAt < (this.io.liveErr ? LIVE_EVERY : PLAIN_EVERY)) return;
    this.shownAt = now;
    if (this.io.liveErr) this.io.err(`\r\u001b[K${text.slice(0, this.io.columns - 1)}`);
    else this.io.err(`${text}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.io.liveErr) this.io.err("\r\u001b[K");
  }
}
