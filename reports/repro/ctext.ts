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

/** Lines as a C block comment of at most 90 columns; nothing in them can end the comment. */
export function comment(lines: readonly string[]): string {
  const body = lines
    .flatMap((line) => wrap(line.replaceAll("*/", "* /").replaceAll(/[\r\n]+/g, " "), 87))
    .map((line) => ` * ${line}`.trimEnd());
  return ["/*", ...body, " */", ""].join("\n");
}

/** A C string literal. */
export function literal(text: string): string {
  const escaped = text.replaceAll(/[\\"]/g, "\\$&").replaceAll(/\s+/g, " ");
  return `"${escaped}"`;
}
