import { expect, test } from "vitest";
import { since, sinceMarkdown } from "../../reports/since.ts";
import type { Campaign } from "../../fuzz/summary.ts";
import { campaign, finding } from "./formats/sample.ts";

/** A campaign of a thousand runs that found these, each so often. */
function ran(counts: Readonly<Record<string, number>>): Campaign {
  const findings = Object.entries(counts).map(([signature, count]) => ({
    ...finding(signature),
    count,
  }));
  return { ...campaign(findings), runs: 1000 };
}

const names = (some: readonly { readonly signature: string }[]) =>
  some.map(({ signature }) => signature);

const OLD = ran({ "kept:alias:remap": 10, "fixed:leak:split": 300, "fixed:leak:exit": 5 });
const NOW = ran({
  "kept:alias:remap": 400,
  "fixed:leak:split": 310,
  "kept:leak:exit": 5,
  "kept:errno:fork": 7,
});

test("tells what came, what has another verdict, and what is seen more often than chance makes it", () => {
  const seen = since(OLD, NOW);
  expect(names(seen.came)).toEqual(["kept:errno:fork"]);
  expect(seen.went).toEqual([]);
  expect(seen.changed.map(({ was, is }) => [was.signature, is.signature])).toEqual([
    ["fixed:leak:exit", "kept:leak:exit"],
  ]);
  expect(names(seen.moved)).toEqual(["kept:alias:remap"]);
  expect(names(since(NOW, OLD).went)).toEqual(["kept:errno:fork"]);
});

test("says so where nothing differs, and that silence proves little", () => {
  expect(sinceMarkdown(OLD, NOW)).toContain("in 1 % of the runs, now in 40 %");
  const same = sinceMarkdown(OLD, OLD);
  expect(same.match(/: nothing$/gm)).toHaveLength(4);
  expect(same).toContain("What a campaign did not meet may be there");
  expect(sinceMarkdown({ ...OLD, after: "modern@7.1" }, OLD)).toContain("of other sides");
});
