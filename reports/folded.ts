import { table } from "./plaintable.ts";

const GAP = 2;
const INDENT = "    ";

/**
 * A plain table within `columns`: where a row is too wide its last cells go on lines of their
 * own below it, indented, as many to a line as fit.
 */
export function foldedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): string {
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => (row[at] ?? "").length)),
  );
  const parts = partsOf(widths, columns);
  if (parts.length === 1) return table(head, rows);
  const tables = parts.map(([from, to]) =>
    table(
      head.slice(from, to),
      rows.map((row) => row.slice(from, to)),
    ).split("\n"),
  );
  const lines = [head, ...rows].flatMap((_, line) =>
    tables.map((text, part) => (part === 0 ? "" : INDENT) + (text[line] ?? "")),
  );
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** The columns of each line, as [from, to). */
function partsOf(widths: readonly number[], columns: number): [from: number, to: number][] {
  const parts: [number, number][] = [];
  let [from, used] = [0, 0];
  widths.forEach((width, at) => {
    const indent = parts.length === 0 ? 0 : INDENT.length;
    if (at > from && indent + used + GAP + width > columns) {
      parts.push([from, at]);
      [from, used] = [at, width];
    } else {
      used += (at > from ? GAP : 0) + width;
    }
  });
  parts.push([from, widths.length]);
  return parts;
}

/** A text in lines of at most `columns`, broken at blanks; all but the first are indented. */
export function wrapped(text: string, columns: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= columns || line.trim() === "") {
      line = longer;
    } else {
      lines.push(line);
      line = `${INDENT}${word}`;
    }
  }
  return [...lines, line].join("\n");
}

/** A text behind a lead, in lines of a width; the lead's mark stands before each. */
export function wrap(lead: string, text: string, width: number): string[] {
  const lines: string[] = [];
  const next = `${lead.slice(0, 1)}${" ".repeat(Math.max(0, lead.length - 1))}`;
  let line = lead;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      [line, isEmpty] = [next, true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
