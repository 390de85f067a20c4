import { SIDES, type Side } from "../src/oracle/severity.ts";
import { type CellState, CELL_STATES, CELL_WORDS, cellText, type Glance } from "./glance.ts";
import { pagesText } from "./glancetext.ts";
import { escapeHtml } from "./html/escape.ts";

const [WIDE, HIGH, LEFT, TOP, GAP] = [54, 30, 84, 46, 26];

/** Room for the line that says what the marks mean. */
const WIDE_ENOUGH = 720;

/** Fill and text of a state; a pattern of its own mark is in every cell, so colour only repeats it. */
const LOOK: Readonly<Record<CellState, readonly [fill: string, text: string]>> = {
  empty: ["#ffffff", "#767676"],
  mapped: ["#dbe7ff", "#1f3f9a"],
  held: ["#ffe3b3", "#6b3f00"],
  bare: ["#ffd6d6", "#8a1010"],
  wrong: ["#ecd6ff", "#5a1a8a"],
};

/** What a picture says beside its cells. */
export interface GlanceTitles extends Readonly<Record<Side, string>> {
  readonly title: string;
  /** One line an op, by its step. */
  readonly ops: readonly string[];
}

/** All steps at once as an SVG of its own: readable in print, in mail and on any background. */
export function glanceSvg({ steps, rows }: Glance, titles: GlanceTitles): string {
  const block = GAP + rows.length * HIGH;
  const opsTop = TOP + SIDES.length * block + 30;
  const width = Math.max(LEFT + steps * WIDE + 12, WIDE_ENOUGH);
  const height = opsTop + titles.ops.length * 18 + 30;
  const parts = SIDES.flatMap((side, at) =>
    sideParts({ steps, rows }, side, titles[side], TOP + at * block),
  );
  const ops = titles.ops.map((text, step) =>
    label(12, opsTop + step * 18, `${step}  ${text}`, "#1f2328"),
  );
  const heads = Array.from({ length: steps }, (_, step) =>
    label(LEFT + step * WIDE + WIDE / 2, TOP - 6, String(step), "#57606a", "middle"),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, monospace" font-size="13" role="img">`,
    `<title>${escapeHtml(titles.title)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    label(12, 20, titles.title, "#1f2328"),
    label(12, TOP - 6, "step", "#57606a"),
    ...heads,
    ...parts,
    ...ops,
    keyLine(opsTop + titles.ops.length * 18 + 12),
    "</svg>",
    "",
  ].join("\n");
}

function sideParts({ rows }: Glance, side: Side, name: string, top: number): string[] {
  return [
    label(12, top + GAP - 8, name, "#1f2328"),
    ...rows.flatMap((row, index) => {
      const y = top + GAP + index * HIGH;
      const cells = row[side].map((cell, step) => {
        const [fill, text] = LOOK[cell.state];
        const edge = row.differs[step] === true ? ["#cf222e", 3] : ["#c9d1d9", 1];
        const x = LEFT + step * WIDE;
        const box = `<rect x="${x + 2}" y="${y + 2}" width="${WIDE - 4}" height="${HIGH - 4}" rx="3" fill="${fill}" stroke="${edge[0]}" stroke-width="${edge[1]}"/>`;
        return box + label(x + WIDE / 2, y + 20, cellText(cell), text, "middle");
      });
      return [label(12, y + 20, pagesText(row), "#57606a"), ...cells];
    }),
  ];
}

function keyLine(y: number): string {
  const words = CELL_STATES.slice(1).map(
    (state) => `${cellText({ state, refs: null })} ${CELL_WORDS[state]}`,
  );
  return label(12, y, `${words.join("; ")}; red: differs, :MODE alone`, "#57606a", "start", 10);
}

function label(
  x: number,
  y: number,
  text: string,
  fill: string,
  anchor = "start",
  size = 13,
): string {
  return `<text x="${x}" y="${y}" fill="${fill}" text-anchor="${anchor}" font-size="${size}" xml:space="preserve">${escapeHtml(text)}</text>`;
}
