import { SIDES, type Side } from "../src/oracle/severity.ts";
import { mappedRuns } from "../src/trace/mapped.ts";
import type { Step } from "../src/trace/recording.ts";

/** What holds of a page: reserved and mapped, reserved alone, mapped alone, mapped in another mode than reserved. */
export const CELL_STATES = ["empty", "mapped", "held", "bare", "wrong"] as const;

export type CellState = (typeof CELL_STATES)[number];

/** A page of one side after one step. */
export interface Cell {
  readonly state: CellState;
  /** The count of the context that covers the page; null where the side shows none. */
  readonly refs: number | null;
}

/** Pages that are alike at every step of both sides: a cell a step, and whether the sides differ there. */
export interface GlanceRow {
  /** Half-open, in pfns of the region. */
  readonly start: number;
  readonly end: number;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
  readonly differs: readonly boolean[];
}

/** All steps of a trace at once: pages down, steps across, both sides. */
export interface Glance {
  readonly steps: number;
  readonly rows: readonly GlanceRow[];
}

/** How a cell is written where there is no colour. */
export const CELL_MARK: Readonly<Record<CellState, string>> = {
  empty: ".",
  mapped: "#",
  held: "h",
  bare: "b",
  wrong: "w",
};

/** What the marks mean, in one line. */
export const CELL_WORDS: Readonly<Record<CellState, string>> = {
  empty: "neither",
  mapped: "reserved and mapped",
  held: "reserved, mapped by nobody",
  bare: "mapped, not reserved",
  wrong: "mapped in another mode than reserved",
};

/** A cell's mark and its count. */
export function cellText({ state, refs }: Cell): string {
  return `${CELL_MARK[state]}${refs ?? ""}`;
}

/** Lays out the states of both sides; `before` and `after` have a step for every op. */
export function glanceOf(sides: Readonly<Record<Side, readonly Step[]>>): Glance {
  const pages = { before: sides.before.map(pageStates), after: sides.after.map(pageStates) };
  const all = SIDES.flatMap((side) => pages[side]).flatMap((step) => [...step.keys()]);
  const rows: GlanceRow[] = [];
  for (const pfn of [...new Set(all)].sort((a, b) => a - b)) {
    const line = (side: Side) => pages[side].map((step) => step.get(pfn) ?? EMPTY);
    const [before, after] = [line("before"), line("after")];
    // A count that one design has and the other has not is no difference of the pages.
    const differs = before.map(({ state }, index) => state !== after[index]?.state);
    const last = rows.at(-1);
    if (last?.end === pfn && isSame(last.before, before) && isSame(last.after, after)) {
      rows[rows.length - 1] = { ...last, end: pfn + 1 };
    } else rows.push({ start: pfn, end: pfn + 1, before, after, differs });
  }
  return { steps: sides.before.length, rows };
}

/** The same of a replay's steps. */
export function glanceOfSteps(steps: readonly Record<Side, Step>[]): Glance {
  return glanceOf({
    before: steps.map(({ before }) => before),
    after: steps.map(({ after }) => after),
  });
}

const EMPTY: Cell = { state: "empty", refs: null };

function isSame(line: readonly Cell[], other: readonly Cell[]): boolean {
  return line.every((cell, index) => {
    const twin = other[index];
    return cell.state === twin?.state && cell.refs === twin.refs;
  });
}

/** The pages of the region that are reserved, mapped, or of a context, after a step. */
function pageStates({ memtype, vmas, contexts = [], kernelMaps = [] }: Step): Map<number, Cell> {
  const [reserved, mapped] = [new Map<number, Set<string>>(), new Map<number, Set<string>>()];
  const note = (pages: Map<number, Set<string>>, pfn: number, mode: string) =>
    pages.set(pfn, (pages.get(pfn) ?? new Set<string>()).add(mode));
  for (const { start, end, type } of memtype) {
    for (let pfn = start; pfn < end; pfn++) note(reserved, pfn, type);
  }
  for (const { pfn, pages, type = "", ram } of Object.values(vmas).flat().flatMap(mappedRuns)) {
    if (ram === true) continue;
    for (let n = 0; n < pages; n++) note(mapped, pfn + n, type);
  }
  for (const { start, end, type } of kernelMaps.filter(({ ram }) => ram !== true)) {
    for (let pfn = start; pfn < end; pfn++) note(mapped, pfn, type);
  }
  const states = new Map<number, Cell>();
  for (const pfn of new Set([...reserved.keys(), ...mapped.keys()])) {
    const context = contexts.find((one) => one.pfn <= pfn && pfn < one.pfn + one.pages);
    const state = stateOf(reserved.get(pfn), mapped.get(pfn));
    states.set(pfn, { state, refs: context?.refs ?? null });
  }
  return states;
}

function stateOf(reserved?: ReadonlySet<string>, mapped?: ReadonlySet<string>): CellState {
  if (mapped === undefined) return "held";
  if (reserved === undefined) return "bare";
  return [...mapped].every((mode) => mode === "" || reserved.has(mode)) ? "mapped" : "wrong";
}
