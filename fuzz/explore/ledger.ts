import type { ProcLedger } from "../../src/oracle/areas.ts";
import { causeName, NO_CAUSE } from "../../src/oracle/causes.ts";
import type { Differential } from "../../src/oracle/differential.ts";
import type { Reservation } from "../../src/oracle/reservation.ts";
import type { SideOracle } from "../../src/oracle/side.ts";
import type { Unit } from "../../src/oracle/unit.ts";
import type { SideFinding } from "../../src/oracle/sidefinding.ts";
import { isOfKernel } from "../../src/oracle/severity.ts";
import { hashText, kindWord, modeWord, type StateHash } from "../../src/engine/statehash.ts";

/**
 * What one side's oracle knows that a later verdict can depend on. `procs`: live processes in the
 * order that names them. Counts that follow from the pages are left out, and so is what only an
 * entry that has had its finding could tell: docs/EXPLORE.md has the arguments, one by one.
 */
export function writeLedger(oracle: SideOracle, procs: readonly number[], state: StateHash): void {
  const { badContexts, hasDied, hasToldBared, cutByEnd } = oracle;
  state.push(
    (badContexts << 3) | (Number(hasDied) << 2) | (Number(hasToldBared) << 1) | Number(cutByEnd),
  );
  for (const id of procs) {
    const proc = oracle.procs.living(id);
    if (proc === null) {
      state.push(-1);
      continue;
    }
    for (let area = proc.find(0); area !== null; area = proc.after(area)) {
      for (let page = area.start; page < area.end; page++) {
        state.push((page << 10) | (area.pfnAt(page) << 2) | offWord(proc, page));
      }
      state.push(modeWord(state, area.mode));
      writeUnit(oracle, area.unit, state);
    }
    state.push(-2);
  }
  writeReservations(oracle, state);
}

/** Why a page is off, or 0 where it is not. */
function offWord(proc: ProcLedger, page: number): number {
  const reason = proc.offReason(page);
  return reason === null ? 0 : reason === "copied" ? 1 : 2;
}

/** A unit's number, and all of it where it appears first; of one whose pages are gone what it left. */
function writeUnit(oracle: SideOracle, unit: Unit | null, state: StateHash): void {
  if (unit === null) return state.push(0);
  const { first, pages, misfit, formerMisfit, moved, takenBy } = unit;
  if (unit.live === 0) {
    state.push(unit.entries > 1 ? state.name(unit) : -4);
    return state.push(misfit === NO_CAUSE ? -moved : misfit);
  }
  const isNew = !state.isNamed(unit);
  state.push(state.name(unit));
  if (!isNew) return;
  const flags =
    (Number(unit.isUntracked) << 3) |
    (Number(unit.isPrivate) << 2) |
    (Number(unit.shared) << 1) |
    Number(unit.split);
  state.push((first << 16) | (pages << 8) | flags);
  state.push((misfit << 24) | (formerMisfit << 16) | (moved << 8) | takenBy);
  writeUntold(oracle, unit, state);
  for (let pfn = first; pfn < first + pages; pfn++) {
    state.push(unit.has(pfn) || isKept(unit, pfn) ? unit.goneBy(pfn) : 0);
  }
}

/** Whether a reservation of the unit that counts as kept covers the page. */
function isKept(unit: Unit, pfn: number): boolean {
  for (let entry = unit.entry; entry !== null; entry = entry.nextOfOwner) {
    if (entry.isCounted && pfn >= entry.start && pfn < entry.end) return true;
  }
  return false;
}

/** Causes of retention that the unit keeps to itself although no finding of the side has said them. */
function writeUntold({ findings }: SideOracle, { reported }: Unit, state: StateHash): void {
  for (const cause of reported) {
    const isTold = findings.some(
      (one) => one.symptom === "over-retention" && one.cause === causeName(cause) && !one.parted,
    );
    if (!isTold) state.push(-5 - cause);
  }
}

const order: Reservation[] = [];

/** Whether a mapping lives and nothing has ever come between its pages and their reservation. */
function isExact(unit: Unit | null): unit is Unit {
  if (unit === null || unit.live === 0 || unit.split) return false;
  return unit.misfit === NO_CAUSE && unit.moved === NO_CAUSE;
}

/**
 * Whether the one entry is written before the other: by range. Equal ranges keep the order of the
 * rows, by which the oracle decides between equals, but where both mappings are exact: then whoever
 * lets go of one lets go of their own.
 */
function isBefore(other: Reservation, entry: Reservation, state: StateHash): boolean {
  if (other.start !== entry.start) return other.start < entry.start;
  if (other.end !== entry.end) return other.end < entry.end;
  if (!isExact(other.owner) || !isExact(entry.owner)) return true;
  return state.name(other.owner) <= state.name(entry.owner);
}

function orderOf({ reservations }: SideOracle, state: StateHash): readonly Reservation[] {
  const { count, rows } = reservations;
  order.length = 0;
  for (let row = 0; row < count; row++) {
    const entry = rows[row] as Reservation;
    let at = row;
    for (; at > 0; at--) {
      const other = order[at - 1] as Reservation;
      if (isBefore(other, entry, state)) break;
      order[at] = other;
    }
    order[at] = entry;
  }
  return order;
}

function writeReservations(oracle: SideOracle, state: StateHash): void {
  for (const entry of orderOf(oracle, state)) {
    const { start, end, mode, cause, owner, leaked, isCounted } = entry;
    state.push((start << 16) | (end << 8) | (Number(leaked) << 1) | Number(isCounted));
    state.push((modeWord(state, mode) << 8) | (owner === null && !leaked ? cause : 0));
    writeUnit(oracle, owner, state);
  }
  state.push(-3);
}

/** Tells a finding of the after side from the same one before, and one from before the parting. */
const AFTER = 0x5bd1e995;
const PARTED = 0x1b873593;

const keyWords = new Map<number, number>();

function keyWord({ key, symptom, cause, kind, parted }: SideFinding, state: StateHash): number {
  let word = keyWords.get(key);
  if (word === undefined) {
    word = hashText(`${symptom}:${cause}`);
    keyWords.set(key, word);
  }
  if (parted) word ^= PARTED;
  if (kind === "") return word;
  return word ^ Math.imul(kindWord(state, kind), 0x9e3779b1);
}

/**
 * The findings so far, as far as a later verdict depends on them: which, and on which side. Once
 * the sides have parted only what a kernel's own code has met is judged by both.
 */
export function writeFindings({ before, after, haveParted }: Differential, state: StateHash): void {
  if (before.findings.length === 0 && after.findings.length === 0) return;
  const words: number[] = [];
  for (const finding of before.findings) {
    if (!haveParted || isOfKernel(finding.symptom)) words.push(keyWord(finding, state));
  }
  for (const finding of after.findings) {
    if (!haveParted || isOfKernel(finding.symptom)) words.push(keyWord(finding, state) ^ AFTER);
  }
  words.sort((a, b) => a - b);
  for (let at = 0; at < words.length; at++) {
    if (at === 0 || words[at] !== words[at - 1]) state.push(words[at] as number);
  }
}
