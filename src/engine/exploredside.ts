import type { LiveSide } from "../oracle/observed.ts";
import type { TraceEvent } from "../trace/recording.ts";
import type { StateHash } from "./statehash.ts";

/** A reservation as the memtype list shows it. */
export interface ShownReservation {
  readonly start: number;
  readonly end: number;
  readonly mode: number;
}

/** A running side that can also be looked through: what it shows and what it hides. */
export interface ExploredSide extends LiveSide {
  /** Its page tables are compared too, page by page: a kernel's own code. */
  readonly showsPages?: true;
  isAlive(proc: number): boolean;
  /** Whether a write has copied the page. */
  isCopied(proc: number, page: number): boolean;
  /** What the kernel said in the last op, as recordings spell it. */
  said(): readonly TraceEvent[];
  /** The memtype list in the kernel's order. */
  reservations(): readonly ShownReservation[];
  /**
   * Keeps the state between two ops; returns what puts it back, or null where the side has state
   * that cannot be kept. What the last op showed is not put back.
   */
  keep(): (() => void) | null;
  /**
   * Writes all that the side's future depends on: the memtype list, and the VMAs, page tables and
   * tracking of `procs` in this order. Names of modes and contexts go through `state.name`.
   */
  writeState(procs: readonly number[], state: StateHash): void;
}
