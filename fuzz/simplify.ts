import { DRIVER_OPS } from "../src/trace/driverop.ts";
import {
  type CallRow,
  type Coded,
  codeOfKind,
  type Role,
  type Row,
  type TraceRows,
} from "./tracerows.ts";

/**
 * The single steps by which the rows of a trace get simpler, as pure functions. None checks that the result
 * is a valid trace or simpler indeed: the shrinker does.
 */

/** The process that a row brings to life, or null. */
function bornIn({ kind, values }: Row): number | null {
  const place = codeOfKind(kind).fields.findIndex(({ isBorn }) => isBorn);
  return place < 0 ? null : (values[place] as number);
}

/** The processes that a row names and that are there before it. */
function namedIn({ kind, values }: Row): number[] {
  const { fields } = codeOfKind(kind);
  return values.filter((_, i) => fields[i]?.role === "proc" && fields[i]?.isBorn === false);
}

/** Without the ops from `from` up to `to`. */
export function withoutOps(trace: TraceRows, from: number, to: number): TraceRows {
  return { ...trace, rows: [...trace.rows.slice(0, from), ...trace.rows.slice(to)] };
}

/** Without two ops. */
export function withoutPair(trace: TraceRows, i: number, j: number): TraceRows {
  return { ...trace, rows: trace.rows.filter((_, index) => index !== i && index !== j) };
}

/** Without a process: no op that names it is left. */
export function withoutProcess(trace: TraceRows, proc: number): TraceRows {
  const names = (row: Row) => bornIn(row) === proc || namedIn(row).includes(proc);
  return { ...trace, rows: trace.rows.filter((row) => !names(row)) };
}

/** Every process id replaced. */
function renameProcesses(rows: readonly Row[], rename: (proc: number) => number): Row[] {
  return rows.map((row) => {
    const { fields } = codeOfKind(row.kind);
    const values = row.values.map((value, i) =>
      fields[i]?.role === "proc" ? rename(value) : value,
    );
    return { ...row, values };
  });
}

/** One process does what two did: the birth of `gone` is dropped and its ops go to `into`. */
export function mergeProcesses(trace: TraceRows, gone: number, into: number): TraceRows {
  const rows = trace.rows.filter((row) => bornIn(row) !== gone);
  return { ...trace, rows: renameProcesses(rows, (proc) => (proc === gone ? into : proc)) };
}

/** Whether a row brings one process to life out of another. */
export function isFork(row: Row): boolean {
  return bornIn(row) !== null && namedIn(row).length > 0;
}

/** A fork becomes the birth of an empty process. */
export function forkToSpawn(trace: TraceRows, index: number): TraceRows {
  const child = bornIn(trace.rows[index] as Row) as number;
  return replaceRow(trace, index, { kind: "spawn", values: [child], calls: [] });
}

/** An op whose allocations all succeed. */
export function withoutFault(trace: TraceRows, index: number): TraceRows {
  const { fault: _gone, ...row } = trace.rows[index] as Row;
  return replaceRow(trace, index, row);
}

/** A driver's op without one of its calls. */
export function withoutCall(trace: TraceRows, index: number, call: number): TraceRows {
  const row = trace.rows[index] as Row;
  return replaceRow(trace, index, { ...row, calls: row.calls.filter((_, i) => i !== call) });
}

function replaceRow(trace: TraceRows, index: number, row: Row): TraceRows {
  return { ...trace, rows: trace.rows.with(index, row) };
}

/**
 * A munmap() of what an op names instead of it: of each of its virtual ranges, and, where an op cuts a
 * range down, of what it cuts off.
 */
export function unmapsInstead(trace: TraceRows, index: number): TraceRows[] {
  const row = trace.rows[index] as Row;
  const [proc] = namedIn(row);
  if (proc === undefined || row.kind === "munmap") return [];
  const ranges = rangesOf(row, "virtual");
  const [[at, pages] = [0, 0], [, kept] = [0, 0]] = ranges;
  const cut: [number, number][] = kept < pages ? [[at + kept, pages - kept]] : [];
  return [...ranges, ...cut].map(([start, length]) =>
    replaceRow(trace, index, { kind: "munmap", values: [proc, start, length], calls: [] }),
  );
}

/** Processes numbered from 0 in the order of their births, then those that are never born. */
export function renumbered(trace: TraceRows): TraceRows {
  const ids = new Map<number, number>();
  const meet = (proc: number) => {
    if (!ids.has(proc)) ids.set(proc, ids.size);
  };
  for (const row of trace.rows) {
    const born = bornIn(row);
    if (born !== null) meet(born);
  }
  for (const row of trace.rows) if (bornIn(row) === null) namedIn(row).forEach(meet);
  for (const row of trace.rows) if (bornIn(row) !== null) namedIn(row).forEach(meet);
  return { ...trace, rows: renameProcesses(trace.rows, (proc) => ids.get(proc) as number) };
}

