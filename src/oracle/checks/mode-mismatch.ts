import { entryMode, NOTHING, type Observed, vmaAt } from "../observed.ts";
import { modeName, type SideState } from "../state.ts";

/**
 * mode-mismatch: an mmap() has mapped a page with another cache mode than it has reserved for it.
 * Asked only after one that succeeded, and where the side shows page tables.
 */
export function checkModeMismatch(side: SideState, seen: Observed): void {
  const { op } = side;
  if (op.op !== "mmap") return;
  const area = side.procs.living(op.proc)?.areaAt(op.at) ?? null;
  const vma = vmaAt(side.space, op.at);
  if (area === null || vma === null || area.unit.entries === 0) return;
  const { mode } = area.unit;
  for (let page = op.at; page < area.end; page++) {
    const entry = seen.entryAt(op.proc, vma, page);
    if (entry === NOTHING || entryMode(entry) === mode) continue;
    return report(side, area.pfnAt(page), entryMode(entry), mode);
  }
}

function report(side: SideState, pfn: number, mapped: number, reserved: number): void {
  side.report(
    "mode-mismatch",
    side.cause,
    () =>
      `pfn ${pfn} is mapped ${modeName(mapped)}; what is reserved for it is ${modeName(reserved)}`,
    modeName(mapped),
  );
}
