import { SIDES, type Side } from "../src/oracle/severity.ts";
import { CACHE_MODES, SHORT_MODE } from "../src/pat/cachemode.ts";
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
  /** The cache mode by which this side differs from the other, where nothing else does. */
  readonly mode?: string;
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

/** A cell's mark, its count, and the mode by which it differs. */
export function cellText({ state, refs, mode }: Cell): string {
  return `${CELL_MARK[state]}${refs ?? ""}${mode === undefined ? "" : `:${mode}`}`;
}

/** Lays out the states of both sides; `before` and `after` have a step for every op. */
export function glanceOf(sides: Readonly<Record<Side, readonly Step[]>>): Glance {
  const pages = { before: sides.before.map(pageStates), after: sides.after.map(pageStates) };
  const all = SIDES.flatMap((side) => pages[side]).flatMap((step) => [...step.keys()]);
  const rows: GlanceRow[] = [];
  for (const pfn of [...new Set(all)].sort((a, b) => a - b)) {
    const states = (side: Side) => pages[side].map((step) => step.get(pfn) ?? EMPTY);
    const [own, other] = [states("before"), states("after")];
    const [before, after] = [own.map(tellingFrom(other)), other.map(tellingFrom(own))];
    // A count that one design has and the other has not is no difference of the pages.
    const differs = before.map(
      ({ state, mode }, index) => state !== after[index]?.state || mode !== undefined,
    );
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

/** A page of one side: its cell, and the modes that it is mapped and reserved in; "" where nothing tells. */
interface PageState extends Cell {
  readonly modes: readonly [mapped: string, reserved: string];
}

const EMPTY: PageState = { state: "empty", refs: null, modes: ["", ""] };

/** The cell of a page, with its mode where the other side is in the same state and in another mode. */
function tellingFrom(
  others: readonly PageState[],
): ({ state, refs, modes }: PageState, index: number) => Cell {
  return ({ state, refs, modes }, index) => {
    const other = others[index];
    const at = modes.findIndex((mode, nth) => {
      const twin = other?.modes[nth] ?? "";
      return mode !== "" && twin !== "" && mode !== twin;
    });
    const mode = modes[at];
    return state !== other?.state || mode === undefined ? { state, refs } : { state, refs, mode };
  };
}

function isSame(line: readonly Cell[], other: readonly Cell[]): boolean {
  return line.every((cell, index) => {
    const twin = other[index];
    return cell.state === twin?.state && cell.refs === twin.refs && cell.mode === twin.mode;
  });
}

/** The pages of the region that are reserved, mapped, or of a context, after a step. */
function pageStates({
  memtype,
  vmas,
  contexts = [],
  kernelMaps = [],
}: Step): Map<number, PageState> {
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
  const states = new Map<number, PageState>();
  for (const pfn of new Set([...reserved.keys(), ...mapped.keys()])) {
    const context = contexts.find((one) => one.pfn <= pfn && pfn < one.pfn + one.pages);
    const state = stateOf(reserved.get(pfn), mapped.get(pfn));
    const modes = [modesText(mapped.get(pfn)), modesText(reserved.get(pfn))] as const;
    states.set(pfn, { state, refs: context?.refs ?? null, modes });
  }
  return states;
}

function modesText(modes: ReadonlySet<string> = new Set()): string {
  const known = CACHE_MODES.filter((mode) => modes.has(mode));
  return modes.has("") ? "" : known.map((mode) => SHORT_MODE[mode]).join("+");
}

function stateOf(reserved?: ReadonlySet<string>, mapped?: ReadonlySet<string>): CellState {
  if (mapped === undefined) return "held";
  if (reserved === undefined) return "bare";
  return [...mapped].every((mode) => mode === "" || reserved.has(mode)) ? "mapped" : "wrong";
}
