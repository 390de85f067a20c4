const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/**
 * One line, whatever a text from outside holds: control characters, and those that turn the direction
 * of text, are shown and not sent to a terminal or a log.
 */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, (found) =>
    [...found].map((char) => (/\s/.test(char) ? " " : escaped(char))).join(""),
  );
}

function escaped(char: string): string {
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}

/** One line in which no CI takes a part for a command of its own, such as `::error::` or `##[group]`. */
export function cleaned(text: string): string {
  return oneLine(text).replaceAll("::", ": :").replaceAll("##[", "## [");
}

/** Data whose every text is cleaned, keys included: what a renderer of text is handed. */
export function cleanedData<T>(value: T): T;
export function cleanedData(value: unknown): unknown {
  if (typeof value === "string") return cleaned(value);
  if (Array.isArray(value)) return value.map((item) => cleanedData<unknown>(item));
  if (value === null || typeof value !== "object" || value instanceof Map) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [cleaned(key), cleanedData<unknown>(item)]),
  );
}
