import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HISTORIC_RELEASES } from "../../legacy/historic.ts";
import { LEGACY_PROFILES } from "../../legacy/profiles.ts";
import { MODERN_PROFILES } from "../../modern/profiles.ts";

const TEXT = readFileSync("docs/DESIGNS.md", "utf8");
const rows = TEXT.split("\n").filter((line) => line.startsWith("| `"));
const firstCells = rows.map((row) => row.split("|")[1]?.trim());
const span = (design: string, releases: readonly string[]) =>
  `\`${design}@${releases[0]}\` ... \`@${releases.at(-1)}\``;

describe("docs/DESIGNS.md", () => {
  it("names the releases of both designs, from the first to the last", () => {
    const legacy = Object.keys(LEGACY_PROFILES).map((release) => `\`legacy@${release}\``);
    expect(firstCells).toContain(legacy.join(", "));
    expect(firstCells).toContain(span("legacy", HISTORIC_RELEASES));
    expect(firstCells).toContain(span("modern", Object.keys(MODERN_PROFILES)));
  });

  it("has the hooks that the worked example has, in a row each", () => {
    const source = readFileSync("docs/examples/forgetful.js", "utf8");
    const methods = [...source.matchAll(/^ {2}(\w+)\(.*\) \{/gm)].map(([, name]) => name);
    const hooks = firstCells.flatMap((cell) => /^`(\w+)\(/.exec(cell ?? "")?.[1] ?? []);
    expect(hooks).toEqual(methods.filter((name) => name !== "constructor"));
  });
});
