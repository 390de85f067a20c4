import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The C of the program (GPL-2.0), and what it is built with. */
export interface ProgramSources {
  /** Files of the kernel half and where they go in a copy of the tree. */
  readonly inTree: readonly { readonly from: string; readonly to: string }[];
  /** C files of the host half. */
  readonly host: readonly string[];
  /** Options of the kernel's configuration. */
  readonly options: string;
  /** Object files of the tree. */
  readonly objects: readonly string[];
  /** The list of reviewed stubs, and the folder of the header that makes them. */
  readonly stubs: string;
  readonly folder: string;
  /** A hash of all of it. */
  readonly hash: string;
}

/** Wrappers of whole kernel files stand beside these, so that what they include is found. */
const BESIDE: Readonly<Record<string, string>> = {
  "fork.c": "kernel",
  "init.c": "arch/x86/mm",
  "mem.c": "drivers/char",
  "memtype.c": "arch/x86/mm/pat",
  "memtype_interval.c": "arch/x86/mm/pat",
  "pci-sysfs.c": "drivers/pci",
  "resource.c": "kernel",
};

/** The folder: beside this file, or where the bundle or a chunk of it is built from. */
function folderOfProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = ["program", "../tree/program", "../../tree/program"].map((path) =>
    join(here, path),
  );
  const found = candidates.find((folder) => existsSync(join(folder, "pfndiff.h")));
  if (found === undefined)
    throw new Error(`no sources of the program in ${candidates.join(" or ")}`);
  return found;
}

/** What the program of a tree is made of besides the tree. */
export function programSources(): ProgramSources {
  const folder = folderOfProgram();
  const filesOf = (name: string) => readdirSync(join(folder, name)).sort();
  const kernel = filesOf("kernel").map((name) => ({
    from: join(folder, "kernel", name),
    to: `${BESIDE[name] ?? "mm"}/pfndiff_${name}`,
  }));
  const host = filesOf("host").map((name) => join(folder, "host", name));
  const inTree = [...kernel, { from: join(folder, "pfndiff.h"), to: "mm/pfndiff.h" }];
  const others = ["options.config", "objects.txt", "stubs.txt", "stubs.h"].map((name) =>
    join(folder, name),
  );
  const [options = "", objects = "", stubs = ""] = others;
  const sum = createHash("sha256");
  for (const path of [...inTree.map(({ from }) => from), ...host, ...others])
    sum.update(readFileSync(path));
  return {
    inTree,
    host: host.filter((path) => path.endsWith(".c")),
    options,
    objects: readFileSync(objects, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#")),
    stubs,
    folder,
    hash: sum.digest("hex"),
  };
}
