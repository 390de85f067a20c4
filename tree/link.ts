import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiler } from "../kernel/guestimage.ts";
import type { ProgramSources } from "./glue.ts";
import { libraryObjects } from "./library.ts";
import type { BuildLog } from "../kernel/buildlog.ts";
import { reviewedStubs, stubsText, type Undefined, undefinedSymbols } from "./stubs.ts";

export interface Linking {
  readonly log: BuildLog;
  /** The copy of the tree. */
  readonly copy: string;
  /** An empty folder for what is made on the way, and for the program. */
  readonly draft: string;
  readonly glue: ProgramSources;
  /** Object files of the kernel half, by their paths in the copy. */
  readonly own: readonly string[];
  /** The objects count the lines that run. */
  readonly isCovered: boolean;
  /** Compiles objects of the copy. */
  compile(objects: readonly string[]): Promise<unknown>;
}

/** Functions whose calls from other files go through the glue first. */
const WRAPPED = [
  "pte_alloc_one",
  "__vm_enough_memory",
  "anon_vma_clone",
  "anon_vma_fork",
  "vm_area_alloc",
  "percpu_ref_init",
  "__thp_vma_allowable_orders",
  "hugepage_vma_check",
];

/** As kernel code is compiled: no floating point, addresses in the lowest 2 GiB. */
const AS_KERNEL = [
  "-O1",
  "-w",
  "-fno-pie",
  "-mno-sse",
  "-mgeneral-regs-only",
  "-fno-stack-protector",
  "-fno-omit-frame-pointer",
  "-mcmodel=kernel",
];
/** Kernel code keeps a stack that is aligned to 8 bytes only. */
const AS_HOST = [
  "-O2",
  "-Wall",
  "-Wextra",
  "-fno-pie",
  "-fno-omit-frame-pointer",
  "-mstackrealign",
];

/** The compiler's library that counts; nothing but the host half asks for these two of it, and it can do without. */
const COUNTING = ["-Wl,-u,__gcov_dump,-u,__gcov_reset", "-lgcov"];

/** How programs are linked: one that was linked otherwise is another program. */
export const RECIPE = [...WRAPPED, ...AS_KERNEL, ...AS_HOST, ...COUNTING].join(" ");

/**
 * Compiles and links the kernel's objects with our half, and those of lib/ that they turn out to need,
 * into one. Returns what is left undefined.
 */
async function linkKernel({ log, copy, draft, glue, own, compile }: Linking): Promise<Undefined[]> {
  const isThere = (name: string) =>
    [".c", ".S"].some((end) => existsSync(join(copy, name.replace(/\.o$/, end))));
  const whole = join(draft, "kernel.o");
  const wraps = WRAPPED.map((name) => `--wrap=${name}`);
  // Of two definitions the first holds: our half comes first.
  const objects: string[] = [];
  let fresh = [...own, ...glue.objects.filter(isThere)];
  for (;;) {
    await compile(fresh);
    objects.push(...fresh);
    await log.step("ld", ["-r", "-z", "muldefs", ...wraps, "-o", whole, ...objects], { cwd: copy });
    const nm = await log.step("nm", ["-u", whole]);
    const relocations = await log.step("readelf", ["-rW", whole]);
    const left = undefinedSymbols(nm.stdout, relocations.stdout);
    const names = new Set(left.map(({ name }) => name));
    fresh = libraryObjects(copy, names).filter((name) => !objects.includes(name));
    if (fresh.length === 0) return left;
  }
}

/**
 * Links the program: the kernel's objects and the kernel half, stubs for what is left undefined, all
 * of it but the calls of the host half hidden, then the host half.
 */
export async function linkProgram(linking: Linking): Promise<void> {
  const { log, draft, glue } = linking;
  const at = (name: string) => join(draft, name);
  const undefinedOnes = await linkKernel(linking);
  const reviewed = reviewedStubs(readFileSync(glue.stubs, "utf8"));
  writeFileSync(at("stubs.c"), stubsText(undefinedOnes, reviewed));
  const stubs = [...AS_KERNEL, `-I${glue.folder}`, "-c", "-o", at("stubs.o"), at("stubs.c")];
  await log.step(compiler(), stubs);
  await log.step("ld", ["-r", "-o", at("whole.o"), at("kernel.o"), at("stubs.o")]);
  const hide = [
    "-w",
    "--rename-section",
    ".data..once=pfndiff_once",
    "--rename-section",
    ".data.once=pfndiff_once",
    "--keep-global-symbol=k_*",
  ];
  await log.step("objcopy", [...hide, at("whole.o"), at("hidden.o")]);
  const host = ["-no-pie", ...AS_HOST, "-o", at("pfntree"), ...glue.host, at("hidden.o")];
  const quiet = ["-Wl,-z,noexecstack", "-Wl,--no-warn-rwx-segments"];
  const counters = linking.isCovered ? COUNTING : [];
  await log.step(compiler(), [...host, ...quiet, ...counters]);
  for (const name of ["kernel.o", "whole.o", "hidden.o"]) rmSync(at(name), { force: true });
}
