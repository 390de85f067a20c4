import { expect, test } from "vitest";
import { foldedTable, wrapped } from "../../reports/folded.ts";
import { table } from "../../reports/plaintable.ts";

const HEAD = ["bug", "ops", "what it is"];
const ROWS = [
  ["L1", "3", "partial munmap"],
  ["L16", "925", "failed fork"],
];

test("a table that fits is as it would be", () => {
  expect(foldedTable(HEAD, ROWS, 80)).toBe(table(HEAD, ROWS));
});

test("cells that do not fit stand below their row, and columns stay aligned", () => {
  expect(foldedTable(HEAD, ROWS, 20)).toBe(
    [
      "bug  ops",
      "    what it is",
      "L1     3",
      "    partial munmap",
      "L16  925",
      "    failed fork",
      "",
    ].join("\n"),
  );
});

test("a long line is broken at blanks, and a word that is too long stands alone", () => {
  expect(wrapped("L1: spawn p0; munmap p0", 14)).toBe("L1: spawn p0;\n    munmap p0");
  expect(wrapped("a-word-beyond-all-measure b", 10)).toBe("a-word-beyond-all-measure\n    b");
});
