import { readFileSync } from "node:fs";
import { lexer, type Token, type Tokens, walkTokens } from "marked";
import { describe, expect, it } from "vitest";
import { claimsMarkdown } from "../../../reports/claimstext.ts";
import { githubSummary } from "../../../reports/formats/github.ts";
import { judgedReport } from "../../../reports/formats/report.ts";
import { BASELINE, campaign, crowd, finding, KNOWN, MIXED, NASTY } from "./sample.ts";

/** Everything that a parser of GitHub-flavoured markdown sees in a text. */
function tokensOf(text: string): Token[] {
  const seen: Token[] = [];
  walkTokens(lexer(text, { gfm: true }), (token) => void seen.push(token));
  return seen;
}

const ofType = (tokens: readonly Token[], type: string) =>
  tokens.filter((token) => token.type === type);

function tableIn(tokens: readonly Token[]): Tokens.Table {
  const [table, more] = ofType(tokens, "table");
  if (table === undefined || more !== undefined) throw new Error("there is one table");
  return table as Tokens.Table;
}

/** What a cell says once it is parsed, without its markup. */
function said({ tokens }: Tokens.TableCell): string {
  const texts: string[] = [];
  walkTokens(tokens, (token) => {
    if (token.type === "text" || token.type === "escape") texts.push(token.text);
  });
  return texts.join("");
}

describe("a GitHub step summary, as a markdown parser reads it", () => {
  it("is one table with a row for each signature, and its texts are no markup", () => {
    const tokens = tokensOf(githubSummary(MIXED));
    const { header, rows } = tableIn(tokens);
    expect(rows).toHaveLength(MIXED.signatures.length);
    expect(rows.every((row) => row.length === header.length)).toBe(true);
    for (const type of ["html", "link", "image", "del"]) expect(ofType(tokens, type)).toEqual([]);
    const words = rows.map((row) => said(row[2] as Tokens.TableCell));
    const nasty = words.find((text) => text.includes("second"));
    expect(nasty).toContain("'d' | e:f,g % #");
    expect(nasty).toContain("second `line` ]]");
  });

  it("is whole where it is full, and the line that says what was cut is outside the table", () => {
    const tokens = tokensOf(githubSummary(crowd(3_000, "x".repeat(800))));
    const { header, rows } = tableIn(tokens);
    expect(rows.every((row) => row.length === header.length)).toBe(true);
    const cut = `${3_000 - rows.length} more findings do not fit`;
    const last = ofType(tokens, "paragraph").at(-1);
    expect(last?.raw).toContain(cut);
  });

  it("lists the goals that were missed, and nothing else", () => {
    const goalsMissed = ["split" as const, "fork-fails" as const];
    const summary = githubSummary(
      judgedReport({ ...campaign([finding(KNOWN)]), goalsMissed }, BASELINE),
    );
    const items = ofType(tokensOf(summary), "list_item").map(({ raw }) => raw.trim());
    expect(items).toEqual(["- missed goal: split", "- missed goal: fork-fails"]);
  });
});

describe("a markdown report, as a markdown parser reads it", () => {
  const text = readFileSync(
    new URL("../../../docs/report-6.12-vs-7.2.md", import.meta.url),
    "utf8",
  );
  const tokens = tokensOf(text);
  const headings = ofType(tokens, "heading") as Tokens.Heading[];

  it("draws the three gravest roots and each claim, and has a row for each finding", () => {
    expect(text.split("\n").length).toBeLessThan(400);
    expect(headings.filter(({ depth }) => depth === 3)).toHaveLength(9);
    const drawings = (ofType(tokens, "code") as Tokens.Code[]).filter(
      ({ lang }) => lang === "text",
    );
    expect(drawings.length).toBeGreaterThanOrEqual(3);
    const tables = ofType(tokens, "table") as Tokens.Table[];
    expect(tables.map(({ header }) => header.length)).toEqual([5, 4, 3]);
    expect(tables[1]?.rows.length).toBeGreaterThan(40);
    expect(tables[2]?.rows).toHaveLength(9);
  });

  it("has no markup that comes from a text", () => {
    for (const type of ["image", "del", "em"]) expect(ofType(tokens, type)).toEqual([]);
    const folds = ofType(tokens, "html").map(({ raw }) => raw.trim());
    for (const fold of folds)
      expect(fold).toMatch(/^(<details>\n<summary>[\w, ]+<\/summary>|<\/details>)$/);
    const line = NASTY.replaceAll("\n", " ");
    const claim = { number: 1, claim: line, judgement: "holds", evidence: [line] } as const;
    const about = { before: line, after: "a", runs: 1, seed: 1, explored: "all" };
    const nasty = tokensOf(claimsMarkdown([claim], about));
    for (const type of ["html", "image", "codespan"]) expect(ofType(nasty, type)).toEqual([]);
    expect(tableIn(nasty).rows).toHaveLength(1);
  });
});
