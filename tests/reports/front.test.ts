import { expect, test } from "vitest";
import { frontText } from "../../reports/front.ts";

const facts = { before: "legacy@6.12", after: "modern@7.2", ops: 40_000 };
const cost = (pageOps: number, refused: number) => ({ pageOps, refused, changed: 0 });

test("a campaign's cost is told for as many mappings as each side made", () => {
  const retentionBefore = { ...cost(900, 3), mappings: 4_500 };
  const retention = { ...cost(1_000, 1), mappings: 5_000 };
  const [, text] = frontText({ ...facts, retention, retentionBefore }, []);
  expect(text).toBe(
    "For every 10,000 mappings, pages held past their last mapping cost 2,000 page-ops (one is a page for an op) and 7 refused mappings before, 2,000 and 2 refused mappings after.",
  );
});

test("one that was kept without mappings is told by ops, on both sides alike", () => {
  const retention = { ...cost(1_000, 4), mappings: 5_000 };
  const [, text] = frontText({ ...facts, retention, retentionBefore: cost(900, 8) }, []);
  expect(text).toBe(
    "For every 10,000 ops, pages held past their last mapping cost 225 page-ops (one is a page for an op) and 2 refused mappings before, 250 and 1 refused mapping after.",
  );
});

test("what the model of another release stands for is said at once", () => {
  const why =
    "kernel:7.9: 7.9.1-amd64 has no profile here: modern@7.3 is the nearest, and unverified";
  expect(frontText({ ...facts, retention: cost(1, 1), unverified: [why] }, []).at(-1)).toBe(
    `${why}.`,
  );
  expect(frontText({ ...facts, retention: cost(1, 1) }, [])).toHaveLength(2);
});
