import type { KernelMaps } from "../pat/kernelmaps.ts";
import { isRam, RAM_START } from "../pat/rampages.ts";
import { faultAnon } from "./anon.ts";
import type { Outcome } from "./errno.ts";
import type { Mm, MmContext } from "./mm.ts";
import type { VirtualPage } from "./units.ts";
import { VM_READ } from "./vmaflags.ts";

/**
 * A byte read through /proc/PID/mem or by ptrace() (__access_remote_vm(), 6.1 to 7.3; reduced to one
 * byte), whatever the page's protection. A page of a file of /dev/mem, of a PCI resource, or of a
 * driver, which is taken to have the same access(), is mapped for the kernel meanwhile, with the
 * mode that the page table's bits say (generic_access_phys()): another one that is reserved there since may be
 * in the way. All that fails is EIO.
 */
export function peek(context: MmContext, maps: KernelMaps, mm: Mm, at: VirtualPage): Outcome {
  const { profile } = context;
  const vma = mm.lookup(at);
  if (vma === null) return "EIO";
  if (vma.isAnon) {
    const mayRead = profile.procMemForces || (vma.flags & VM_READ) !== 0;
    return mayRead && faultAnon(context, mm, vma, at, false) ? null : "EIO";
  }
  if (mm.pageTable.isNone(at)) return "EIO";
  const pfn = mm.pageTable.pfnAt(at);
  if ((pfn === null || isRam(pfn)) && !profile.peekWarnsOfCopies) return "EIO";
  // A copy is RAM, of which the kernel maps nothing that way.
  return maps.mapsForRead(pfn ?? RAM_START, mm.pageTable.modeOfBits(at)) ? null : "EIO";
}
