import { UserError } from "../src/usererror.ts";

/** A symbol that may be used although nothing defines it, and why nothing is the right answer. */
export interface ReviewedStub {
  readonly name: string;
  readonly why: string;
}

/** Reads the list of reviewed stubs: `NAME  why`, comments and empty lines aside. */
export function reviewedStubs(text: string): ReviewedStub[] {
  const stubs = text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => {
      const { name = "", why = "" } = /^(?<name>\w+)\s+(?<why>\S.*)$/.exec(line)?.groups ?? {};
      if (name === "") throw new UserError(`stubs.txt: a stub needs a name and a reason: ${line}`);
      return { name, why };
    });
  const names = stubs.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UserError(`stubs.txt: ${twice} stands there twice`);
  return stubs;
}

/** What a symbol table says of the symbols that nothing defines. */
export interface Undefined {
  readonly name: string;
  /** It is called somewhere; otherwise it is data. */
  readonly isCalled: boolean;
}

/** The symbols that `nm -u` lists, told apart by the relocations that `readelf -rW` lists. */
export function undefinedSymbols(nm: string, relocations: string): Undefined[] {
  const called = new Set<string>();
  for (const [, name = ""] of relocations.matchAll(/ R_X86_64_PLT32 +[0-9a-f]+ (\S+)/g)) {
    called.add(name);
  }
  const names = [...nm.matchAll(/^ +[Uw] (\S+)$/gm)].map(([, name = ""]) => name);
  return [...new Set(names)]
    .filter((name) => !OURS.test(name))
    .sort()
    .map((name) => ({ name, isCalled: called.has(name) }));
}

/** What the host half, the linker or the compiler's library defines, and calls that may be missing. */
const OURS =
  /^(host_\w+|__(gcov|tsan|asan)_\w+|zap_vma_ptes|zap_special_vma_range|__(start|stop)_(pfndiff_\w+|__bug_table)|__x64_sys_mseal)$/;

/**
 * The C text of all stubs. A function that is on the list answers 0, data on it is zero; any other
 * function ends the program with its name, and any other data is where nobody may look.
 */
export function stubsText(
  symbols: readonly Undefined[],
  reviewed: readonly ReviewedStub[],
): string {
  const known = new Set(reviewed.map(({ name }) => name));
  const lines = symbols.map(({ name, isCalled }) => {
    const isKnown = known.has(name);
    if (isCalled) return `${isKnown ? "FUNCTION" : "UNREVIEWED_FUNCTION"}(${name})`;
    return `${isKnown ? "DATA" : "UNREVIEWED_DATA"}(${name})`;
  });
  return `/* SPDX-License-Identifier: GPL-2.0 */\n#include "stubs.h"\n\n${lines.join("\n")}\n`;
}
