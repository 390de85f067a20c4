import { type Draft, leastOf, ROLES, type Role, type Row } from "./draft.ts";

/**
 * The single steps by which a draft gets simpler, as pure functions. None checks that the result
 * is a valid trace or simpler indeed: the shrinker does.
 */

const isBirth = ({ kind }: Row) => kind === "spawn" || kind === "fork";

/** The process that a row brings to life, or null. */
const bornIn = ({ kind, values }: Row): number | null =>
  kind === "spawn" ? (values[0] as number) : kind === "fork" ? (values[1] as number) : null;

/** Without the ops from `from` up to `to`. */
export function withoutOps(draft: Draft, from: number, to: number): Draft {
  return { ...draft, rows: [...draft.rows.slice(0, from), ...draft.rows.slice(to)] };
}

/** Without two ops. */
export function withoutPair(draft: Draft, i: number, j: number): Draft {
  return { ...draft, rows: draft.rows.filter((_, index) => index !== i && index !== j) };
}

/** Without a process: no op that names it is left. */
export function withoutProcess(draft: Draft, proc: number): Draft {
  const names = (row: Row) =>
    row.values.some((value, i) => ROLES[row.kind][i] === "proc" && value === proc);
  return { ...draft, rows: draft.rows.filter((row) => !names(row)) };
}

/** Every process id replaced. */
function renameProcesses(rows: readonly Row[], rename: (proc: number) => number): Row[] {
  return rows.map((row) => ({
    ...row,
    values: row.values.map((value, i) => (ROLES[row.kind][i] === "proc" ? rename(value) : value)),
  }));
}

/** One process does what two did: the birth of `gone` is dropped and its ops go to `into`. */
export function mergeProcesses(draft: Draft, gone: number, into: number): Draft {
  const rows = draft.rows.filter((row) => bornIn(row) !== gone);
  return { ...draft, rows: renameProcesses(rows, (proc) => (proc === gone ? into : proc)) };
}

/** A fork becomes the birth of an empty process. */
export function forkToSpawn(draft: Draft, index: number): Draft {
  const child = (draft.rows[index] as Row).values[1] as number;
  return replaceRow(draft, index, { kind: "spawn", values: [child] });
}

/** mremap() without its fixed destination. */
export function withoutDestination(draft: Draft, index: number): Draft {
  const row = draft.rows[index] as Row;
  return replaceRow(draft, index, { ...row, values: row.values.slice(0, 4) });
}

/** An op whose allocations all succeed. */
export function withoutFault(draft: Draft, index: number): Draft {
  const { fault: _gone, ...row } = draft.rows[index] as Row;
  return replaceRow(draft, index, row);
}

/** A driver's op without one of its calls. */
export function withoutCall(draft: Draft, index: number, call: number): Draft {
  const row = draft.rows[index] as Row;
  const { template } = row;
  if (template === undefined || !("calls" in template)) return draft;
  const calls = template.calls.filter((_, i) => i !== call);
  return replaceRow(draft, index, { ...row, template: { ...template, calls } });
}

function replaceRow(draft: Draft, index: number, row: Row): Draft {
  return { ...draft, rows: draft.rows.with(index, row) };
}

/** Processes numbered from 0 in the order of their births, then those that are never born. */
export function renumbered(draft: Draft): Draft {
  const ids = new Map<number, number>();
  const meet = (proc: number) => {
    if (!ids.has(proc)) ids.set(proc, ids.size);
  };
  for (const row of draft.rows) {
    const born = bornIn(row);
    if (born !== null) meet(born);
  }
  for (const row of draft.rows) if (!isBirth(row)) meet(row.values[0] as number);
  for (const row of draft.rows) if (row.kind === "fork") meet(row.values[0] as number);
  return { ...draft, rows: renameProcesses(draft.rows, (proc) => ids.get(proc) as number) };
}

/** The smallest world that its ops fit into; what a driver needs of the region is left alone. */
export function fitted(draft: Draft): Draft {
  let pfns = draft.rows.some(({ template }) => template !== undefined) ? draft.world[0] : 1;
  let vpages = 1;
  for (const { kind, values } of draft.rows) {
    const n = (index: number) => values[index] as number;
    if (kind === "mmap") pfns = Math.max(pfns, n(3) + n(2));
    for (const [at, length] of rangesOf(kind, values)) vpages = Math.max(vpages, at + length);
  }
  return { ...draft, world: [pfns, vpages, draft.world[2], draft.world[3]] };
}

/** The virtual ranges of an op, as start and length; mremap's `at` needs a page to be in. */
function rangesOf(kind: Row["kind"], values: readonly number[]): [number, number][] {
  const n = (index: number) => values[index] as number;
  if (ROLES[kind][1] !== "virtual") return [];
  if (ROLES[kind][2] !== "length") return [[n(1), 1]];
  if (kind !== "mremap") return [[n(1), n(2)]];
  const source: [number, number] = [n(1), Math.max(1, n(2))];
  return [source, values.length > 4 ? [n(4), n(3)] : [n(1), n(3)]];
}

/** Where virtual ranges start and end, ascending, with 0 in front. */
export function virtualEdges(draft: Draft): number[] {
  const edges = new Set([0]);
  for (const { kind, values } of draft.rows) {
    for (const [at, length] of rangesOf(kind, values)) edges.add(at).add(at + length);
  }
  return [...edges].sort((a, b) => a - b);
}

/** Takes `count` virtual pages from `from` out of every address space; what spans them shrinks. */
export function withoutVirtualPages(draft: Draft, from: number, count: number): Draft {
  const place = (page: number) => (page <= from ? page : page < from + count ? from : page - count);
  const rows = draft.rows.map((row) => {
    const { kind, values } = row;
    if (ROLES[kind][1] !== "virtual") return row;
    const next = [...values];
    const at = values[1] as number;
    next[1] = place(at);
    if (ROLES[kind][2] !== "length") return { ...row, values: next };
    const pages = values[2] as number;
    next[2] = place(at + pages) - place(at);
    if (kind !== "mremap") return { ...row, values: next };
    const newPages = values[3] as number;
    const to = values.length > 4 ? (values[4] as number) : at;
    next[3] = newPages === pages ? next[2] : place(to + newPages) - place(to);
    if (values.length > 4) next[4] = place(to);
    return { ...row, values: next };
  });
  return { ...draft, rows };
}

/** The place of one number: a row and an index into its values. */
export interface Slot {
  readonly row: number;
  readonly index: number;
  readonly value: number;
  readonly role: Role;
  readonly least: number;
}

/** All numbers of the ops, in order. */
export function slotsOf(draft: Draft): Slot[] {
  return draft.rows.flatMap(({ kind, values }, row) =>
    values.map((value, index) => ({
      row,
      index,
      value,
      role: ROLES[kind][index] as Role,
      least: leastOf(kind, index),
    })),
  );
}

/** The draft with other values in some slots. */
export function withValues(
  draft: Draft,
  slots: readonly Slot[],
  to: (slot: Slot) => number,
): Draft {
  const rows = [...draft.rows];
  for (const slot of slots) {
    const row = rows[slot.row] as Row;
    rows[slot.row] = { ...row, values: row.values.with(slot.index, to(slot)) };
  }
  return { ...draft, rows };
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