/** The smallest world that its ops fit into; what a driver needs of the region is left alone. */
export function fitted(trace: TraceRows): TraceRows {
  const hasDrivers = trace.rows.some(({ kind }) => kind in DRIVER_OPS);
  const pages = [trace.world[0], ...trace.regions.map(([pfns]) => pfns)];
  const needed = pages.map((pfns, region) => (hasDrivers ? pfns : region === 0 ? 1 : 0));
  let vpages = 1;
  for (const row of trace.rows) {
    const region = regionIn(row);
    for (const [at, length] of rangesOf(row, "pfn")) {
      needed[region] = Math.max(needed[region] ?? 0, at + length);
    }
    if (region > 0) needed[region] = Math.max(needed[region] ?? 0, 1);
    for (const [at, length] of rangesOf(row, "virtual")) vpages = Math.max(vpages, at + length);
  }
  const [, , ...rest] = trace.world;
  const [pfns = 1, ...further] = needed;
  // One that is not the last stays, or the others would have other numbers.
  const regions = trace.regions
    .slice(0, further.findLastIndex((pages) => pages > 0) + 1)
    .map(([, memory], n) => [Math.max(1, further[n] ?? 0), memory] as const);
  return { ...trace, world: [pfns, vpages, ...rest], regions };
}

/** The region that an op names, or the world's own. */
function regionIn({ kind, values }: Row): number {
  const place = codeOfKind(kind).fields.findIndex(({ role }) => role === "region");
  return Math.max(0, values[place] ?? 0);
}

/** The ranges of an op where its numbers are pfns, or virtual pages, as start and length. */
function rangesOf({ kind, values }: Row, role: Role): [number, number][] {
  const { spans } = codeOfKind(kind);
  return spans
    .filter((span) => span.role === role)
    .map(({ start, or, length }) => {
      const given = values[start] as number;
      const pages = length < 0 ? 1 : (values[length] as number);
      // Even an empty range begins on a page, unless it is where something is to go.
      const least = start === or ? 1 : 0;
      return [given < 0 ? (values[or] as number) : given, Math.max(least, pages)];
    });
}

/** Where virtual ranges start and end, ascending, with 0 in front. */
export function virtualEdges(trace: TraceRows): number[] {
  const edges = new Set([0]);
  for (const row of trace.rows) {
    for (const [at, length] of rangesOf(row, "virtual")) edges.add(at).add(at + length);
  }
  return [...edges].sort((a, b) => a - b);
}

/** Takes `count` virtual pages from `from` out of every address space; what spans them shrinks. */
export function withoutVirtualPages(trace: TraceRows, from: number, count: number): TraceRows {
  const place = (page: number) => (page <= from ? page : page < from + count ? from : page - count);
  return { ...trace, rows: trace.rows.map((row) => squeezed(row, place)) };
}

/** A row with its virtual pages elsewhere; lengths that were equal stay equal. */
function squeezed(row: Row, place: (page: number) => number): Row {
  const { kind, values } = row;
  const next = [...values];
  const lengths = new Map<number, number>();
  for (const { role, start, or, length } of codeOfKind(kind).spans) {
    if (role !== "virtual") continue;
    const given = values[start] as number;
    const at = given < 0 ? (values[or] as number) : given;
    if (given >= 0) next[start] = place(given);
    if (length < 0) continue;
    const pages = values[length] as number;
    const left = lengths.get(pages) ?? place(at + pages) - place(at);
    lengths.set(pages, left);
    next[length] = left;
  }
  return { ...row, values: next };
}

/** The place of one number: a row, one of its calls or -1, and an index into the values. */
export interface Slot {
  readonly row: number;
  readonly call: number;
  readonly index: number;
  readonly value: number;
  readonly role: Role;
  readonly least: number;
  readonly most: number;
}

function slotsIn({ kind, values }: Row | CallRow, row: number, call: number): Slot[] {
  const { fields } = codeOfKind(kind);
  return values.map((value, index) => {
    const { role, least, most } = fields[index] as Coded;
    return { row, call, index, value, role, least, most };
  });
}

/** All numbers of one op, those of its calls last. */
export function slotsOfRow(row: Row, index: number): Slot[] {
  const calls = row.calls.flatMap((call, nth) => slotsIn(call, index, nth));
  return [...slotsIn(row, index, -1), ...calls];
}

/** All numbers of the ops, in order. */
export function slotsOf(trace: TraceRows): Slot[] {
  return trace.rows.flatMap(slotsOfRow);
}

/** The same rows with other values in some slots. */
export function withValues(
  trace: TraceRows,
  slots: readonly Slot[],
  to: (slot: Slot) => number,
): TraceRows {
  const rows = [...trace.rows];
  for (const slot of slots) {
    const row = rows[slot.row] as Row;
    const changed = <R extends Row | CallRow>(part: R): R => ({
      ...part,
      values: part.values.with(slot.index, to(slot)),
    });
    rows[slot.row] =
      slot.call < 0
        ? changed(row)
        : { ...row, calls: row.calls.with(slot.call, changed(row.calls[slot.call] as CallRow)) };
  }
  return { ...trace, rows };
}

/** Groups of at least two slots of one role with one value: they often have to go together. */
export function equalSlots(slots: readonly Slot[]): Slot[][] {
  const groups = new Map<string, Slot[]>();
  for (const slot of slots) {
    if (slot.role === "choice" && slot.value === 0) continue;
    const key = `${slot.role} ${slot.value}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [slot]);
    else group.push(slot);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Every value is tried up to this distance; beyond it the distance is halved. */
const NEAR = 48;

/** What to try instead of a value, lowest first. */
export function lowerValues(value: number, least: number): number[] {
  const lower: number[] = [];
  for (let v = least; v < value && v < least + NEAR; v++) lower.push(v);
  for (let gap = value - least - NEAR; gap >= 1; gap = Math.floor(gap / 2)) lower.push(value - gap);
  return lower.filter((v, i) => i === 0 || v > (lower[i - 1] as number));
}
