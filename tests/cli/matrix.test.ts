import { expect, test } from "vitest";
import { type Matrix, turnText } from "../../reports/matrix.ts";
import { run } from "./run.ts";

test("on its own pair's releases the matrix says of every witness what its verdict says", async () => {
  const { out, status } = await run(["matrix", "--releases", "7.2", "6.12", "--format", "json"]);
  expect(status).toBe(0);
  const matrix = JSON.parse(out) as Matrix;
  expect(matrix.columns).toEqual(["legacy@6.12", "modern@7.2"]);
  const said = {
    fixed: ["shows", "silent"],
    introduced: ["silent", "shows"],
    kept: ["shows", "shows"],
  };
  const rows = matrix.groups.flatMap((group) => group.rows);
  const plain = rows.filter(({ cells }) => typeof cells[0] === "string");
  for (const { signature, cells } of plain) {
    const [verdict = ""] = signature.split(":");
    // A fault of another kind on either side shows on both.
    if (verdict !== "changed")
      expect([signature, cells]).toEqual([signature, said[verdict as "kept"]]);
  }
  expect(plain.length).toBeGreaterThan(50);
  const leak = rows.find(({ signature }) => signature === "fixed:leak:unmap-head") ?? expect.fail();
  expect(turnText(matrix, leak)).toBe("6.12 or earlier; 7.2");
  const errno = rows.find(({ signature }) => signature.includes("EFBIG-to")) ?? expect.fail();
  expect(turnText(matrix, errno)).toBe("a EFBIG, b EOPNOTSUPP");
});

test("a release that no model stands for is refused in a line", async () => {
  const { err, status } = await run(["matrix", "--releases", "nowhere"]);
  expect([status, err]).toEqual([2, expect.stringContaining('there is no model of "nowhere"')]);
});

test("the table for a terminal keeps within 110 columns, and a column is its release read downwards", async () => {
  const lines = (await run(["matrix"])).out.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  const high = lines.findIndex((line) => line.includes("first bad; first good")) + 1;
  const row = lines.find((line) => line.startsWith("  fixed:leak:unmap-head ")) ?? expect.fail();
  const read = (column: number) =>
    lines
      .slice(0, high)
      .map((line) => line[column] ?? "")
      .join("")
      .trim();
  const last = row.lastIndexOf("#");
  expect([read(last), row[last + 2], read(last + 2)]).toEqual(["6.15", ".", "6.16"]);
});
