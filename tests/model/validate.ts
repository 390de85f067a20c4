import type { Mm } from "../../src/mm/mm.ts";
import type { Vma } from "../../src/mm/vma.ts";
import { isRam } from "../../src/pat/rampages.ts";
import type { ShownContext } from "../../src/model/contextwatch.ts";
import type { Machine } from "../../src/model/machine.ts";

/** The first thing that is wrong with a machine's own state, in a few words, or null. */
export function fault(machine: Machine): string | null {
  return (
    machine.memtype.fault() ?? overlapFault(machine) ?? mmFaults(machine) ?? contextFault(machine)
  );
}

/** A newcomer adopts the mode of what it overlaps or fails, so overlapping entries agree. */
function overlapFault({ memtype: { entries } }: Machine): string | null {
  for (const a of entries) {
    const b = entries.find((e) => e.start < a.end && a.start < e.end && e.mode !== a.mode);
    if (b !== undefined) return `[${a.start},${a.end}) and [${b.start},${b.end}) disagree on mode`;
  }
  return null;
}

function mmFaults(machine: Machine): string | null {
  for (const [proc, mm] of machine.processes) {
    const found = mm.fault() ?? pageTableFault(mm);
    if (found !== null) return `process ${proc}: ${found}`;
  }
  return null;
}

/**
 * Every page of a plain VMA maps its pfn, unless it was copied on write, or unless a failed split
 * left the source of a move without the pages that moved. A driver maps what it likes, inside.
 */
function pageTableFault(mm: Mm): string | null {
  const { pageTable, vpages } = mm;
  for (let at = 0; at < vpages; at++) {
    const vma = mm.lookup(at);
    if (vma === null) continue;
    if (vma.isAnon) {
      if (pageTable.pfnAt(at) !== null) return `page ${at} of anonymous memory maps a pfn`;
      continue;
    }
    if (pageTable.isAnon(at)) {
      if (!vma.isPrivate) return `page ${at} of a shared VMA was copied on write`;
      continue;
    }
    const pfn = pageTable.pfnAt(at);
    const linear = vma.pfn + (at - vma.start);
    if (vma.device === null && pfn !== null && pfn !== linear) {
      return `page ${at} maps ${pfn}, its VMA says ${linear}`;
    }
  }
  return null;
}

/** Every context's kref is the number of VMAs that hold it, across all processes. */
function contextFault(machine: Machine): string | null {
  const { contextOf } = machine.spec;
  if (contextOf === undefined) return null;
  const holders = new Map<ShownContext, Vma[]>();
  for (const [, mm] of machine.processes) {
    for (const vma of mm.vmas) {
      const context = contextOf(vma);
      if (context !== null) holders.set(context, [...(holders.get(context) ?? []), vma]);
      else if (vma.device === null && !vma.isAnon)
        return `VMA [${vma.start},${vma.end}) holds no context`;
    }
  }
  for (const [context, vmas] of holders) {
    if (context.kref !== vmas.length) {
      return `context of pfn ${context.pfn} counts ${context.kref}, ${vmas.length} VMAs hold it`;
    }
  }
  return reservationFault(machine, [...holders.keys()]);
}

/** Every reservation is a context's or a kernel mapping's, and each of these has one; not so RAM. */
function reservationFault(
  { memtype, kernelMaps }: Machine,
  contexts: ShownContext[],
): string | null {
  const owners = [
    ...contexts.map(({ pfn, pages }) => ({ start: pfn, end: pfn + pages })),
    ...kernelMaps.live,
  ]
    .filter(({ start }) => !isRam(start))
    .map(({ start, end }) => `[${start},${end})`)
    .sort();
  const entries = memtype.entries.map(({ start, end }) => `[${start},${end})`).sort();
  return entries.join() === owners.join() ? null : `reserved ${entries}, owned ${owners}`;
}
