import { type SeenSpace, vmaAt } from "../../src/oracle/observed.ts";

/** Whether these pages are one VMA and all of it. */
export function isWhole(space: SeenSpace, start: number, end: number): boolean {
  const vma = vmaAt(space, start);
  return vma?.start === start && vma.end === end;
}

/** Whether these pages lie within one VMA. */
export function isWithin(space: SeenSpace, start: number, end: number): boolean {
  const vma = vmaAt(space, start);
  return vma !== null && vma.end >= end;
}

/** Whether none of these pages is mapped. */
export function isEmpty(space: SeenSpace, start: number, end: number): boolean {
  const vma = space.find(start);
  return vma === null || vma.start >= end;
}

/** Whether a VMA begins at `page` and has (or lacks) these flags. */
export function beginsWith(space: SeenSpace, page: number, has: number, lacks: number): boolean {
  const vma = vmaAt(space, page);
  if (vma?.start !== page) return false;
  return (vma.flags & has) === has && (vma.flags & lacks) === 0;
}

/** Every range [start, end) of at least one page within [0, pages), and of no more than `most`. */
export function rangesIn(pages: number, most = pages): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  for (let start = 0; start < pages; start++) {
    const last = Math.min(pages, start + most);
    for (let end = start + 1; end <= last; end++) ranges.push([start, end]);
  }
  return ranges;
}
