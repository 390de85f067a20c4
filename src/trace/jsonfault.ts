/** Where a text stops being JSON: an offset into the text, and what stands there. */
export interface JsonFault {
  readonly offset: number;
  readonly reason: string;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Finds the first offset at which `text` is not JSON, or null when all of it is. JSON.parse says
 * where only sometimes, and in words that change with the version of the runtime.
 */
export function findJsonFault(text: string): JsonFault | null {
  const open: string[] = [];
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
    if (char === undefined) return { offset: at, reason: "the text ends too early" };
    const inObject = open.at(-1) === "{";
    if (expect === "value" || expect === "first") {
      if (expect === "first" && char === "]") close();
      else if (char === "{" || char === "[") {
        open.push(char);
        at += 1;
        expect = char === "{" ? "firstKey" : "first";
      } else if (skip(SCALAR)) expect = "next";
      else return fault(text, at, "where a value should be");
    } else if (expect === "key" || expect === "firstKey") {
      if (expect === "firstKey" && char === "}") close();
      else if (char === '"' && skip(SCALAR)) expect = "colon";
      else return fault(text, at, "where a field name in double quotes should be");
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
  return { offset, reason: `${JSON.stringify(text[offset])} ${where}` };
}

/** The 1-based line and column of an offset. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}
