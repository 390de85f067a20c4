import { describe, expect, it } from "vitest";
import { claimsMarkdown, claimsText } from "../../reports/claimstext.ts";
import type { ReportClaim } from "../../reports/data.ts";

const ABOUT = {
  before: "legacy@6.12",
  after: "modern@7.2",
  runs: 3,
  seed: 1,
  explored: "every op",
};
const CLAIMS: readonly ReportClaim[] = (["holds", "partly", "fails", "open"] as const).map(
  (judgement, index) => ({
    number: index + 1,
    claim: `Claim *${index + 1}* of some length, with words enough to be folded at the width of a terminal line.`,
    judgement,
    evidence: ["1 of 2 <seen>."],
    witness: { text: "a witness\n  0: spawn p0" },
  }),
);

describe("claims as text", () => {
  it("say each judgement in words, folded to 100 columns, with the witness as it is drawn", () => {
    const text = claimsText(CLAIMS, ABOUT);
    for (const word of ["HOLDS\n", "HOLDS WITH EXCEPTIONS", "DOES NOT HOLD", "NOT DECIDED HERE"]) {
      expect(text).toContain(word);
    }
    expect(text).toContain("   a witness\n     0: spawn p0");
    const lines = text.split("\n").slice(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it("are a table and a section each in markdown, with markup escaped", () => {
    const text = claimsMarkdown(CLAIMS, ABOUT);
    expect(text.match(/^### /gm)).toHaveLength(4);
    expect(text).toContain("| 4 | Claim \\*4\\* of");
    expect(text).toContain("- 1 of 2 \\<seen\\>.");
    expect(text).toContain("```text\na witness\n  0: spawn p0\n```");
  });
});
