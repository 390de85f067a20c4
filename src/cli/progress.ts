import type { Progress } from "../../fuzz/campaign.ts";
import { grouped, plural } from "../../reports/numbers.ts";
import type { Io } from "./io.ts";

/** Milliseconds between two looks at a live line, and between two plain heartbeats. */
const LIVE_EVERY = 100;
const PLAIN_EVERY = 5000;

/** One line on stderr that is written over on a terminal, and printed now and then elsewhere. */
export class LiveLine {
  private shownAt: number;
  private isShown = false;

  constructor(private readonly io: Io) {
    // The first heartbeat of a plain stderr comes after its interval: short runs stay silent.
    this.shownAt = io.liveErr ? Number.NEGATIVE_INFINITY : performance.now();
  }

  /** Shows a line where its time has come; `text` is not asked before. */
  show(text: () => string): void {
    const { io } = this;
    const now = performance.now();
    if (now - this.shownAt < (io.liveErr ? LIVE_EVERY : PLAIN_EVERY)) return;
    this.shownAt = now;
    this.isShown = io.liveErr;
    io.err(io.liveErr ? `\r\u001b[K${text().slice(0, io.columns - 1)}` : `${text()}\n`);
  }

  /** Takes a live line away. */
  clear(): void {
    if (this.isShown) this.io.err("\r\u001b[K");
    this.isShown = false;
  }
}

/** Progress in words, the fastest changing first. */
export function progressText(progress: Progress): string {
  const { phase, runs, opsPerSecond, findings, lastNew, etaMs, shrunk } = progress;
  const parts = [
    plural(runs, "run"),
    `${grouped(opsPerSecond)} ops/s`,
    plural(findings, "finding"),
  ];
  if (phase === "shrink") parts.push(`shrinking them, ${grouped(shrunk)} done`);
  else if (etaMs !== null) parts.push(`ETA ${Math.ceil(etaMs / 1000)} s`);
  if (lastNew !== null) parts.push(`last new ${lastNew.signature} in run ${grouped(lastNew.run)}`);
  return parts.join(", ");
}
