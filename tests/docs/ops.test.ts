import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import { type CallRow, CALLS, DRIVER_CALLS } from "../../src/trace/driverop.ts";
import type { Fields } from "../../src/trace/fields.ts";
import { OP_KINDS, rowOf } from "../../src/trace/op.ts";

const DOC = "docs/OPS.md";

/** The rows of all tables of the document, cell by cell. */
const rows = readFileSync(DOC, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** What stands beside a name in a table: the cells of its row. */
function beside(name: string): string[] {
  const found = rows.filter(([names = ""]) =>
    names.split(", ").some((each) => each.startsWith(`\`${name}\``)),
  );
  expect(found.map(([names]) => names)).toHaveLength(1);
  return found[0]?.slice(1) ?? [];
}

/** Fields as the document lists them: by name, with a mark where they may be absent. */
function listed(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, field]) => ("optional" in field && field.optional ? `${name}?` : name))
    .sort()
    .join(", ");
}

/** The same of a cell, which may explain a field in parentheses. */
const named = (cell = "") =>
  cell
    .replaceAll(/ \([^)]*\)/g, "")
    .split(", ")
    .sort()
    .join(", ");

describe(`${DOC} says what the descriptions of the ops say`, () => {
  it.each(OP_KINDS)("of the fields of %s", (kind) => {
    expect(named(beside(kind)[0])).toBe(listed(rowOf(kind).fields));
  });

  it.each(DRIVER_CALLS)("of the fields of a call of %s", (kind) => {
    const { fields }: CallRow = CALLS[kind];
    expect(named(beside(kind)[0])).toBe(listed(fields));
  });

  it.each(ALLOCATION_SITES)("of who allocates at %s", (site) => {
    const by = OP_KINDS.filter((kind) => rowOf(kind).allocates.includes(site));
    expect(named(beside(site)[0])).toBe([...by].sort().join(", "));
  });

  it("and tells of nothing else", () => {
    const known: readonly string[] = [...OP_KINDS, ...DRIVER_CALLS, ...ALLOCATION_SITES];
    const names = rows.flatMap(([cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1]));
    expect(names.filter((name = "") => !known.includes(name))).toEqual([]);
  });
});
