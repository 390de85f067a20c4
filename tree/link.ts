import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiler } from "../kernel/guestimage.ts";
import type { ProgramSources } from "./glue.ts";
import { libraryObjects } from "./library.ts";
import type { BuildLog } from "./log.ts";
import { reviewedStubs, stubsText, undefinedSymbols } from "./stubs.ts";

export interface Linking {
  readonly log: BuildLog;
  /** The copy of the tree, with everything compiled. */
  readonly copy: string;
  /** An empty folder for what is made on the way, and for the program. */
  readonly draft: string;
  readonly glue: ProgramSources;
  /** Object files, by their paths in the copy. */
  readonly objects: readonly string[];
}

/** Functions whose calls from other files go through the glue first. */
const WRAPPED = ["pte_alloc_one", "__vm_enough_memory", "anon_vma_clone", "anon_vma_fork"];

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

/**
 * Links the program: the tree's objects with the kernel half into one, stubs for what is left
 * undefined, all of it but the calls of the host half hidden, then the host half.
 */
export async function linkProgram({ log, copy, draft, glue, objects }: Linking): Promise<void> {
  const at = (name: string) => join(draft, name);
  const inCopy = { cwd: copy };
  await log.step("ar", ["rcs", at("lib.a"), ...libraryObjects(copy)], inCopy);
  const wraps = WRAPPED.map((name) => `--wrap=${name}`);
  // Of two definitions the first holds: the kernel half comes first.
  const kernel = ["-r", "-z", "muldefs", ...wraps, "-o", at("kernel.o"), ...objects, at("lib.a")];
  await log.step("ld", kernel, inCopy);
  const nm = await log.step("nm", ["-u", at("kernel.o")]);
  const relocations = await log.step("readelf", ["-rW", at("kernel.o")]);
  const undefinedOnes = undefinedSymbols(nm.stdout, relocations.stdout);
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
  await log.step(compiler(), [...host, ...quiet]);
  for (const name of ["kernel.o", "whole.o", "hidden.o", "lib.a"])
    rmSync(at(name), { force: true });
}
