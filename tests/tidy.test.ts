import { describe, expect, it } from "vitest";
import { type Breach, LONGEST_FILE, LONGEST_FUNCTION, RULES } from "./tidy/rules.ts";
import { rowOf, TABLE } from "./tidy/directions.ts";
import { readSources, type Source, sourceOf } from "./tidy/source.ts";

const sources = readSources();

/** A place where a rule is knowingly broken, and why. */
interface Exemption {
  readonly rule: string;
  readonly place: string;
  readonly reason: string;
}

const EXEMPTIONS: readonly Exemption[] = [];

const exempted = (rule: string) =>
  new Set(EXEMPTIONS.filter((exemption) => exemption.rule === rule).map(({ place }) => place));

describe("the tree is tidy", () => {
  it.each(RULES)("$name: no breach but the exempted ones", (rule) => {
    const found = rule.breaches(sources).filter(({ place }) => !exempted(rule.name).has(place));
    expect(found.map(({ place, why }) => `${place}: ${why}`)).toEqual([]);
  });

  it.each(RULES)("$name: no exemption is stale", (rule) => {
    const places = new Set(rule.breaches(sources).map(({ place }) => place));
    expect([...exempted(rule.name)].filter((place) => !places.has(place))).toEqual([]);
  });

  it("every exemption names a rule and has a reason", () => {
    const rules = RULES.map(({ name }) => name);
    const bad = EXEMPTIONS.filter(
      ({ rule, reason }) => !rules.includes(rule) || reason.trim().length < 10,
    );
    expect(bad).toEqual([]);
  });
});

function breaches(rule: string, ...files: Source[]): Breach[] {
  const found = RULES.find(({ name }) => name === rule);
  if (found === undefined) throw new Error(`no rule ${rule}`);
  return found.breaches(files);
}

describe("the scan sees what it should", () => {
  it.each([
    ["legacy/a.ts", 'import type { B } from "../modern/b.ts";'],
    ["src/oracle/a.ts", 'import type {\n  B,\n} from "../../legacy/b.ts";'],
    ["src/oracle/a.ts", 'export { b } from "../mm/mremap.ts";'],
    ["src/pat/a.ts", 'import { b } from "../mm/units.ts";'],
    ["src/engine/a.ts", 'import { b } from "../../reports/b.ts";'],
    ["src/strace/a.ts", 'import { b } from "../../legacy/b.ts";'],
    ["src/compare.ts", 'import { b } from "../fuzz/b.ts";'],
    ["fuzz/a.ts", 'const b = await import("../legacy/index.ts");'],
    ["fuzz/a.ts", 'import { createHash } from "node:crypto";'],
    ["reports/a.ts", 'import { b } from "../src/cli/io.ts";'],
    ["src/mm/a.ts", 'import { b } from "../../tests/b.ts";'],
    ["src/nowhere.ts", ""],
  ])("%s may not say %s", (path, text) => {
    expect(breaches("import directions", sourceOf(path, text))).not.toEqual([]);
  });

  it("an oracle may import the errnos, a command anything", () => {
    const oracle = sourceOf("src/oracle/a.ts", 'import { ERRNOS } from "../mm/errno.ts";');
    const command = sourceOf("src/cli/a.ts", 'import { b } from "../../legacy/index.ts";');
    expect(breaches("import directions", oracle, command)).toEqual([]);
  });

  it("the table says no more than is so: every import that it allows is made", () => {
    const unused = TABLE.flatMap(({ places, mayImport }) => {
      const own = sources.filter(({ path }) => rowOf(path)?.places === places);
      const made = own.flatMap(({ imports, builtins }) => [
        ...imports,
        ...(builtins.length > 0 ? ["node"] : []),
      ]);
      return (mayImport ?? [])
        .filter((place) => !made.some((path) => path === place || path.startsWith(`${place}/`)))
        .map((place) => `${places.join(", ")} -> ${place}`);
    });
    expect(unused).toEqual([]);
  });

  it("a file that only its own test imports is unreachable", () => {
    const lost = sourceOf("src/lost.ts", "export const a = 1;");
    const entry = sourceOf("src/cli/entry.ts", "");
    const test = sourceOf("tests/lost.test.ts", 'import { a } from "../src/lost.ts";');
    expect(breaches("unreachable files", lost, entry, test)).toHaveLength(1);
  });

  it("a module that needs Node or prints is seen, a comment about it is not", () => {
    const waits = sourceOf("fuzz/a.ts", "setImmediate(go);");
    const prints = sourceOf("src/mm/b.ts", "console.log(1);");
    const says = sourceOf("src/mm/c.ts", "// console.log is the command line's");
    expect(breaches("the outside world", waits, prints, says)).toHaveLength(2);
  });

  it.each([
    "function a() {",
    "export async function a(\n  b: number,\n): Promise<void> {",
    "  private async a(): Promise<void> {",
    "const a = () => {",
  ])("a long function is seen: %s", (head) => {
    const indent = head.match(/^ */)?.[0] ?? "";
    const body = Array.from({ length: LONGEST_FUNCTION }, () => `${indent}  work();`);
    const long = sourceOf("src/a.ts", [head, ...body, `${indent}}`].join("\n"));
    expect(breaches("function length", long)).toHaveLength(1);
  });

  it("short functions next to each other are not one long one", () => {
    const short = ["const a = (b: number) => b;", "function c() {", "  work();", "}"].join("\n");
    const many = sourceOf("src/a.ts", Array.from({ length: 40 }, () => short).join("\n"));
    expect(breaches("function length", many)).toEqual([]);
  });

  it("a long file and a swallowed error are seen", () => {
    const text = `${"\n".repeat(LONGEST_FILE)}try { a(); } catch {${" }"}`;
    expect(breaches("file length", sourceOf("src/a.ts", text))).toHaveLength(1);
    expect(breaches("forbidden text", sourceOf("src/a.ts", text))).toHaveLength(1);
  });
});
