import { cleanedData } from "./clean.ts";
import { wrapped } from "./folded.ts";
import { plural } from "./numbers.ts";
import { table } from "./plaintable.ts";

/** What came of a witness on one release: whether its symptom shows, or what its op returned. */
export type MatrixCell = "shows" | "silent" | "lost" | { readonly result: string };

export interface MatrixRow {
  readonly signature: string;
  /** One a column. */
  readonly cells: readonly MatrixCell[];
}

/** Signatures that follow from one thing, as the pair that the witnesses are of shows it. */
export interface MatrixGroup {
  readonly root: string;
  readonly rows: readonly MatrixRow[];
}

/** Accepted signatures by release: each witness run on each release alone. */
export interface Matrix {
  readonly format: "pfndiff/matrix@1";
  /** Backends, in the order of releases, kernels behind the models. */
  readonly columns: readonly string[];
  readonly groups: readonly MatrixGroup[];
}

/** Where a symptom first shows, and from where on it does not, by the models in their order. */
interface Turn {
  readonly firstBad: string | null;
  readonly firstGood: string | null;
}

const isKernel = (column: string) => column.startsWith("kernel:");

/** The first release that shows a symptom, and the first after the last that does. */
export function turnOf({ columns }: Matrix, { cells }: Pick<MatrixRow, "cells">): Turn {
  const models = columns.flatMap((column, at) =>
    isKernel(column) ? [] : [{ column, shows: cells[at] === "shows" }],
  );
  const first = models.findIndex(({ shows }) => shows);
  if (first < 0) return { firstBad: null, firstGood: null };
  const last = models.findLastIndex(({ shows }) => shows);
  return {
    firstBad: models[first]?.column ?? null,
    firstGood: models[last + 1]?.column ?? null,
  };
}

/** What of a root shows where: any of its signatures. */
export function rootCells({ rows }: MatrixGroup): MatrixCell[] {
  const [first] = rows;
  return (first?.cells ?? []).map((_, at) => {
    const cells = rows.map((row) => row.cells[at]);
    if (cells.includes("shows")) return "shows";
    return cells.includes("lost") ? "lost" : "silent";
  });
}

/** How a cell is written, the results of a row by letters in their order. */
export function cellMarks({ cells }: Pick<MatrixRow, "cells">): string[] {
  const results = resultsOf(cells);
  return cells.map((cell) => {
    if (typeof cell === "object") return String.fromCharCode(97 + results.indexOf(cell.result));
    return { shows: "#", silent: ".", lost: "?" }[cell];
  });
}

/** What the letters of a row mean; empty where it has none. */
export function resultKey({ cells }: Pick<MatrixRow, "cells">): string {
  return resultsOf(cells)
    .map((result, at) => `${String.fromCharCode(97 + at)} ${result}`)
    .join(", ");
}

function resultsOf(cells: readonly MatrixCell[]): string[] {
  return [...new Set(cells.flatMap((cell) => (typeof cell === "object" ? [cell.result] : [])))];
}

export const MATRIX_KEY =
  "# the witness shows it; . it does not (another trace might); ? it could not run; a, b, ... what the op returned";

/** A column's name without the design. */
export const shortColumn = (column: string): string =>
  column.replace(/^(legacy|modern)@/, "").replace(/^kernel:/, "k");

/** What a row says of its turn: the first bad release, and the first good one after it. */
export function turnText(matrix: Matrix, row: MatrixRow): string {
  const key = resultKey(row);
  if (key !== "") return key;
  const { firstBad, firstGood } = turnOf(matrix, row);
  if (firstBad === null) return "never; -";
  const bad = `${shortColumn(firstBad)}${firstBad === matrix.columns[0] ? " or earlier" : ""}`;
  return `${bad}; ${firstGood === null ? "none yet" : shortColumn(firstGood)}`;
}

/** More columns than this stand without a space between them: a line has to fit a terminal. */
const SPACED_COLUMNS = 20;

/** The matrix for a terminal: a character a column, whose release is read downwards. */
export function matrixText(raw: Matrix): string {
  const matrix = cleanedData(raw);
  const names = matrix.columns.map(shortColumn);
  const joint = names.length > SPACED_COLUMNS ? "" : " ";
  const high = Math.max(0, ...names.map((name) => name.length));
  const head = Array.from({ length: high }, (_, at) => [
    "",
    names.map((name) => name.padStart(high)[at]).join(joint),
    at === high - 1 ? "first bad; first good" : "",
  ]);
  const rows = matrix.groups.flatMap(({ root, rows: members }) => [
    [root, "", ""],
    ...members.map((row) => [
      `  ${row.signature}`,
      cellMarks(row).join(joint),
      turnText(matrix, row),
    ]),
  ]);
  const [first = [], ...more] = head;
  return `${table(first, [...more, ...rows])}\n${wrapped(`${MATRIX_KEY}. Releases are read downwards, kernels behind a k.`, 100)}\n`;
}

/** The matrix as GitHub-flavoured markdown: roots first, every signature folded. */
export function matrixMarkdown(raw: Matrix): string {
  const matrix = cleanedData(raw);
  const names = matrix.columns.map(shortColumn);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const head = (first: string, ...last: string[]) => [
    line([first, ...names, ...last]),
    line([first, ...names, ...last].map(() => "---")),
  ];
  const signatures = matrix.groups.flatMap(({ rows }) =>
    rows.map((row) => line([`\`${row.signature}\``, ...cellMarks(row), turnText(matrix, row)])),
  );
  const roots = matrix.groups.map((group) =>
    line([`\`${group.root}\``, ...cellMarks({ cells: rootCells(group) })]),
  );
  return `${[
    "## By release",
    "",
    `${plural(signatures.length, "accepted signature")}, each by its witness on every release alone. ${MATRIX_KEY}.`,
    "",
    ...head("root"),
    ...roots,
    "",
    "<details>",
    "<summary>Every signature, with the first bad release and the first good one</summary>",
    "",
    ...head("signature", "first bad; first good"),
    ...signatures,
    "",
    "</details>",
  ].join("\n")}\n`;
}
