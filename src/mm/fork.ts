import type { Outcome } from "./errno.ts";
import { dupTracking, type Mm, type MmContext } from "./mm.ts";
import { exitMmap } from "./munmap.ts";
import { TABLE_PAGES } from "./pagetable.ts";
import type { VirtualPage } from "./units.ts";
import type { Vma } from "./vma.ts";
import { VM_DONTCOPY, VM_LOCKED, VM_WIPEONFORK } from "./vmaflags.ts";

/**
 * dup_mmap() and copy_page_range() (6.1 to 7.3): VMA by VMA in address
 * order. A VMA is linked into the child before its pages are copied, so the teardown of a failed
 * fork meets it. Every failure reaches the parent as ENOMEM. `late`: all of these VMAs can be
 * copied, one above them cannot (overcommit_memory=2 does not grant its memory twice).
 */
export function fork(context: MmContext, parent: Mm, child: Mm, late: boolean): Outcome {
  context.kernel.beginFork();
  for (let vma = parent.find(0); vma !== null; vma = parent.after(vma)) {
    if ((vma.flags & VM_DONTCOPY) !== 0 || dupVma(context, parent, child, vma)) continue;
    exitMmap(context, child);
    return "ENOMEM";
  }
  if (!late) return null;
  exitMmap(context, child);
  return "ENOMEM";
}

function dupVma(context: MmContext, parent: Mm, child: Mm, vma: Vma): boolean {
  const { kernel, tracking } = context;
  if (kernel.fails("vma")) return false;
  const copy = context.pool.copyOf(vma, vma.start, vma.end, vma.pfn);
  if (!dupTracking(context, copy, vma, "fork")) return false;
  copy.order = kernel.copyOrder(vma.order);
  if (kernel.fails("vma-setup")) {
    if (!copy.isAnon) tracking.free(copy);
    return false;
  }
  child.insert(copy);
  if (copy.isAnon) return dupAnon(context, parent, child, vma, copy);
  if (copy.device !== null) context.file.insertAfter(child, copy, vma);
  if (tracking.copy(copy, parent, vma) !== null) return false;
  // vma_needs_copy(): faults are to fill in what is not special.
  if (copy.device?.isPfnmap === false && !copy.device.isMixed) return true;
  const upTo = copyTables(context, parent, child, vma.start, vma.end);
  if (upTo === vma.end) return true;
  tracking.copyFailed(copy, parent, vma);
  return false;
}

/**
 * What dup_mmap() does with anonymous memory: the copy is not locked and has an anon_vma of its own
 * below its parent's. Pages are copied where there is one and nobody asked that they be wiped.
 */
function dupAnon(context: MmContext, parent: Mm, child: Mm, vma: Vma, copy: Vma): boolean {
  const isWiped = (vma.flags & VM_WIPEONFORK) !== 0;
  copy.flags &= ~VM_LOCKED;
  copy.isForkChild = !isWiped && vma.anonVma !== 0;
  copy.anonVma = copy.isForkChild ? context.kernel.nextAnonVma() : 0;
  if (!copy.isForkChild) return true;
  return copyTables(context, parent, child, vma.start, vma.end) === vma.end;
}

/** copy_p4d_range() and below: returns the first page whose table the child could not have. */
function copyTables(
  context: MmContext,
  parent: Mm,
  child: Mm,
  start: VirtualPage,
  end: VirtualPage,
): VirtualPage {
  for (let from = start; from < end; ) {
    const upTo = Math.min(end, from - (from % TABLE_PAGES) + TABLE_PAGES);
    if (parent.pageTable.isLarge(from)) {
      child.pageTable.copyLarge(parent.pageTable, from);
    } else if (parent.pageTable.hasTable(from)) {
      if (child.pageTable.allocate(from, upTo, context.kernel) < upTo) return from;
      child.pageTable.copyFrom(parent.pageTable, from, upTo);
    }
    from = upTo;
  }
  return end;
}
