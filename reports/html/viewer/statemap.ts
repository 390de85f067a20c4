import { mappedRuns } from "../../../src/trace/mapped.ts";
import type { ContextState, Memtype, Step, VmaState } from "../../../src/trace/recording.ts";

/** A half-open range of pages. */
export interface Pages {
  readonly start: number;
  readonly end: number;
}

/** What became of a thing at a step. */
export type Change = "same" | "new" | "changed";

export interface VmaView {
  readonly vma: VmaState;
  readonly change: Change;
}

/** One process' row: its VMAs, and the pages it had a step ago and has no more. */
export interface ProcView {
  readonly proc: string;
  readonly vmas: readonly VmaView[];
  readonly gone: readonly Pages[];
  readonly born: boolean;
  readonly died: boolean;
}

/** A run of pfns that the same ones map: `p0`, `kernel`. */
export interface MappedRun extends Pages {
  readonly by: readonly string[];
}

export interface ReservationView {
  readonly entry: Memtype;
  readonly change: Change | "freed";
  /** Its pages in order, cut into runs that are mapped and runs that are not. */
  readonly runs: readonly (Pages & { readonly held: boolean })[];
}

export interface ContextView {
  readonly context: ContextState;
  readonly change: Change | "freed";
}

/** One side after one step, as the lanes draw it. */
export interface StateMap {
  readonly procs: readonly ProcView[];
  readonly mapped: readonly MappedRun[];
  readonly reservations: readonly ReservationView[];
  readonly contexts: readonly ContextView[] | null;
  /** Pages reserved that nobody maps, and pages mapped that nothing reserves. */
  readonly held: readonly Pages[];
  readonly bare: readonly Pages[];
}

/** Lays out a step against the one before it on the same side (null for the first). */
export function stateMap(step: Step, previous: Step | null): StateMap {
  const mapped = regionRuns(step);
  return {
    procs: procViews(step, previous),
    mapped,
    reservations: reservationViews(step, previous, mapped),
    contexts: step.contexts === undefined ? null : contextViews(step.contexts, previous?.contexts),
    held: heldPages(step),
    bare: without(mapped, step.memtype),
  };
}

/** Pages that are reserved although nobody maps them. */
export function heldPages(step: Step): Pages[] {
  return without(joined(step.memtype), regionRuns(step));
}

/** Whether every reserved page that nobody maps is kept by a context that is still in use. */
export function contextsKeep({ held, contexts }: StateMap): boolean {
  return held.every((pages) =>
    contexts?.some(
      ({ context: { pfn, pages: length, refs }, change }) =>
        change !== "freed" && refs > 0 && pfn <= pages.start && pages.end <= pfn + length,
    ),
  );
}

