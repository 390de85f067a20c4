import { describe, expect, it } from "vitest";
import baselineFile from "../../reports/baseline.json" with { type: "json" };
import { ExplanationText } from "../../src/cli/explaintext.ts";
import { explainLog } from "../../src/explain/explain.ts";
import { readExcerpt } from "../../src/explain/excerpt.ts";
import { baselineSchema } from "../../src/gate.ts";

const baseline = baselineSchema.parse(baselineFile);
const excerpt = readExcerpt("x86/PAT: gl:88 freeing invalid memtype [mem 0x1000-0x1fff]");

describe("an explanation", () => {
  it.each([
    ["6.12.117+deb12-amd64", "the model legacy@6.12 stands for it"],
    ["legacy@6.12.23", "the model legacy@6.12.23 stands for it"],
    ["5.10", "no model is of its series; legacy@6.1.0 is the nearest"],
    ["6.13", "no model is of its series; legacy@6.12.0 is the nearest"],
    ["8.0", "no model is of its series; modern@7.3 is the nearest"],
  ])("of release %s: %s", (release, words) => {
    const told = new ExplanationText(1000).whole(
      explainLog(excerpt, baseline, { release, runs: 0 }),
    );
    expect(told.split("\n")[0]).toContain(words);
  });

  it("gives the reasons that were accepted for its own pair, and no other's", () => {
    const entries = baseline.entries.map(({ from: _from, ...entry }) => ({
      ...entry,
      after: "modern@6.19",
    }));
    const causesWith = (known: typeof baseline) =>
      explainLog(excerpt, known, { release: "6.12", runs: 0 }).answers.flatMap(({ sequences }) =>
        sequences.flatMap(({ causes }) => causes),
      );
    expect(causesWith(baseline).some(({ reason }) => reason !== undefined)).toBe(true);
    const others = causesWith({ ...baseline, entries });
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter(({ reason }) => reason !== undefined)).toEqual([]);
  });
});
