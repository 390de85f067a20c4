/**
 * Flags of a VMA (include/linux/mm.h, 6.1 to 7.3, by the kernel's names but not its numbers), and
 * what a running side shows of one. Bit 0 is left to whoever shows what a tracking design adds.
 */

/** It may be written later and is not shared: what is_cow_mapping() asks. */
export const VM_PRIVATE = 2;
export const VM_READ = 4;
export const VM_WRITE = 8;
/** madvise(MADV_DONTFORK). */
export const VM_DONTCOPY = 16;
/** May no longer be unmapped, moved, replaced or given another protection. */
export const VM_SEALED = 32;

/** What mprotect() changes. */
export const VM_PROT = VM_READ | VM_WRITE;

/** Page protection of a VMA; every file is opened for reading and writing, so all may change. */
export type Prot = "none" | "r" | "rw";

/** The flags that a protection stands for. */
export function protFlags(prot: Prot): number {
  if (prot === "none") return 0;
  return prot === "r" ? VM_READ : VM_PROT;
}

/** The protection that flags stand for. */
export function protOf(flags: number): Prot {
  if ((flags & VM_WRITE) !== 0) return "rw";
  return (flags & VM_READ) === 0 ? "none" : "r";
}
