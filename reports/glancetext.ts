import { SIDES, type Side } from "../src/oracle/severity.ts";
import {
  CELL_MARK,
  CELL_STATES,
  CELL_WORDS,
  cellText,
  type Glance,
  type GlanceRow,
} from "./glance.ts";
import { pad } from "./paint.ts";

/** What the marks of a glance mean, of those that are in it. */
export function glanceKey({ rows }: Glance): string {
  const cells = rows.flatMap(({ before, after }) => [...before, ...after]);
  const states = CELL_STATES.filter(
    (one) => one !== "empty" && cells.some(({ state }) => state === one),
  );
  return [
    ...states.map((state) => `${CELL_MARK[state]} ${CELL_WORDS[state]}`),
    ...(cells.some(({ refs }) => refs !== null) ? ["a number counts its context"] : []),
    ...(rows.some(({ differs }) => differs.includes(true)) ? ["[ ] sides differ"] : []),
    ...(cells.some(({ mode }) => mode !== undefined) ? [":MODE is all that differs"] : []),
  ].join("; ");
}

/** A page, or the first and last of several. */
export function pagesText({ start, end }: Pick<GlanceRow, "start" | "end">): string {
  return end - start === 1 ? `pfn ${start}` : `pfn ${start}-${end - 1}`;
}

/** All steps at once as text: steps across, pages down, one side below the other. */
export function glanceText({ steps, rows }: Glance): string[] {
  if (rows.length === 0) return ["nothing is mapped or reserved at any step"];
  const names = rows.map(pagesText);
  const label = Math.max(...names.map((name) => name.length)) + "before".length + 2;
  const marks = rows.flatMap((row) => SIDES.flatMap((side) => row[side].map(cellText)));
  const width = Math.max(...marks.map((mark) => mark.length), String(steps - 1).length) + 3;
  const head = Array.from({ length: steps }, (_, step) => pad(` ${step}`, width)).join("");
  const line = (row: GlanceRow, side: Side, name: string) => {
    const cells = row[side].map((cell, step) => {
      const text = cellText(cell);
      return pad(row.differs[step] === true ? `[${text}]` : ` ${text}`, width);
    });
    return `${pad(`${pad(side, 7)} ${name}`, label)} ${cells.join("")}`.trimEnd();
  };
  return [
    `${pad("step", label)} ${head}`.trimEnd(),
    ...SIDES.flatMap((side) => rows.map((row, index) => line(row, side, names[index] ?? ""))),
  ];
}
