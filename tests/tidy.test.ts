import { describe, expect, it } from "vitest";
import { type Breach, LONGEST_FILE, LONGEST_FUNCTION, RULES } from "./tidy/rules.ts";
import { readSources, type Source, sourceOf } from "./tidy/source.ts";

const sources = readSources();

/** A place where a rule is knowingly broken, and why. */
interface Exemption {
  readonly rule: string;
  readonly place: string;
  readonly reason: string;
}

const EXEMPTIONS: readonly Exemption[] = [
  {
    rule: "the outside world",
    place: "fuzz/disk.ts",
    reason: "the results and corpus folders: reading and writing files is all that this file does",
  },
];

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
    ["modern/a.ts", 'import { b } from "../legacy/b.ts";'],
    ["src/oracle/a.ts", 'import type {\n  B,\n} from "../../legacy/b.ts";'],
    ["src/oracle/a.ts", 'export { b } from "../mm/mremap.ts";'],
    ["src/model/a.ts", 'import { b } from "../oracle/finding.ts";'],
    ["src/mm/a.ts", 'import { b } from "../oracle/finding.ts";'],
    ["src/pat/a.ts", 'import { b } from "../mm/units.ts";'],
    ["src/trace/a.ts", 'import { b } from "../compare.ts";'],
    ["kernel/a.ts", 'import { b } from "../fuzz/campaign.ts";'],
    ["fuzz/a.ts", 'const b = await import("../legacy/index.ts");'],
    ["src/claims/a.ts", 'import { b } from "../../fuzz/campaign.ts";'],
    ["reports/a.ts", 'import { b } from "../src/cli/io.ts";'],
    ["src/a.ts", 'import { b } from "../tests/b.ts";'],
  ])("%s may not say %s", (path, text) => {
    expect(breaches("import directions", sourceOf(path, text))).not.toEqual([]);
  });

  it("an oracle may import the errnos, a command anything", () => {
    const oracle = sourceOf("src/oracle/a.ts", 'import { ERRNOS } from "../mm/errno.ts";');
    const command = sourceOf("src/cli/a.ts", 'import { b } from "../../legacy/index.ts";');
    expect(breaches("import directions", oracle, command)).toEqual([]);
  });

  it("a file that only its own test imports is unreachable", () => {
    const lost = sourceOf("src/lost.ts", "export const a = 1;");
    const entry = sourceOf("src/cli/entry.ts", "");
    const test = sourceOf("tests/lost.test.ts", 'import { a } from "../src/lost.ts";');
    expect(breaches("unreachable files", lost, entry, test)).toHaveLength(1);
  });

  it("a module that reads files or prints is seen, a comment about it is not", () => {
    const reads = sourceOf("src/a.ts", 'import { readFileSync } from "node:fs";');
    const prints = sourceOf("src/b.ts", "console.log(1);");
    const says = sourceOf("src/c.ts", "// console.log is the command line's");
    expect(breaches("the outside world", reads, prints, says)).toHaveLength(2);
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
