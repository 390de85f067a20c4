import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The objects of lib/ that stand for themselves: those that need a boot, or that others define, are left out. */
export function libraryObjects(copy: string): string[] {
  const left = /^(maple_tree|vsprintf|usercopy|.*insn.*|.*inat.*|.*bhi.*|.*kaslr.*)\.o$/;
  return ["arch/x86/lib", "lib"].flatMap((folder) =>
    readdirSync(join(copy, folder))
      .filter((name) => name.endsWith(".o") && !left.test(name))
      .map((name) => `${folder}/${name}`),
  );
}
