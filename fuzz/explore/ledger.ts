import type { Reservation } from "../../src/oracle/reservation.ts";
import type { SideOracle } from "../../src/oracle/side.ts";
import type { Unit } from "../../src/oracle/unit.ts";
import type { Finding } from "../../src/oracle/finding.ts";
import { hashText, MODE_TOKENS, modeWord, type StateHash } from "../../src/engine/statehash.ts";

/**
 * What one side's oracle knows that later findings depend on. `procs`: live processes in the
 * order that names them. Counts that follow from the pages are left out; reservations of equal
 * ranges keep their order, for it decides between equals.
 */
export function writeLedger(oracle: SideOracle, procs: readonly number[], state: StateHash): void {
  state.push(oracle.badContexts * 2 + (oracle.cutByEnd ? 1 : 0));
  for (const id of procs) {
    const proc = oracle.procs.living(id);
    if (proc === null) {
      state.push(-1);
      continue;
    }
    for (const area of proc.every()) {
      for (let page = area.start; page < area.end; page++) {
        state.push((page << 9) | (area.pfnAt(page) << 1) | Number(proc.isOff(page)));
        state.push(modeWord(state, area.mode));
        writeUnit(area.unit, state);
      }
    }
    state.push(-2);
  }
  writeReservations(oracle, state);
}

/** A unit's number, and all of it where it appears first. */
function writeUnit(unit: Unit | null, state: StateHash): void {
  if (unit === null) return state.push(0);
  const isNew = !state.isNamed(unit);
  state.push(state.name(unit));
  if (!isNew) return;
  const { first, pages, misfit, formerMisfit, moved } = unit;
  const flags = (Number(unit.isPrivate) << 2) | (Number(unit.shared) << 1) | Number(unit.split);
  state.push((first << 16) | (pages << 8) | flags);
  state.push((misfit << 16) | (formerMisfit << 8) | moved);
  let reported = 0;
  for (const cause of unit.reported) reported |= 1 << cause;
  state.push(reported);
  for (let pfn = first; pfn < first + pages; pfn++) state.push(unit.goneBy(pfn));
}

const order: Reservation[] = [];

const rangeOf = ({ start, end }: Reservation) => start * 256 + end;

/** Entries by range; equal ranges keep the order of the rows. */
function orderOf({ reservations }: SideOracle): readonly Reservation[] {
  const { count, rows } = reservations;
  order.length = 0;
  for (let row = 0; row < count; row++) {
    const entry = rows[row] as Reservation;
    let at = row;
    for (; at > 0; at--) {
      const other = order[at - 1] as Reservation;
      if (rangeOf(other) <= rangeOf(entry)) break;
      order[at] = other;
    }
    order[at] = entry;
  }
  return order;
}

function writeReservations(oracle: SideOracle, state: StateHash): void {
  for (const entry of orderOf(oracle)) {
    const { start, end, mode, cause, owner } = entry;
    const flags = (Number(entry.leaked) << 1) | Number(entry.isCounted);
    state.push((start << 16) | (end << 8) | flags);
    state.push((modeWord(state, mode) << 8) | cause);
    writeUnit(owner, state);
  }
  state.push(-3);
}

/** Tells a finding of the after side from the same one before, and one from before the parting. */
const AFTER = 0x5bd1e995;
const PARTED = 0x1b873593;

const keyWords = new Map<string, number>();

function keyWord({ symptom, cause, kind, parted }: Finding, state: StateHash): number {
  const key = `${symptom}:${cause}`;
  let word = keyWords.get(key);
  if (word === undefined) {
    word = hashText(key);
    keyWords.set(key, word);
  }
  if (parted) word ^= PARTED;
  if (kind === undefined || kind === "") return word;
  return (
    word ^ Math.imul(MODE_TOKENS.includes(kind) ? state.name(kind) : hashText(kind), 0x9e3779b1)
  );
}

/** The findings so far, as far as a later verdict depends on them: which, and on which side. */
export function writeFindings(
  before: readonly Finding[],
  after: readonly Finding[],
  state: StateHash,
): void {
  if (before.length === 0 && after.length === 0) return;
  const words = before.map((finding) => keyWord(finding, state));
  for (const finding of after) words.push(keyWord(finding, state) ^ AFTER);
  words.sort((a, b) => a - b);
  for (let at = 0; at < words.length; at++) {
    if (at === 0 || words[at] !== words[at - 1]) state.push(words[at] as number);
  }
}
