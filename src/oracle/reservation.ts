import { type CauseId, NO_CAUSE } from "./causes.ts";
import type { Unit } from "./unit.ts";

/** One entry of the oracle's copy of the memtype list. */
export class Reservation {
  start = 0;
  end = 0;
  /** Index into CACHE_MODES. */
  mode = 0;
  /** The step that made it; a piece of one is as old as the whole was. */
  step = 0;
  /** Null for an entry that no mapping accounts for. */
  owner: Unit | null = null;
  /** Why an entry without owner is there. */
  cause: CauseId = NO_CAUSE;
  /** Overlapped no VMA once, so nothing was left to free it; reported, and no longer retention. */
  leaked = false;
  /** Counts as kept: it has not leaked and its unit is alive. */
  isCounted = false;
  /** Where it is among all entries, and one higher than among the suspects, or 0. */
  row = 0;
  suspectAt = 0;
  /** Its neighbours among the entries of the same first pfn, and among those of its owner. */
  nextOfStart: Reservation | null = null;
  previousOfStart: Reservation | null = null;
  nextOfOwner: Reservation | null = null;
  previousOfOwner: Reservation | null = null;

  /** Whether nothing but chance would still free the entry: its unit is none, dead, or inexact. */
  get mayLeak(): boolean {
    const { owner } = this;
    return owner === null || owner.live === 0 || owner.misfit !== NO_CAUSE;
  }

  /** Keeps all fields; returns what puts them back. */
  keep(): () => void {
    const { start, end, mode, step, owner, cause, leaked, isCounted, row, suspectAt } = this;
    const { nextOfStart, previousOfStart, nextOfOwner, previousOfOwner } = this;
    return () => {
      this.start = start;
      this.end = end;
      this.mode = mode;
      this.step = step;
      this.owner = owner;
      this.cause = cause;
      this.leaked = leaked;
      this.isCounted = isCounted;
      this.row = row;
      this.suspectAt = suspectAt;
      this.nextOfStart = nextOfStart;
      this.previousOfStart = previousOfStart;
      this.nextOfOwner = nextOfOwner;
      this.previousOfOwner = previousOfOwner;
    };
  }

  /** Puts it first among the entries of its owner. */
  linkToOwner(): void {
    const { owner } = this;
    if (owner === null) return;
    const second = owner.entry;
    this.nextOfOwner = second;
    this.previousOfOwner = null;
    if (second !== null) second.previousOfOwner = this;
    owner.entry = this;
  }

  unlinkFromOwner(): void {
    const { owner, nextOfOwner, previousOfOwner } = this;
    if (owner === null) return;
    if (previousOfOwner === null) owner.entry = nextOfOwner;
    else previousOfOwner.nextOfOwner = nextOfOwner;
    if (nextOfOwner !== null) nextOfOwner.previousOfOwner = previousOfOwner;
  }
}
