/** Emphasis for terminals; the words alone must carry the meaning. */
export interface Paint {
  strong(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

const as = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const same = (text: string) => text;

export const ANSI: Paint = { strong: as(1), good: as(32), bad: as(31), faint: as(2) };
export const PLAIN: Paint = { strong: same, good: same, bad: same, faint: same };

/** Pads to a width in characters, before any paint. */
export function pad(text: string, width: number): string {
  return text.padEnd(width);
}

/** Cuts to a width, with a mark that something is missing. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}~`;
}
