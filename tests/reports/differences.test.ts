import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run } from "../cli/run.ts";
import { IS_LONG } from "../long.ts";

const ask = (depth: number, ...more: string[]) =>
  run(["explore", "--neighbours", "--slots", "1", "--pages", "2", "--depth", `${depth}`, ...more]);

const PAGE = readFileSync("docs/DIFFERENCES.md", "utf8");

/** The signatures of each pair, by its heading. */
function pairsOf(page: string): Map<string, string[]> {
  const [, ...parts] = page.split("\n## ");
  return new Map(
    parts.map((part) => {
      const signatures = [...part.matchAll(/^- `([^`]*)`: /gm)].map(
        ([, signature]) => signature ?? "",
      );
      return [part.slice(0, part.indexOf("\n")), signatures];
    }),
  );
}

/** What each pair shows, as the page has it, of no more than so many ops. */
function rowsOf(page: string, ops: number): Map<string, string[]> {
  const [, ...parts] = page.split("\n## ");
  return new Map(
    parts.map((part) => {
      const [title = "", ...rows] = part.split("\n- ");
      const few = rows.filter((row) => (row.split("\n")[0] ?? "").split("`, `").length <= ops);
      return [title.slice(0, title.indexOf("\n")), few.map((row) => row.trim())];
    }),
  );
}

describe("the page of what differs from each release to the next", () => {
  it.runIf(IS_LONG)(
    "has at each pair what an exploration to three ops finds, and no more of that length",
    async () => {
      const { out } = await ask(3, "--with", "all");
      expect(rowsOf(out, 3)).toEqual(rowsOf(PAGE, 3));
      expect(PAGE).toContain("--depth 4 --with all > docs/DIFFERENCES.md");
    },
  );

  it("has every pair, and what fewer ops show", async () => {
    const { out, err } = await ask(1);
    const [few, all] = [pairsOf(out), pairsOf(PAGE)];
    expect(err).toContain("modern@6.16 -> modern@6.17 (3 of 9)\n");
    expect([...few.keys()]).toEqual([...all.keys()]);
    for (const [pair, signatures] of few)
      expect(all.get(pair)).toEqual(expect.arrayContaining(signatures));
    expect(all.get("legacy@6.12 to modern@6.16")).toContain("fixed:leak:unmap-head");
    expect(all.get("modern@7.1 to modern@7.2")).toEqual([]);
  });

  it("is made of models only: what is for one pair is refused beside it", async () => {
    const { status, err } = await ask(1, "--prove", "reports/baseline.json");
    expect(status).toBe(2);
    expect(err).toContain("cannot be used with");
  });
});
