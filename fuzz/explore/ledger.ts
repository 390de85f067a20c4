import type { SideOracle } from "../../src/oracle/side.ts";
import { CACHE_MODES, type CacheMode, SHORT_MODE } from "../../src/pat/cachemode.ts";
import type { Finding } from "../../src/oracle/finding.ts";
import { hashText, type StateHash } from "./statehash.ts";

/** Modes by number and by short name are one thing, named by first appearance. */
const MODE_TOKENS = CACHE_MODES.map((mode: CacheMode) => SHORT_MODE[mode]);

/** A cache mode without its name: the alphabet's two modes are treated alike everywhere. */
export function modeWord(state: StateHash, mode: number): number {
  return state.name(MODE_TOKENS[mode]);
}

/**
 * What one side's oracle knows that later findings depend on. `procs`: live processes in the
 * order that names them. Counts that follow from the pages are left out; reservations of equal
 * ranges keep their order, for it decides between equals.
 */
export function writeLedger(oracle: SideOracle, procs: readonly number[], state: StateHash): void {
  state.push(oracle.badContexts * 2 + (oracle.cutByEnd ? 1 : 0));
  // The numbers of units are private to a side: an offset keeps the sides' apart.
  const offset = oracle.side === "before" ? 0x10000 : 0x20000;
  for (const id of procs) {
    const proc = oracle.pages.living(id);
    if (proc === null) {
      state.push(-1);
      continue;
    }
    for (let page = proc.low; page < proc.high; page++) {
      const unit = proc.unit[page] as number;
      if (unit === 0) continue;
      state.push((page << 9) | ((proc.pfn[page] as number) << 1) | (proc.copied[page] as number));
      writeUnit(oracle, unit, offset, state);
    }
    state.push(-2);
  }
  writeReservations(oracle, offset, state);
}

/** A unit's number, and all of it where it appears first. */
function writeUnit(oracle: SideOracle, unit: number, offset: number, state: StateHash): void {
  if (unit === 0) return state.push(0);
  const { units } = oracle;
  const isNew = !state.isNamed(unit + offset);
  state.push(state.name(unit + offset));
  if (!isNew) return;
  const first = units.first[unit] as number;
  const pages = units.pages[unit] as number;
  const flags =
    ((units.isPrivate[unit] as number) << 2) |
    ((units.shared[unit] as number) << 1) |
    (units.split[unit] as number);
  state.push((first << 16) | (pages << 8) | flags);
  const asked = modeWord(state, units.asked[unit] as number);
  state.push((asked << 16) | modeWord(state, units.mode[unit] as number));
  const [mark, healed, moved] = [units.mark, units.healed, units.moved];
  state.push(
    ((mark[unit] as number) << 16) | ((healed[unit] as number) << 8) | (moved[unit] as number),
  );
  state.push(units.told[unit] as number);
  for (let pfn = first; pfn < first + pages; pfn++) state.push(units.goneBy(unit, pfn));
}

const order: number[] = [];

/** Rows by range; equal ranges keep the order of the rows. */
function orderOf({ reservations }: SideOracle): readonly number[] {
  const { count, start, end } = reservations;
  order.length = 0;
  for (let row = 0; row < count; row++) {
    const key = (start[row] as number) * 256 + (end[row] as number);
    let at = row;
    for (; at > 0; at--) {
      const other = order[at - 1] as number;
      if ((start[other] as number) * 256 + (end[other] as number) <= key) break;
      order[at] = other;
    }
    order[at] = row;
  }
  return order;
}

function writeReservations(oracle: SideOracle, offset: number, state: StateHash): void {
  const { reservations } = oracle;
  const { start, end } = reservations;
  const rows = orderOf(oracle);
  for (const row of rows) {
    const flags = ((reservations.leaked[row] as number) << 1) | Number(reservations.isCounted(row));
    state.push(((start[row] as number) << 16) | ((end[row] as number) << 8) | flags);
    const mode = modeWord(state, reservations.type[row] as number);
    state.push((mode << 8) | (reservations.mark[row] as number));
    writeUnit(oracle, reservations.owner[row] as number, offset, state);
  }
  state.push(-3);
}

/** Tells a finding of the after side from the same one before. */
const AFTER = 0x5bd1e995;

const keyWords = new Map<string, number>();

function keyWord({ symptom, cause, kind }: Finding, state: StateHash): number {
  const key = `${symptom}:${cause}`;
  let word = keyWords.get(key);
  if (word === undefined) {
    word = hashText(key);
    keyWords.set(key, word);
  }
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
