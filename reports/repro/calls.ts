import { assertNever } from "../../src/assertnever.ts";
import {
  type Advice,
  type OpOf,
  OPS,
  type Prot,
  type SyscallKind,
  type SyscallOp,
  type RegionVia,
} from "../../src/trace/op.ts";

/** Where a syzkaller program has what its calls name. */
export interface SyzPlaces {
  /** A range of virtual pages. */
  vma(at: number, pages: number): string;
  /** The address of a virtual page. */
  address(page: number): string;
  /** The descriptor that a way into the region has, and the offset of a page of it. */
  file(via: RegionVia, pfn: number): { readonly fd: string; readonly offset: string };
  /** Descriptors of /dev/zero and of a pipe. */
  readonly zero: string;
  readonly pipe: string;
  /** That of the program's own memory, and where a byte of it goes. */
  readonly memory: string;
  readonly byte: string;
  /** A protection key that it has allocated. */
  readonly key: string;
}

/** An op as the programs of a reproducer say it. */
interface Said<K extends SyscallKind> {
  /** A C expression that performs it and is 0 or an errno. */
  c(op: OpOf<K>): string;
  /** The calls of a syzkaller program. */
  syz(op: OpOf<K>, places: SyzPlaces): readonly string[];
}

/** Why no program can do it. */
interface Unsaid {
  readonly cannot: string;
}

const PAGE = 4096;
const PROTECTION: Readonly<Record<Prot, readonly [c: string, syz: number]>> = {
  none: ["PROT_NONE", 0],
  r: ["PROT_READ", 1],
  rw: ["PROT_READ | PROT_WRITE", 3],
};
const ADVICE: Readonly<Record<Advice, readonly [c: string, syz: number]>> = {
  dontfork: ["MADV_DONTFORK", 10],
  dofork: ["MADV_DOFORK", 11],
  dontneed: ["MADV_DONTNEED", 4],
  wipeonfork: ["MADV_WIPEONFORK", 18],
  willneed: ["MADV_WILLNEED", 3],
  normal: ["MADV_NORMAL", 0],
  random: ["MADV_RANDOM", 1],
  sequential: ["MADV_SEQUENTIAL", 2],
  hugepage: ["MADV_HUGEPAGE", 14],
  nohugepage: ["MADV_NOHUGEPAGE", 15],
  keeponfork: ["MADV_KEEPONFORK", 19],
  dontdump: ["MADV_DONTDUMP", 16],
  dodump: ["MADV_DODUMP", 17],
  mergeable: ["MADV_MERGEABLE", 12],
  unmergeable: ["MADV_UNMERGEABLE", 13],
  free: ["MADV_FREE", 8],
  cold: ["MADV_COLD", 20],
  pageout: ["MADV_PAGEOUT", 21],
  // By number, as libc may be older than they are.
  dontneed_locked: ["24 /* MADV_DONTNEED_LOCKED */", 24],
  populate_read: ["22 /* MADV_POPULATE_READ */", 22],
  populate_write: ["23 /* MADV_POPULATE_WRITE */", 23],
  collapse: ["25 /* MADV_COLLAPSE */", 25],
  remove: ["MADV_REMOVE", 9],
  guard_install: ["102 /* MADV_GUARD_INSTALL */", 102],
  guard_remove: ["103 /* MADV_GUARD_REMOVE */", 103],
};

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** A virtual page's address as C. */
function at(page: number): string {
  return `AT(${page})`;
}

/** A length in pages as C. */
function bytes(pages: number): string {
  return pages === 1 ? "PAGE" : `${pages} * PAGE`;
}

const failing = (call: string) => `${call} ? errno : 0`;

interface Range {
  readonly op: string;
  readonly at: number;
  readonly pages: number;
}

/** A call of an address and a length that libc names as we do, and what else it takes. */
function onRange<Op extends Range>(more: (op: Op) => readonly [c: string, syz: number] | null) {
  return {
    c(op: Op): string {
      const last = more(op);
      const range = `${at(op.at)}, ${bytes(op.pages)}`;
      return failing(`${op.op}(${range}${last === null ? "" : `, ${last[0]}`})`);
    },
    syz(op: Op, { vma }: SyzPlaces): readonly string[] {
      const last = more(op);
      const range = `${vma(op.at, op.pages)}, ${hex(op.pages * PAGE)}`;
      return [`${op.op}(${range}${last === null ? "" : `, ${hex(last[1])}`})`];
    },
  };
}

