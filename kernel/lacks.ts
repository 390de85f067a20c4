import { isDriverOp } from "../src/trace/driverkinds.ts";
import type { Op } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";

/** What follows where a kernel is built without an option. */
interface Lack {
  /** In a few words, as the end of "without it there is ...". */
  readonly no: string;
  /** No guest runs without it. */
  readonly needed?: true;
  /** The ops that the kernel then answers otherwise than those that have it. */
  readonly isOp?: (op: Op) => boolean;
  /** No allocation can be told to fail. */
  readonly spoilsFaults?: true;
}

const isAdvice = (...advices: readonly string[]) => {
  return (op: Op) => op.op === "madvise" && advices.includes(op.advice);
};
const isClaim = ({ op }: Op) => op === "revoke" || op === "claim" || op === "release";
const namesKey = (op: Op) => op.op === "mprotect" && op.pkey !== undefined;
const isMemremapPages = ({ op }: Op) => op === "memremap-pages" || op === "memunmap-pages";
const needed = (no: string): Lack => ({ no, needed: true });

/** What the guest looks for (guest/lacks.c, guest/drivers.c), and those without which it does not run at all. */
export const OPTIONS = {
  CONFIG_64BIT: needed("64-bit program"),
  CONFIG_BINFMT_ELF: needed("program that can be started"),
  CONFIG_BLK_DEV_INITRD: needed("initramfs"),
  CONFIG_SERIAL_8250: needed("second serial port, through which guests answer"),
  CONFIG_PRINTK: needed("kernel log"),
  CONFIG_PROC_FS: needed("/proc"),
  CONFIG_PROC_PAGE_MONITOR: needed("smaps, which shows VMAs"),
  CONFIG_PROC_SYSCTL: needed("limit on VMAs that can be set"),
  CONFIG_SYSFS: needed("files of PCI devices"),
  CONFIG_PCI: needed("PCI device to map"),
  CONFIG_PCI_DIRECT: needed("PCI device that is found"),
  CONFIG_DEBUG_FS: needed("pat_memtype_list"),
  CONFIG_X86_PAT: needed("tracking"),
  CONFIG_DEVMEM: needed("/dev/mem"),
  CONFIG_FUTEX: needed("way to wait for a process"),
  CONFIG_SERIAL_8250_CONSOLE: { no: "console to say why it ended" },
  CONFIG_KALLSYMS: { no: "function names in backtraces", spoilsFaults: true },
  CONFIG_ADVISE_SYSCALLS: { no: "madvise()", isOp: (op) => op.op === "madvise" },
  CONFIG_KSM: { no: "merging advice", isOp: isAdvice("mergeable", "unmergeable") },
  CONFIG_TRANSPARENT_HUGEPAGE: {
    no: "huge page advice",
    isOp: isAdvice("hugepage", "nohugepage", "collapse"),
  },
  CONFIG_SWAP: { no: "willneed for anonymous memory", isOp: isAdvice("willneed") },
  CONFIG_BLK_DEV_NVME: { no: "driver that claims the aperture", isOp: isClaim },
  CONFIG_IO_STRICT_DEVMEM: { no: "revoking when a driver claims the aperture", isOp: isClaim },
  CONFIG_FAULT_INJECTION: { no: "allocation that fails on request", spoilsFaults: true },
  CONFIG_FAILSLAB: { no: "slab allocation that fails on request", spoilsFaults: true },
  CONFIG_FAIL_PAGE_ALLOC: { no: "page allocation that fails on request", spoilsFaults: true },
  CONFIG_FAULT_INJECTION_STACKTRACE_FILTER: {
    no: "allocation that fails by the function that makes it",
    spoilsFaults: true,
  },
  /** No option, but what is built for a kernel with some (kernel/module). */
  "pfndiff.ko": {
    no: "driver, kernel mapping or page table that can be looked at",
    isOp: isDriverOp,
  },
  /** CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS, and a processor that has them. */
  pkeys: { no: "protection key that can be allocated", isOp: namesKey },
  CONFIG_ZONE_DEVICE: { no: "memremap_pages()", isOp: isMemremapPages },
} as const satisfies Readonly<Record<string, Lack>>;

export type KernelOption = keyof typeof OPTIONS;
const KNOWN = new Map(Object.entries<Lack>(OPTIONS) as [KernelOption, Lack][]);

/** An option by its name; throws for one that the guest names and nobody knows. */
export function optionNamed(name: string): KernelOption {
  const option = [...KNOWN.keys()].find((each) => each === name);
  if (option === undefined) throw new Error(`the guest names ${name}, which is unknown here`);
  return option;
}

/** What follows from the lack of an option. */
export function lackOf(option: KernelOption): Lack {
  return OPTIONS[option];
}

const isOption = (option: KernelOption) => option.startsWith("CONFIG_");

/** What a kernel lacks and what follows, in a few words. */
export function lackText(option: KernelOption): string {
  return `${option} is not ${isOption(option) ? "set" : "there"}: no ${lackOf(option).no}`;
}

/** What mends a lack, if anything does. */
export function mendOf(option: KernelOption): string | null {
  if (isOption(option)) return `${option}=y`;
  return option === "pfndiff.ko" ? "pfndiff kernel module" : null;
}

/** The first option among those that a kernel lacks that an op needs, or null. */
export function neededBy(op: Op, lacks: Iterable<KernelOption>): KernelOption | null {
  for (const option of lacks) {
    const { isOp, spoilsFaults } = lackOf(option);
    if (isOp?.(op) === true || (spoilsFaults === true && op.fault !== undefined)) return option;
  }
  return null;
}

/** A trace without the ops that a kernel answers otherwise for lack of an option; what is to fail stays. */
export function withoutLacking(trace: Trace, lacks: ReadonlySet<KernelOption>): Trace {
  const others = [...lacks].map(lackOf);
  const ops = trace.ops.filter((op) => others.every(({ isOp }) => isOp?.(op) !== true));
  return ops.length === trace.ops.length ? trace : { ...trace, ops };
}

/** What the console of a kernel that never answered says of what it was built without, the likeliest first. */
export function lacksByConsole(console: string): readonly KernelOption[] {
  if (/VFS: Unable to mount root fs|no filesystem could mount root/i.test(console)) {
    return ["CONFIG_BLK_DEV_INITRD"];
  }
  if (/init \(error -8\)|No working init found/.test(console)) {
    return ["CONFIG_BINFMT_ELF", "CONFIG_64BIT"];
  }
  if (/Attempted to kill init! exitcode=0x0*100\b/.test(console)) return ["CONFIG_SERIAL_8250"];
  return console.trim() === "" ? ["CONFIG_PRINTK", "CONFIG_SERIAL_8250_CONSOLE"] : [];
}
