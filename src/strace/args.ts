import { UserError } from "../usererror.ts";
import type { CallLine } from "./lines.ts";

const PAGE = 4096;

/** Splits the text of a call's arguments at the commas that separate them; comments go (-X verbose). */
export function splitArguments(commented: string): string[] {
  const text = withoutComments(commented);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === "{" || char === "[" || char === "(") depth++;
    else if (char === "}" || char === "]" || char === ")") depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === "" && parts.length === 0 ? [] : [...parts, last];
}

/** The text without what stands between a slash with a star and its end, but in a string. */
function withoutComments(text: string): string {
  if (!text.includes("/*")) return text;
  return text.replaceAll(
    /("(?:[^"\\]|\\.)*")|\s*\/\*.*?\*\//g,
    (_, string?: string) => string ?? "",
  );
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** A fault in a call that matters, with its line and place. */
export function fault(call: CallLine, what: string): UserError {
  return new UserError(`line ${call.line}: ${call.name}: ${what}`);
}

/** The argument at a position; UserError when the call has fewer. */
export function argument(call: CallLine, parts: readonly string[], at: number): string {
  const part = parts[at];
  if (part === undefined || part === "") throw fault(call, `argument ${at + 1} is missing`);
  return part;
}

/** A number as strace writes it: decimal, hexadecimal, or NULL. */
export function numberIn(call: CallLine, text: string): number {
  if (text === "NULL") return 0;
  const value = /^(?:0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw fault(call, `${JSON.stringify(text)} is not an address or a length`);
}

/** An address as a page number; null when it is not at the start of a page. */
export function pageIn(call: CallLine, text: string): number | null {
  const value = numberIn(call, text);
  return value % PAGE === 0 ? value / PAGE : null;
}

/** A length in pages, rounded up as the kernel does. */
export function pagesIn(call: CallLine, text: string): number {
  return Math.ceil(numberIn(call, text) / PAGE);
}

/** A file descriptor, which -y follows with its path in angle brackets; null for AT_FDCWD. */
export function descriptorIn(text: string): { fd: number; path: string | null } | null {
  const match = /^(\d+)(?:<(.*)>)?$/.exec(text);
  return match === null ? null : { fd: Number(match[1]), path: shownPath(match[2]) };
}

/** The path that a descriptor is followed by, of whatever kind; null where -y was not given. */
export function pathShown(text: string): string | null {
  return shownPath(/^[^<\s]+<(.*?)>(?:\s+<[\d.]+>)?$/.exec(text)?.[1]);
}

/** A path as -y shows it, without the device number that -yy puts behind it. */
function shownPath(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.replace(/<(?:char|block) [^>]*>?$/, "").replace(/ \(deleted\)$/, "");
}

/** A quoted path; null when strace cut it short or it is no string. */
export function pathIn(text: string): string | null {
  const match = /^"((?:[^"\\]|\\.)*)"$/.exec(text);
  if (match === null) return null;
  return (match[1] ?? "").replaceAll(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) =>
    /^[0-7]/.test(code)
      ? String.fromCharCode(Number.parseInt(code, 8))
      : /^x[0-9a-f]{2}$/.test(code)
        ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
        : (ESCAPES[code] ?? code),
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/** Whether the call failed: any return that is no number, or is -1. */
export function failed(call: CallLine): boolean {
  return !/^(?:0x[0-9a-f]+|\d+)/.test(call.returned);
}

/** The number a successful call returned. */
export function returnedNumber(call: CallLine): number {
  return numberIn(call, call.returned.split(/[\s<]/, 1)[0] ?? "");
}