const plain = onRange(() => null);

const protect = onRange(({ prot }: OpOf<"mprotect">) => PROTECTION[prot]);

/** The protection keys that pkey_mprotect() is given; one that nobody allocates is 15. */
const KEY = {
  keep: ["-1", "0xffffffffffffffff"],
  default: ["0", "0x0"],
  own: ["own_key()", null],
  unallocated: ["15", "0xf"],
} as const satisfies Record<string, readonly [c: string, syz: string | null]>;

/** The flags of an mremap(), by name and by number. */
function mremapFlags({ to, maymove, dontunmap }: OpOf<"mremap">): readonly [string, number][] {
  const flags: readonly [isSet: boolean, name: string, bit: number][] = [
    [to !== undefined || maymove === true || dontunmap === true, "MREMAP_MAYMOVE", 1],
    [to !== undefined, "MREMAP_FIXED", 2],
    [dontunmap === true, "MREMAP_DONTUNMAP", 4],
  ];
  return flags.filter(([isSet]) => isSet).map(([, name, bit]) => [name, bit]);
}

/** The flags of an mmap() of anonymous memory, which is not accounted. */
const ANON: readonly (readonly [name: string, bit: number])[] = [
  ["MAP_FIXED", 0x10],
  ["MAP_PRIVATE", 0x2],
  ["MAP_ANONYMOUS", 0x20],
  ["MAP_NORESERVE", 0x4000],
];
const NO_FILE = "0xffffffffffffffff";

/** How each system call is said in C and in syzkaller's language. */
const SAID: { readonly [K in SyscallKind]: Said<K> | Unsaid } = {
  spawn: { c: () => "0", syz: () => [] },
  exit: { c: () => "(_exit(0), 0)", syz: () => [] },
  fork: {
    c: ({ child }) => `fork_to(${child})`,
    syz: () => ["syz_clone(0x0, 0x0, 0x0, 0x0, 0x0, 0x0)"],
  },
  mmap: {
    c(op) {
      if (op.via === "anon") {
        const [prot] = PROTECTION[op.prot];
        const place = `${at(op.at)}, ${bytes(op.pages)}, ${prot}`;
        return failing(
          `mmap(${place}, ${ANON.map(([name]) => name).join(" | ")}, -1, 0) == MAP_FAILED`,
        );
      }
      const share = op.private ? "MAP_PRIVATE" : "MAP_SHARED";
      const [prot] = PROTECTION[op.prot];
      return `map(${op.at}, ${op.pages}, ${op.via.toUpperCase()}, ${op.pfn}, ${prot}, ${share})`;
    },
    syz(op, { vma, file }) {
      const range = `${vma(op.at, op.pages)}, ${hex(op.pages * PAGE)}`;
      if (op.via === "anon") {
        const bits = hex(ANON.reduce((sum, [, bit]) => sum | bit, 0));
        return [`mmap(${range}, ${hex(PROTECTION[op.prot][1])}, ${bits}, ${NO_FILE}, 0x0)`];
      }
      const { fd, offset } = file(op.via, op.pfn);
      const flags = hex(0x10 | (op.private ? 0x2 : 0x1));
      return [`mmap(${range}, ${hex(PROTECTION[op.prot][1])}, ${flags}, ${fd}, ${offset})`];
    },
  },
  munmap: plain,
  mlock: plain,
  munlock: plain,
  mprotect: {
    c(op) {
      if (op.pkey === undefined) return protect.c(op);
      const [prot] = PROTECTION[op.prot];
      const range = `${at(op.at)}, ${bytes(op.pages)}`;
      return failing(`syscall(SYS_pkey_mprotect, ${range}, ${prot}, ${KEY[op.pkey][0]})`);
    },
    syz(op, places) {
      if (op.pkey === undefined) return protect.syz(op, places);
      const range = `${places.vma(op.at, op.pages)}, ${hex(op.pages * PAGE)}`;
      const key = KEY[op.pkey][1] ?? places.key;
      return [`pkey_mprotect(${range}, ${hex(PROTECTION[op.prot][1])}, ${key})`];
    },
  },
  madvise: onRange(({ advice }: OpOf<"madvise">) => ADVICE[advice]),
  mseal: {
    c: (op) => failing(`syscall(SYS_mseal, ${at(op.at)}, ${bytes(op.pages)}, 0)`),
    // syzkaller knows mseal() from its generated descriptions alone, where addresses are plain numbers.
    syz: (op, { address }) => [`mseal$auto(${address(op.at)}, ${hex(op.pages * PAGE)}, 0x0)`],
  },
  mremap: {
    c(op) {
      const sizes = `${bytes(op.pages)}, ${bytes(op.newPages)}`;
      const names = mremapFlags(op).map(([name]) => name);
      const place = op.to === undefined ? "NULL" : at(op.to);
      const where = names.length === 0 ? "0" : `${names.join(" | ")}, ${place}`;
      return failing(`mremap(${at(op.at)}, ${sizes}, ${where}) == MAP_FAILED`);
    },
    syz(op, { vma }) {
      const range = `${vma(op.at, op.pages)}, ${hex(op.pages * PAGE)}`;
      const flags = hex(mremapFlags(op).reduce((sum, [, bit]) => sum | bit, 0));
      const target = vma(op.to ?? op.at, op.newPages);
      return [`mremap(${range}, ${hex(op.newPages * PAGE)}, ${flags}, ${target})`];
    },
  },
  touch: {
    c: (op) => `touch(${at(op.at)}, ${op.write ? 1 : 0})`,
    // The kernel touches the page: it copies a zero into it, or a byte of it into a pipe.
    syz: (op, { address, zero, pipe }) => [
      op.write
        ? `read(${zero}, &(${address(op.at)})=""/1, 0x1)`
        : `write(${pipe}, &(${address(op.at)}), 0x1)`,
    ],
  },
  peek: {
    c: (op) => `peek(${at(op.at)})`,
    syz: (op, { address, memory, byte }) => [`pread64(${memory}, ${byte}, 0x1, ${address(op.at)})`],
  },
  revoke: { cannot: "needs a driver that claims the device" },
};

