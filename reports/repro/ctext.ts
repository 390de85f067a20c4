/** Breaks a line at spaces so that no piece is longer than `width`, where a word allows. */
export function wrap(line: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const word of line.split(" ")) {
    const longer = piece === "" ? word : `${piece} ${word}`;
    if (longer.length > width && piece !== "") {
      pieces.push(piece);
      piece = word;
    } else piece = longer;
  }
  return [...pieces, piece];
}

/** The longest line of a program: a mail takes it as it is. */
export const C_WIDTH = 75;

const insideComment = (line: string) => line.replaceAll("*/", "* /").replaceAll(/[\r\n]+/g, " ");

/** Lines as a C block comment; nothing in them can end the comment. */
export function comment(lines: readonly string[]): string {
  const body = lines
    .flatMap((line) => wrap(insideComment(line), C_WIDTH - 3))
    .map((line) => ` * ${line}`.trimEnd());
  return ["/*", ...body, " */", ""].join("\n");
}

/** A line of text as a C comment of one line, or of several where it is long. */
export function remark(text: string): string[] {
  const one = `/* ${insideComment(text)} */`;
  return one.length <= C_WIDTH - 16 ? [one] : comment([text]).trimEnd().split("\n");
}

/**
 * A C statement, broken where it is long, behind commas and operators, and aligned with what it is
 * an argument of.
 */
export function statement(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  /** The columns behind the parentheses that are open. */
  const open: number[] = [];
  for (const piece of text.split(/(?<=[,|=?]) (?=[\w(!])/)) {
    if (line !== "" && columnOf(line) + 1 + piece.length > C_WIDTH - 16) {
      lines.push(line);
      line = aligned(open.at(-1) ?? 8);
    } else if (line !== "") line += " ";
    for (const character of piece) {
      line += character;
      if (character === "(") open.push(columnOf(line));
      if (character === ")") open.pop();
    }
  }
  return [...lines, line];
}

/** The column behind a line, with tabs of eight. */
function columnOf(line: string): number {
  return line.replace(/^\t+/, (tabs) => " ".repeat(8 * tabs.length)).length;
}

function aligned(column: number): string {
  return "\t".repeat(Math.floor(column / 8)) + " ".repeat(column % 8);
}

/** A C string literal. */
export function literal(text: string): string {
  const escaped = text.replaceAll(/[\\"]/g, "\\$&").replaceAll(/\s+/g, " ");
  return `"${escaped}"`;
}