/** How many pages ranges that do not overlap have. */
export function countPages(ranges: readonly Pages[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

function procViews(step: Step, previous: Step | null): ProcView[] {
  const old = previous?.vmas ?? {};
  const procs = [...new Set([...Object.keys(step.vmas), ...Object.keys(old)])];
  return procs
    .sort((a, b) => Number(a) - Number(b))
    .map((proc) => {
      const vmas = step.vmas[proc] ?? [];
      const before = old[proc] ?? [];
      return {
        proc,
        vmas: vmas.map((vma) => ({ vma, change: vmaChange(vma, before) })),
        gone: without(joined(before), vmas),
        born: old[proc] === undefined,
        died: step.vmas[proc] === undefined,
      };
    });
}

function vmaChange(vma: VmaState, before: readonly VmaState[]): Change {
  const text = JSON.stringify(vma);
  if (before.some((one) => JSON.stringify(one) === text)) return "same";
  // A VMA whose pages were all there, mapping the same pfns, was cut or altered, not made.
  const kept = before.filter((one) => one.pfn - one.start === vma.pfn - vma.start);
  return without([vma], kept).length === 0 ? "changed" : "new";
}

/** The pages of the region that processes and the kernel itself map, by name; RAM has pfns of its own. */
export function mappedRegion({ vmas, kernelMaps = [] }: Step): (Pages & { readonly by: string })[] {
  const procs = Object.entries(vmas).flatMap(([proc, list]) =>
    list
      .flatMap(mappedRuns)
      .filter(({ ram }) => ram !== true)
      .map(({ pfn, pages }) => ({ by: `p${proc}`, start: pfn, end: pfn + pages })),
  );
  const kernel = kernelMaps
    .filter(({ ram }) => ram !== true)
    .map(({ start, end }) => ({ by: "kernel", start, end }));
  return [...procs, ...kernel];
}

/** A run of a VMA's pages: what they map, or null where they map nothing. */
export interface Piece extends Pages {
  readonly maps: { readonly pfn: number; readonly isRam: boolean } | null;
}

/** A VMA's pages in order, cut where what they map begins or ends. */
export function piecesOf(vma: VmaState): Piece[] {
  const pieces: Piece[] = mappedRuns(vma).map(({ at, pages, pfn, ram }) => ({
    start: at,
    end: at + pages,
    maps: { pfn, isRam: ram === true },
  }));
  const hollow = without([vma], pieces).map((pages) => ({ ...pages, maps: null }));
  return [...pieces, ...hollow].sort((a, b) => a.start - b.start);
}

function regionRuns(step: Step): MappedRun[] {
  const mapped = mappedRegion(step);
  const borders = [...new Set(mapped.flatMap(({ start, end }) => [start, end]))].sort(
    (a, b) => a - b,
  );
  const runs: MappedRun[] = [];
  borders.forEach((start, index) => {
    const end = borders[index + 1];
    if (end === undefined) return;
    const here = mapped.filter((one) => one.start < end && start < one.end);
    const by = [...new Set(here.map((one) => one.by))];
    const last = runs.at(-1);
    if (last !== undefined && last.end === start && last.by.join() === by.join()) {
      runs[runs.length - 1] = { ...last, end };
    } else if (by.length > 0) runs.push({ start, end, by });
  });
  return runs;
}

function reservationViews(
  step: Step,
  previous: Step | null,
  mapped: readonly Pages[],
): ReservationView[] {
  const { now, freed } = matchUp(
    step.memtype,
    previous?.memtype ?? [],
    (one, other) => one.type === other.type && one.start < other.end && other.start < one.end,
  );
  return [
    ...now.map(({ item, change }) => ({ entry: item, change, runs: runsOf(item, mapped) })),
    ...freed.map((entry) => ({
      entry,
      change: "freed" as const,
      runs: [{ start: entry.start, end: entry.end, held: false }],
    })),
  ];
}

function runsOf(entry: Memtype, mapped: readonly Pages[]): ReservationView["runs"] {
  const held = without([entry], mapped);
  return [
    ...held.map((run) => ({ ...run, held: true })),
    ...without([entry], held).map((run) => ({ ...run, held: false })),
  ].sort((a, b) => a.start - b.start);
}

function contextViews(
  contexts: readonly ContextState[],
  previous: readonly ContextState[] = [],
): ContextView[] {
  const { now, freed } = matchUp(
    contexts,
    previous,
    (one, other) => one.pfn === other.pfn && one.pages === other.pages,
  );
  return [
    ...now.map(({ item, change }) => ({ context: item, change })),
    ...freed.map((context) => ({ context, change: "freed" as const })),
  ];
}

/**
 * Pairs what is there with what was: equal ones first, then those that are the same thing
 * altered. Lists may hold equal items, so each old item is used once.
 */
function matchUp<T>(
  items: readonly T[],
  previous: readonly T[],
  altered: (one: T, other: T) => boolean,
): { now: { item: T; change: Change }[]; freed: T[] } {
  const left = [...previous];
  const take = (test: (other: T) => boolean) => {
    const at = left.findIndex(test);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  };
  const same = items.map((item) => {
    const text = JSON.stringify(item);
    return take((other) => JSON.stringify(other) === text);
  });
  const now = items.map((item, index) => {
    if (same[index] === true) return { item, change: "same" as const };
    const change: Change = take((other) => altered(item, other)) ? "changed" : "new";
    return { item, change };
  });
  return { now, freed: left };
}

/** Ranges as their union: ascending, neither overlapping nor touching. */
function joined(ranges: readonly Pages[]): Pages[] {
  const union: { start: number; end: number }[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = union.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else union.push({ start, end });
  }
  return union;
}

/** What of ranges (which do not overlap) lies in none of the others, joined where it touches. */
function without(ranges: readonly Pages[], others: readonly Pages[]): Pages[] {
  const holes = joined(others);
  const rest = ranges.flatMap((range) => {
    const parts: Pages[] = [];
    let start = range.start;
    for (const hole of holes) {
      if (hole.end <= start || hole.start >= range.end) continue;
      if (hole.start > start) parts.push({ start, end: hole.start });
      start = Math.max(start, hole.end);
    }
    if (start < range.end) parts.push({ start, end: range.end });
    return parts;
  });
  return joined(rest);
}
