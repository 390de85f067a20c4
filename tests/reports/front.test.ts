import { describe, expect, test } from "vitest";
import { frontText, type Told } from "../../reports/front.ts";
import { byStanding, type Weighed, worstOf } from "../../reports/worst.ts";
import type { Symptom, Verdict } from "../../src/oracle/severity.ts";

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

describe("the first sentence of a report", () => {
  const told = (verdict: Verdict, ...symptoms: readonly Symptom[]) =>
    symptoms.map((symptom) => ({ verdict, symptom }));
  const first = (...findings: readonly Told[]) =>
    frontText({ ...facts, retention: cost(1, 1) }, findings)[0];

  test("says in words what was fixed and what was introduced, the gravest first", () => {
    const fixed = told("fixed", "errno", "leak", "leak", "double-untrack", "wrong-owner-untrack");
    const others = [...told("introduced", "over-retention"), ...told("kept", "alias")];
    expect(first(...others, ...fixed, ...told("parted", "crash"))).toBe(
      "From legacy@6.12 to modern@7.2: 5 fixed (only before): one mapping's end taking another's cache mode away, frees of what is not reserved, cache modes left set until the next boot and 1 more; 1 introduced (only after): cache modes left set for a time after the last mapping; 1 kept (on both sides).",
    );
  });

  test("says where nothing changed, and then what is kept", () => {
    expect(first(...told("kept", "alias", "leak"))).toBe(
      "From legacy@6.12 to modern@7.2 nothing changed: 2 kept (on both sides): one page in two cache modes and cache modes left set until the next boot.",
    );
    expect(first()).toBe("From legacy@6.12 to modern@7.2: no finding.");
  });
});

describe("the three worst roots", () => {
  const root = (name: string, fresh: number, ...verdicts: readonly Verdict[]): Weighed => ({
    root: { name, notice: "", findings: [name] },
    fresh,
    verdicts,
  });
  const names = (roots: readonly Weighed[]) => {
    const { worst, others } = worstOf(byStanding(roots));
    return [worst, others].map((some) => some.map(({ root: { name } }) => name).join(" "));
  };

  test("have the gravest that was introduced among them", () => {
    const roots = [root("a", 0, "kept"), root("b", 0, "fixed"), root("c", 0, "fixed")];
    expect(
      names([...roots, root("d", 0, "fixed", "introduced"), root("e", 0, "introduced")]),
    ).toEqual(["a b d", "c e"]);
    expect(names([root("x", 0, "introduced"), ...roots])).toEqual(["x a b", "c"]);
    expect(names(roots)).toEqual(["a b c", ""]);
    expect(names([])).toEqual(["", ""]);
  });

  test("begin with what is not accepted", () => {
    expect(
      names([root("a", 0, "kept"), root("b", 2, "fixed"), root("c", 0, "introduced")]),
    ).toEqual(["b a c", ""]);
  });
});
