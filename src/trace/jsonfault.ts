/** Where a text stops being JSON that we take: an offset into it, and what is wrong there. */
export interface JsonFault {
  readonly offset: number;
  readonly reason: string;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** The value of a JSON text, or why it has none. */
export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: JsonFault };

/** Parses JSON. An object that has a name twice is refused: readers differ in which one counts. */
export function parseJson(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, fault: findJsonFault(text) ?? { offset: 0, reason: "not JSON" } };
  }
  // To count is ten times as fast as to look where.
  const fault = namesIn(value) === namesWritten(text) ? null : findJsonFault(text);
  return fault === null ? { ok: true, value } : { ok: false, fault };
}

/** How many names the objects of a value have. */
function namesIn(value: unknown): number {
  let names = 0;
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one !== "object" || one === null) continue;
    const fields: unknown[] = Array.isArray(one) ? one : Object.values(one);
    if (!Array.isArray(one)) names += fields.length;
    for (const field of fields) left.push(field);
  }
  return names;
}

/** How many names a JSON text writes: strings with a colon after them. */
function namesWritten(text: string): number {
  let names = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"([ \t\r\n]*:)?/g)) {
    if (colon !== undefined) names += 1;
  }
  return names;
}

/**
 * Finds the first offset at which `text` is not JSON or has a name twice in one object; null when
 * it is right. JSON.parse says where only sometimes, and in words that change with the runtime.
 */
export function findJsonFault(text: string): JsonFault | null {
  const open: { readonly bracket: string; readonly names: Set<unknown> }[] = [];
  let at = 0;
  let expect: "value" | "first" | "key" | "firstKey" | "colon" | "next" = "value";
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const length = pattern.exec(text)?.[0].length ?? 0;
    at += length;
    return length > 0;
  };
  const close = () => {
    open.pop();
    at += 1;
    expect = "next";
  };
  for (;;) {
    skip(SPACE);
    const char = text[at];
    if (expect === "next" && open.length === 0) {
      return char === undefined ? null : fault(text, at, "after the end of the JSON value");
    }
    if (char === undefined) return { offset: at, reason: "not JSON: the text ends too early" };
    const inObject = open.at(-1)?.bracket === "{";
    if (expect === "value" || expect === "first") {
      if (expect === "first" && char === "]") close();
      else if (char === "{" || char === "[") {
        open.push({ bracket: char, names: new Set() });
        at += 1;
        expect = char === "{" ? "firstKey" : "first";
      } else if (skip(SCALAR)) expect = "next";
      else return fault(text, at, "where a value should be");
    } else if (expect === "key" || expect === "firstKey") {
      const from = at;
      if (expect === "firstKey" && char === "}") close();
      else if (char !== '"' || !skip(SCALAR)) {
        return fault(text, at, "where a field name in double quotes should be");
      } else if (isNew(open.at(-1)?.names, text.slice(from, at))) expect = "colon";
      else return twice(from, text.slice(from, at));
    } else if (expect === "colon") {
      if (char !== ":") return fault(text, at, 'where ":" should be');
      at += 1;
      expect = "value";
    } else if (char === ",") {
      at += 1;
      expect = inObject ? "key" : "value";
    } else if (char === (inObject ? "}" : "]")) close();
    else return fault(text, at, `where "," or "${inObject ? "}" : "]"}" should be`);
  }
}

function fault(text: string, offset: number, where: string): JsonFault {
  return { offset, reason: `not JSON: ${JSON.stringify(text[offset])} ${where}` };
}

/** Adds a name, as it is written, to those of its object; false when it was there. */
function isNew(names: Set<unknown> | undefined, written: string): boolean {
  const before = names?.size;
  return names?.add(JSON.parse(written)).size !== before;
}

function twice(offset: number, written: string): JsonFault {
  return { offset, reason: `the field ${cut(written)} stands twice in one object` };
}

/** The 1-based line and column of an offset. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

/** A value as messages quote it: not longer than a reader would read. */
export function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
