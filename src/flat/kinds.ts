import { SYSCALL_KINDS, type SyscallKind } from "../trace/op.ts";

const numberOf = (kind: SyscallKind): number => SYSCALL_KINDS.indexOf(kind);

/** Kinds of ops by their place in SYSCALL_KINDS. */
export const SPAWN = numberOf("spawn");
export const MMAP = numberOf("mmap");
export const MUNMAP = numberOf("munmap");
export const MREMAP = numberOf("mremap");
export const MPROTECT = numberOf("mprotect");
export const MADVISE = numberOf("madvise");
export const TOUCH = numberOf("touch");
export const FORK = numberOf("fork");
export const EXIT = numberOf("exit");
export const MLOCK = numberOf("mlock");
export const MUNLOCK = numberOf("munlock");
export const MSEAL = numberOf("mseal");
export const REVOKE = numberOf("revoke");
