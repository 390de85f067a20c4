import type { Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import { exitMmap } from "./munmap.ts";

/**
 * dup_mmap() and copy_page_range() (6.1 to 7.2; reduced to pfn mappings): VMA by VMA in address
 * order. A VMA is linked into the child before its pages are copied, so the teardown of a failed
 * fork meets it, with no page table entries. Every failure reaches the parent as ENOMEM.
 */
export function fork(context: MmContext, parent: Mm, child: Mm): Outcome {
  for (const vma of parent.vmas) {
    if (vma.dontfork) continue;
    const copy = vma.copy(vma.start, vma.end, vma.pfn);
    context.tracking.dup(copy, vma, "fork");
    child.vmas.push(copy);
    if (context.tracking.copy(copy, parent, vma) !== null) {
      exitMmap(context, child);
      return "ENOMEM";
    }
    child.pageTable.copyFrom(parent.pageTable, vma.start, vma.end);
  }
  return null;
}
