import type { z } from "zod";
import { cut, type JsonFault, parseJson, placeOf } from "./jsonfault.ts";
import { OP_KINDS } from "./op.ts";
import { type Recording, recordingSchema } from "./recording.ts";
import { type Trace, traceSchema } from "./trace.ts";

/** Ids of the two backends that a trace was found with. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

/** What a file may hold: a trace, or a recording (which holds its trace). */
export type Document =
  | { readonly kind: "trace"; readonly trace: Trace; readonly sides?: Sides }
  | { readonly kind: "recording"; readonly recording: Recording };

/** Formats by the name in their `format` field. */
export type Formats<D = Document> = Readonly<Record<string, z.ZodType<D>>>;

/** The formats that hold nothing but traces and recordings. */
export const TRACE_FORMATS: Formats = {
  "pfndiff/trace@1": traceSchema.transform((trace) => ({ kind: "trace" as const, trace })),
  "pfndiff/recording@1": recordingSchema.transform((recording) => ({
    kind: "recording" as const,
    recording,
  })),
};

/** What is wrong with a text and where; `place` is empty when it is the whole text. */
export interface ReadFault {
  readonly place: string;
  readonly message: string;
}

export type ReadResult<D = Document> =
  | { readonly ok: true; readonly document: D }
  | { readonly ok: false; readonly fault: ReadFault };

/** Most characters of one document, in MiB: what is made of it takes twenty times as much. */
export const LONGEST_DOCUMENT_MIB = 64;

/** The trace of a document. */
export function traceOf(document: Document): Trace {
  return document.kind === "trace" ? document.trace : document.recording.trace;
}

/**
 * Parses one JSON text as a document of one of the formats. `line` is its line in a JSONL file,
 * or null when the text is the whole file; it leads the place of every fault.
 */
export function parseDocument<D = Document>(
  text: string,
  line: number | null,
  formats: Formats<D>,
): ReadResult<D> {
  const parsed = parseJson(text);
  if (!parsed.ok) return { ok: false, fault: placed(text, parsed.fault, line ?? 1) };
  const result = interpret(parsed.value, formats);
  if (result.ok || line === null) return result;
  const { place, message } = result.fault;
  const located = place === "" ? `line ${line}` : `line ${line}: ${place}`;
  return { ok: false, fault: { place: located, message } };
}

function placed(text: string, { offset, reason }: JsonFault, firstLine: number): ReadFault {
  const { line, column } = placeOf(text, offset);
  return { place: `line ${line + firstLine - 1}, column ${column}`, message: reason };
}

/** A JSON text's value of this shape, or what is wrong with it and where. */
export function parseAs<T>(
  text: string,
  schema: z.ZodType<T>,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: ReadFault } {
  const json = parseJson(text);
  if (!json.ok) return { ok: false, fault: placed(text, json.fault, 1) };
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [place, message] = explain(parsed.error, json.value);
  return { ok: false, fault: { place, message } };
}

