import type { Prot } from "../trace/op.ts";

/** The bits of the flags that matter here, as x86 has them (32 and 64 bits alike). */
const BITS = {
  prot: { PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4 },
  map: {
    MAP_SHARED: 1,
    MAP_PRIVATE: 2,
    MAP_FIXED: 0x10,
    MAP_ANONYMOUS: 0x20,
    MAP_LOCKED: 0x2000,
    MAP_POPULATE: 0x8000,
    MAP_FIXED_NOREPLACE: 0x10_0000,
  },
  open: { O_DSYNC: 0x1000, O_SYNC: 0x10_1000, O_CLOEXEC: 0x8_0000 },
  mremap: { MREMAP_MAYMOVE: 1, MREMAP_FIXED: 2, MREMAP_DONTUNMAP: 4 },
  clone: { CLONE_VM: 0x100, CLONE_FS: 0x200, CLONE_FILES: 0x400 },
  closeRange: { CLOSE_RANGE_CLOEXEC: 4 },
} as const;

type FlagKind = keyof typeof BITS;

/** MAP_SHARED_VALIDATE has the bits of both kinds of mapping, and is a shared one. */
const SHARED_VALIDATE = 3;

const ADVICE: Readonly<Record<string, string>> = {
  "0": "MADV_NORMAL",
  "1": "MADV_RANDOM",
  "2": "MADV_SEQUENTIAL",
  "3": "MADV_WILLNEED",
  "4": "MADV_DONTNEED",
  "8": "MADV_FREE",
  "9": "MADV_REMOVE",
  "10": "MADV_DONTFORK",
  "11": "MADV_DOFORK",
  "12": "MADV_MERGEABLE",
  "13": "MADV_UNMERGEABLE",
  "14": "MADV_HUGEPAGE",
  "15": "MADV_NOHUGEPAGE",
  "16": "MADV_DONTDUMP",
  "17": "MADV_DODUMP",
  "18": "MADV_WIPEONFORK",
  "19": "MADV_KEEPONFORK",
  "20": "MADV_COLD",
  "21": "MADV_PAGEOUT",
  "22": "MADV_POPULATE_READ",
  "23": "MADV_POPULATE_WRITE",
  "24": "MADV_DONTNEED_LOCKED",
  "25": "MADV_COLLAPSE",
  "102": "MADV_GUARD_INSTALL",
  "103": "MADV_GUARD_REMOVE",
};

const NUMBER = /^(?:0x[0-9a-f]+|\d+)$/i;

/** The names of a flag word such as `PROT_READ|PROT_WRITE`, or, with -X raw, of `0x3`. */
export function flagsIn(kind: FlagKind, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const part of text.split("|").map((flag) => flag.trim())) {
    if (NUMBER.test(part)) for (const name of namesOf(kind, Number(part))) found.add(name);
    else found.add(part);
  }
  return found;
}

function namesOf(kind: FlagKind, word: number): string[] {
  const names = Object.entries(BITS[kind]).flatMap(([name, bits]) =>
    (word & bits) === bits ? [name] : [],
  );
  const isShared = kind === "map" && (word & SHARED_VALIDATE) === SHARED_VALIDATE;
  return isShared ? names.filter((name) => name !== "MAP_PRIVATE") : names;
}

/** The name of an advice; a number that has none here stays as it is. */
export function adviceIn(text: string): string {
  return NUMBER.test(text) ? (ADVICE[String(Number(text))] ?? text) : text;
}

/** Whether a descriptor stands for the working directory: AT_FDCWD, or its number. */
export function isWorkingDirectory(text: string): boolean {
  return /^(?:AT_FDCWD|-100|0xffffff9c|4294967196)(?:<|$)/.test(text);
}

/** A protection as a trace has it: x86 cannot write without reading, and execution is left out. */
export function protectionOf(flags: ReadonlySet<string>): Prot {
  if (flags.has("PROT_WRITE")) return "rw";
  return flags.has("PROT_READ") || flags.has("PROT_EXEC") ? "r" : "none";
}
