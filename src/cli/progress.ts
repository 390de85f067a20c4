import type { Progress } from "../../fuzz/campaign.ts";
import type { Io } from "./io.ts";

/** Milliseconds between two looks at a live line, and between two plain heartbeats. */
const LIVE_EVERY = 100;
const PLAIN_EVERY = 5000;

/** Shows how far a campaign is: one live line on a terminal, else a plain line now and then. */
export class ProgressLine {
  private readonly io: Io;
  private shownAt: number;

  constructor(io: Io) {
    this.io = io;
    // The first heartbeat of a plain stderr comes after its interval: short runs stay silent.
    this.shownAt = io.liveErr ? Number.NEGATIVE_INFINITY : performance.now();
  }

  show(progress: Progress): void {
    const now = performance.now();
    if (now - this.shownAt < (this.io.liveErr ? LIVE_EVERY : PLAIN_EVERY)) return;
    this.shownAt = now;
    const line = progressText(progress);
    if (!this.io.liveErr) this.io.err(`${line}\n`);
    else this.io.err(`\r\u001b[K${line.slice(0, this.io.columns - 1)}`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.io.liveErr) this.io.err("\r\u001b[K");
  }
}

/** Progress in words, the fastest changing first. */
export function progressText(progress: Progress): string {
  const { phase, runs, opsPerSecond, findings, lastNew, etaMs } = progress;
  const parts = [`${runs} runs`, `${opsPerSecond} ops/s`, `${findings} findings`];
  if (phase === "shrink") parts.push("shrinking them");
  else if (etaMs !== null) parts.push(`ETA ${Math.ceil(etaMs / 1000)} s`);
  if (lastNew !== null) parts.push(`last new ${lastNew.signature} in run ${lastNew.run}`);
  return parts.join(", ");
}