/** The same for any of them. */
interface SaidOp {
  c(op: SyscallOp): string;
  syz(op: SyscallOp, places: SyzPlaces): readonly string[];
}

function said(op: SyscallOp): SaidOp {
  const how: SaidOp | Unsaid = SAID[op.op];
  if ("cannot" in how) throw new Error(`${op.op} ${how.cannot}`);
  return how;
}

/** Why no program can perform an op, or null. */
export function unsaid(op: SyscallOp): string | null {
  const how = SAID[op.op];
  return "cannot" in how ? how.cannot : null;
}

/** The C expression of an op that a program can do: 0 or the errno it failed with. */
export function cExpression(op: SyscallOp): string {
  return said(op).c(op);
}

/** An mmap() of the region as one call, of the file that a variable named as the way is open on. */
export function mmapCall(op: OpOf<"mmap"> & { readonly via: RegionVia }, from: string): string {
  const share = op.private ? "MAP_PRIVATE" : "MAP_SHARED";
  const place = op.pfn === 0 ? from : `${from} + ${bytes(op.pfn)}`;
  const range = `${at(op.at)}, ${bytes(op.pages)}, ${PROTECTION[op.prot][0]}`;
  return `mmap(${range}, ${share} | MAP_FIXED, ${op.via}, ${place}) == MAP_FAILED`;
}

/** The syzkaller calls of an op that a program can do. */
export function syzCalls(op: SyscallOp, places: SyzPlaces): readonly string[] {
  return said(op).syz(op, places);
}

/** What a step is to those who direct the processes of a C program. */
export function stepKind(op: SyscallOp): "SPAWN" | "FORK" | "EXIT" | "CALL" {
  const { vmas } = OPS[op.op];
  switch (vmas) {
    case "spawn":
      return "SPAWN";
    case "fork":
      return "FORK";
    case "exit":
      return "EXIT";
    case "map":
    case "unmap":
    case "cut":
    case "advise":
    case "move":
    case "none":
      return "CALL";
    default:
      return assertNever(vmas);
  }
}
