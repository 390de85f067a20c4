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

/** madvise(MADV_RANDOM), MADV_SEQUENTIAL; MADV_NORMAL takes either back. */
export const VM_RAND_READ = 64;
export const VM_SEQ_READ = 128;
/** madvise(MADV_HUGEPAGE), MADV_NOHUGEPAGE. */
export const VM_HUGEPAGE = 256;
export const VM_NOHUGEPAGE = 512;

/** Of anonymous memory alone: mlock(), madvise(MADV_DONTDUMP), MADV_WIPEONFORK, MADV_MERGEABLE. */
export const VM_LOCKED = 1024;
export const VM_DONTDUMP = 2048;
export const VM_WIPEONFORK = 4096;
export const VM_MERGEABLE = 8192;

/** It has the protection key that its process has allocated (VM_PKEY_MASK, reduced to keys 0 and 1). */
export const VM_PKEY = 16384;

/** Marks of madvise(), mlock() and pkey_mprotect() as recordings spell them, in their order. */
const ADVISED = [
  ["random", VM_RAND_READ],
  ["sequential", VM_SEQ_READ],
  ["hugepage", VM_HUGEPAGE],
  ["nohugepage", VM_NOHUGEPAGE],
  ["locked", VM_LOCKED],
  ["dontdump", VM_DONTDUMP],
  ["wipeonfork", VM_WIPEONFORK],
  ["mergeable", VM_MERGEABLE],
  ["pkey", VM_PKEY],
] as const;

/** All of them. */
export const VM_ADVISED = ADVISED.reduce((sum, [, flag]) => sum | flag, 0);

/** A mark that advice left on a VMA. */
export type Advised = (typeof ADVISED)[number][0];

/** The marks of advice that flags hold. */
export function advisedOf(flags: number): Advised[] {
  return ADVISED.filter(([, flag]) => (flags & flag) !== 0).map(([mark]) => mark);
}

/** The flags that marks of advice stand for. */
export function advisedFlags(marks: readonly Advised[]): number {
  return ADVISED.reduce((sum, [mark, flag]) => (marks.includes(mark) ? sum | flag : sum), 0);
}

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
