import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["lib", "arch/x86/lib"];
/** These need a boot, or stand for a machine that is another, or others define what they do, or no op gets there. */
const LEFT_OUT =
  /^(maple_tree|iov_iter|vsprintf|usercopy|logic_.*|.*_32|.*insn.*|.*inat.*|.*bhi.*|.*kaslr.*)\.[cS]$/;
const EXPORT = /^\s*EXPORT_SYMBOL(?:_GPL|_NS|_NS_GPL)?\(\s*(\w+)/gm;

/** The objects of a tree's lib/ that export any of some symbols, by their paths in the tree. */
export function libraryObjects(copy: string, symbols: ReadonlySet<string>): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(copy, folder))
      .filter((name) => /\.[cS]$/.test(name) && !LEFT_OUT.test(name))
      .filter((name) => exportsAny(readFileSync(join(copy, folder, name), "utf8"), symbols))
      .map((name) => `${folder}/${name.replace(/\.[cS]$/, ".o")}`),
  );
}

function exportsAny(text: string, symbols: ReadonlySet<string>): boolean {
  return [...text.matchAll(EXPORT)].some(([, name = ""]) => symbols.has(name));
}
