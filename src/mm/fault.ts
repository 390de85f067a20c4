import type { Outcome } from "./errno.ts";
import type { Mm } from "./mm.ts";
import type { VirtualPage } from "./units.ts";

/**
 * Reads or writes one page as the process itself would. EFAULT stands for the signal of an access
 * that is not allowed. A write to a private mapping copies the page (do_wp_page() with no struct
 * page behind it): the VMA stays, the pfn is no longer mapped there.
 */
export function touch(mm: Mm, at: VirtualPage, write: boolean): Outcome {
  const vma = mm.lookup(at);
  if (vma === null || vma.prot === "none") return "EFAULT";
  if (!write) return null;
  if (vma.prot !== "rw") return "EFAULT";
  if (vma.isPrivate) mm.pageTable.copyOnWrite(at);
  return null;
}
