import { z } from "zod";
import { bornBy, LIMITS, type Op, placeOf, rowOf } from "../../src/trace/op.ts";
import { boundsSchema } from "../../src/trace/bounds.ts";
import { type Trace, traceSchema, type World } from "../../src/trace/trace.ts";

/** Most pages of a world that is explored: words of a state have room for so many. */
const MOST_PAGES = 255;

/** Why an exploration cannot begin with a trace, in a few words, or null. */
export function beginFault({ world, ops }: Trace): string | null {
  if (world.regions !== undefined) return "has several regions, and one is explored";
  const { pfns, vpages } = world;
  if (pfns > MOST_PAGES || vpages > MOST_PAGES) {
    return `has ${pfns} pfns and ${vpages} vpages, and a state has room for ${MOST_PAGES} of each`;
  }
  // What a handler does at a fault belongs to a state too, and no word of it says that.
  const at = ops.findIndex(({ op }) => op.startsWith("drv-"));
  if (at >= 0) return `ops[${at}]: ${ops[at]?.op} makes a driver's mapping, which is not explored`;
  return ops.length === 0 ? "has no ops" : null;
}

/** Bounds of an exploration that may begin with the ops of a trace, in its world. */
export const begunBoundsSchema = boundsSchema.extend({
  /** What every sequence begins with; `slots` and `pages` are areas beside those that it names. */
  begin: traceSchema
    .superRefine((trace, context) => {
      const message = beginFault(trace);
      if (message !== null) context.addIssue({ code: "custom", path: [], message });
    })
    .optional(),
});

export type Bounds = z.infer<typeof begunBoundsSchema>;

/**
 * The world that the bounds span: its region, mostly a device aperture, has as many pages as one
 * area; or the world of the beginning.
 */
export function worldOf({ slots, pages, mtrr, region, maps, pat, begin }: Bounds): World {
  if (begin !== undefined) return begin.world;
  const world: World = { pfns: pages, vpages: slots * pages, mtrr: mtrr ?? "uncached" };
  return {
    ...world,
    ...(maps === undefined ? {} : { maps }),
    ...(region === undefined ? {} : { region }),
    ...(pat === undefined ? {} : { pat }),
  };
}

/** The ops of every sequence that do not count as ops of the bound: one process, or the beginning. */
export function firstOps({ begin }: Bounds): readonly Op[] {
  return begin?.ops ?? [{ op: "spawn", proc: 0 }];
}

/** The processes that letters may name: those of the beginning, and one more for each op. */
export function procsOf(bounds: Bounds): number[] {
  const named = firstOps(bounds).map((op) => bornBy(op) ?? op.proc);
  const count = Math.min(LIMITS.procs, Math.max(...named) + 1 + bounds.depth);
  return Array.from({ length: count }, (_, proc) => proc);
}

/** Virtual pages [start, end) that are an area of each process. */
export type Area = readonly [start: number, end: number];

/**
 * The areas of each process: side by side, or those that the beginning names, whatever overlaps as
 * one, and beside them as many of the bound's as there is room for.
 */
export function areasOf(bounds: Bounds): readonly Area[] {
  const { slots, pages, begin } = bounds;
  const { vpages } = worldOf(bounds);
  const areas = begin === undefined ? [] : unionOf(begin.ops.flatMap(virtualRanges));
  let from = 0;
  for (let left = slots; left > 0 && from + pages <= vpages; ) {
    const inTheWay = areas.find(([start, end]) => start < from + pages && from < end);
    if (inTheWay === undefined) {
      areas.push([from, from + pages]);
      left--;
    }
    from = inTheWay?.[1] ?? from + pages;
  }
  return areas.sort(([a], [b]) => a - b);
}

/** The virtual pages that an op names. */
function virtualRanges(op: Op): Area[] {
  const { fields, spans } = rowOf(op.op);
  return spans.flatMap((span): Area[] => {
    const { start, at, pages } = placeOf(op, span);
    return fields[start]?.role === "virtual" && pages > 0 ? [[at, at + pages]] : [];
  });
}

function unionOf(ranges: readonly Area[]): Area[] {
  const union: [number, number][] = [];
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = union.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else union.push([start, end]);
  }
  return union;
}
