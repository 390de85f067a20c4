import type { Bytes } from "../../kernel/parse/message.ts";
import type { CacheMode } from "../pat/cachemode.ts";
import type { Memtype } from "../trace/recording.ts";
import type { Holder, MappingState, ReservationState } from "./document.ts";
import type { Excerpt, MapLine } from "./excerpt.ts";

const overlaps = (a: Bytes, b: Bytes) => a.start < b.end && b.start < a.end;

/** Files whose offset column is a physical address once they are mapped: the driver puts it there. */
const BY_OFFSET = /^\/dev\/mem$|^\/sys\/.*\/resource\d+(_wc)?$|^\/proc\/bus\/pci\//;

/** Device files that a mapping can be of. */
const isDevice = ({ path }: MapLine) => path.startsWith("/dev/") || BY_OFFSET.test(path);

/** The mode that a file's mapping asks for, or null; /dev/mem asks by how it was opened. */
function askedBy(path: string): CacheMode | null {
  if (/resource\d+_wc$/.test(path)) return "write-combining";
  return /resource\d+$/.test(path) ? "uncached-minus" : null;
}

/** The physical range that a mapping is of, or null where its offset does not tell. */
export function physicalOf({ path, start, end, offset }: MapLine): Bytes | null {
  return BY_OFFSET.test(path) ? { start: offset, end: offset + (end - start) } : null;
}

function holderOf(map: MapLine): Holder {
  const { owner, path, start, end } = map;
  const physical = physicalOf(map);
  return { owner, path, start, end, ...(physical === null ? {} : { physical }) };
}

/** The parts of a range that no other range covers. */
function uncovered(range: Bytes, by: readonly Bytes[]): Bytes[] {
  const rest: Bytes[] = [];
  let from = range.start;
  for (const { start, end } of [...by].sort((a, b) => a.start - b.start)) {
    if (start > from) rest.push({ start: from, end: Math.min(start, range.end) });
    from = Math.max(from, end);
    if (from >= range.end) break;
  }
  if (from < range.end) rest.push({ start: from, end: range.end });
  return rest;
}

/** Who holds each reservation: mappings that are given and map some of it, and names of /proc/iomem. */
export function reservationsOf({ list, maps, resources }: Excerpt): ReservationState[] {
  const holders = maps.filter(isDevice).map(holderOf);
  return (list ?? []).map(({ start, end, type }) => {
    const range = { start, end };
    const held = holders.filter(
      ({ physical }) => physical !== undefined && overlaps(physical, range),
    );
    const pages = held.flatMap(({ physical }) => (physical === undefined ? [] : [physical]));
    const claimed = resources.filter((one) => overlaps(one, range)).map(({ name }) => name);
    return { ...range, mode: type, holders: held, claimed, unmapped: uncovered(range, pages) };
  });
}

/** Every device mapping, and the modes that the list has where it maps. */
export function mappingsOf({ list, maps }: Excerpt): MappingState[] {
  return maps.filter(isDevice).map((map) => {
    const holder = holderOf(map);
    const asked = askedBy(map.path);
    const { physical } = holder;
    const there =
      physical === undefined ? [] : (list ?? []).filter((one) => overlaps(one, physical));
    const has = [...new Set(there.map(({ type }: Memtype) => type))];
    return { ...holder, ...(asked === null ? {} : { asked }), has };
  });
}