function interpret<D>(value: unknown, formats: Formats<D>): ReadResult<D> {
  const fault = (place: string, message: string): ReadResult<D> => ({
    ok: false,
    fault: { place, message },
  });
  const expected = `expected ${formatNames(formats)}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fault("", `is ${describe(value)}, not an object (${expected})`);
  }
  const name: unknown = Object.getOwnPropertyDescriptor(value, "format")?.value;
  if (name === undefined) return fault("format", `is missing (${expected})`);
  const known = Object.entries(formats).find(([format]) => format === name);
  if (known === undefined) return fault("format", `is ${describe(name)} (${expected})`);
  const parsed = known[1].safeParse(value);
  return parsed.success
    ? { ok: true, document: parsed.data }
    : fault(...explain(parsed.error, value));
}

function formatNames(formats: Formats<unknown>): string {
  const names = Object.keys(formats).map((name) => JSON.stringify(name));
  const [last = "", ...others] = names.reverse();
  return others.length === 0 ? last : `${others.reverse().join(", ")} or ${last}`;
}

/**
 * Reads the documents of a text that is handed over line by line: one JSON object over any
 * number of lines, or JSONL. Yields results in order and stops after the first fault.
 */
export async function* readDocuments<D = Document>(
  lines: AsyncIterable<string> | Iterable<string>,
  formats: Formats<D>,
): AsyncGenerator<ReadResult<D>> {
  let number = 0;
  const held: string[] = [];
  let blank = 0;
  let heldLength = 0;
  let mode: "unknown" | "lines" | "whole" = "unknown";
  let found = 0;
  for await (const line of lines) {
    number += 1;
    heldLength = mode === "lines" ? line.length : heldLength + line.length + 1;
    if (heldLength > LONGEST_DOCUMENT_MIB * 1024 * 1024) {
      yield { ok: false, fault: { place: `line ${number}`, message: tooLong() } };
      return;
    }
    if (mode === "unknown" && line.trim() !== "") mode = isJson(line) ? "lines" : "whole";
    if (mode === "unknown") {
      blank += 1;
      continue;
    }
    if (mode === "whole") {
      held.push(line);
      continue;
    }
    if (line.trim() === "") continue;
    const result = parseDocument(line, number, formats);
    yield result;
    if (!result.ok) return;
    found += 1;
  }
  if (mode === "whole") yield parseDocument("\n".repeat(blank) + held.join("\n"), null, formats);
  else if (found === 0) {
    yield {
      ok: false,
      fault: { place: "", message: `is empty (expected ${formatNames(formats)})` },
    };
  }
}

function tooLong(): string {
  return `a document is longer than ${LONGEST_DOCUMENT_MIB} MiB (split the trace)`;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first thing a schema found wrong, as a place such as `ops[3].pages` and a few words. `value`
 * is what was parsed: the words quote what stands there.
 */
export function explain(error: z.ZodError, value: unknown): [path: string, message: string] {
  const issue = innermost(error.issues[0]);
  if (issue === undefined) return ["", "is not valid"];
  const there = lookUp(value, issue.path);
  const path = formatPath(issue.path);
  switch (issue.code) {
    case "unrecognized_keys": {
      const extra = formatPath([...issue.path, issue.keys[0] ?? ""]);
      return [extra, "is not a field of this format (remove it)"];
    }
    case "invalid_union":
      if (there === undefined) return [path, "is missing"];
      if (issue.path.at(-1) === "op" && there === "both") {
        return [path, 'is "both": two tasks, which interleave, record and replay run'];
      }
      if (issue.path.at(-1) === "op") {
        return [path, `is ${describe(there)} (expected one of ${OP_KINDS.join(", ")})`];
      }
      return [path, `is ${describe(there)}, which fits none of the allowed shapes`];
    case "invalid_value":
      if (there === undefined) return [path, "is missing"];
      return [path, `is ${describe(there)} (expected ${issue.values.map(describe).join(", ")})`];
    case "invalid_type":
      if (there === undefined) return [path, "is missing"];
      return [path, `is ${describe(there)} (expected ${kindName(issue.expected)})`];
    case "too_small":
    case "too_big": {
      const bound = issue.code === "too_small" ? issue.minimum : issue.maximum;
      const side = issue.code === "too_small" ? "at least" : "at most";
      return [path, `${sizeOf(there)} (expected ${side} ${bound})`];
    }
    case "custom":
      return [path, issue.message];
    case "invalid_key":
    case "invalid_format":
    case "not_multiple_of":
    case "invalid_element":
      return [path, issue.message.charAt(0).toLowerCase() + issue.message.slice(1)];
  }
}

type Issue = z.core.$ZodIssue;

/** Of a union's many complaints, the ones of the branch that got furthest. */
function innermost(issue: Issue | undefined): Issue | undefined {
  if (issue?.code !== "invalid_union") return issue;
  const deep = issue.errors
    .map((branch) => branch[0])
    .filter((inner): inner is Issue => inner !== undefined && inner.path.length > 0);
  const only = deep.length === 1 ? deep[0] : undefined;
  return only === undefined ? issue : { ...only, path: [...issue.path, ...only.path] };
}

function lookUp(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Object.getOwnPropertyDescriptor(inner, key)?.value
        : undefined,
    value,
  );
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

function kindName(expected: string): string {
  return KIND_NAMES[expected] ?? `a ${expected}`;
}

function sizeOf(value: unknown): string {
  if (Array.isArray(value)) return `has ${value.length} entries`;
  return typeof value === "string" ? `has ${value.length} characters` : `is ${describe(value)}`;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  array: "a list",
  object: "an object",
  record: "an object",
  boolean: "true or false",
};

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "an object";
  return cut(JSON.stringify(value) ?? String(value));
}
