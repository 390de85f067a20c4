import type { Io } from "./io.ts";

/** Milliseconds between two looks at a live line, and between two plain heartbeats. */
const LIVE_EVERY = 100;
const PLAIN_EVERY = 5000;

/** One line on stderr that is written over on a terminal, and printed now and then elsewhere. */
export class LiveLine {
  private readonly io: Io;
  private shownAt = performance.now();
  private isShown = false;

  constructor(io: Io) {
    this.io = io;
  }

  /** Shows a line where its time has come; `text` is not asked before. */
  show(text: () => string): void {
    const now = performance.now();
    if (now - this.shownAt < (this.io.liveErr ? LIVE_EVERY : PLAIN_EVERY)) return;
    this.shownAt = now;
    this.isShown = this.io.liveErr;
    const line = text();
    this.io.err(this.io.liveErr ? `\r\u001b[K${line.slice(0, this.io.columns - 1)}` : `${line}\n`);
  }

  /** Takes a live line away. */
  clear(): void {
    if (this.isShown) this.io.err("\r\u001b[K");
    this.isShown = false;
  }
}
