import type { Area, ProcLedger } from "./areas.ts";
import { entryMode, NOTHING, type Observed, type SeenVma } from "./observed.ts";
import type { SideState } from "./state.ts";

/**
 * Brings the cache modes of [from, to) of a process to what its page table has, where the side shows
 * that. `isNew`: these pages have come to be mapped in this step, and a mode that is not the one of
 * their reservation is told of; of others it is where the mode has changed.
 */
export function followModes(
  side: SideState,
  id: number,
  proc: ProcLedger,
  seen: Observed,
  from: number,
  to: number,
  isNew: boolean,
): void {
  const space = side.hasPat ? seen.space(id) : null;
  if (space === null) return;
  for (let vma = space.find(from); vma !== null && vma.start < to; vma = space.after(vma)) {
    if (vma.isAnon || vma.device !== null) continue;
    const [start, end] = [Math.max(from, vma.start), Math.min(to, vma.end)];
    followVma(side, id, proc, seen, vma, start, end, isNew);
  }
}

function followVma(
  side: SideState,
  id: number,
  proc: ProcLedger,
  seen: Observed,
  vma: SeenVma,
  from: number,
  to: number,
  isNew: boolean,
): void {
  for (let page = from; page < to; ) {
    const area = proc.areaAt(page);
    const end = seen.runEnd(id, vma, page, area === null ? to : Math.min(area.end, to));
    const entry = seen.entryAt(id, vma, page);
    if (area !== null && entry !== NOTHING && !proc.isOff(page)) {
      const mode = entryMode(entry);
      const changes = mode !== area.mode;
      if (changes) remode(side, proc, area, page, end, mode);
      if (changes || isNew) noteMismatch(side, area, area.pfnAt(page), mode);
    }
    page = end;
  }
}

/** Pages [from, to) of an area are mapped with another mode than the ledger has. */
function remode(
  { pages, procs }: SideState,
  proc: ProcLedger,
  area: Area,
  from: number,
  to: number,
  mode: number,
): void {
  proc.cut(from, procs);
  proc.cut(to, procs);
  const part = proc.areaAt(from) ?? area;
  const [first, end] = [part.pfnAt(from), part.pfnAt(to)];
  pages.leave(first, end, part);
  part.mode = mode;
  pages.join(first, end, part);
}

/** Notes a page that is mapped with another mode than its unit has reserved; the first of a step. */
export function noteMismatch(side: SideState, { unit }: Area, pfn: number, mapped: number): void {
  const { mismatch } = side;
  if (unit.entry === null || unit.entry.mode === mapped || mismatch.pfn >= 0) return;
  mismatch.pfn = pfn;
  mismatch.mapped = mapped;
  mismatch.reserved = unit.entry.mode;
}
