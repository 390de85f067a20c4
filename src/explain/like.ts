import { type MessageKind, saidBy, WORDS } from "../../kernel/parse/message.ts";
import type { ModelBackend } from "../model/backend.ts";
import { modelNamed } from "../models.ts";
import type { Sides } from "../trace/read.ts";
import type { Trace } from "../trace/trace.ts";
import { readExcerpt } from "./excerpt.ts";
import { incidentsOf, wantedOf } from "./incidents.ts";
import { talking } from "./search.ts";
import { type LoggedMessage, type Pattern, patternOf, stepOf } from "./shape.ts";

/** A trace that is known by a name, and the models that it is about. */
export interface Known {
  readonly name: string;
  /** What happens in it. */
  readonly title: string;
  readonly sides: Sides;
  readonly trace: Trace;
}

/** What is looked for: lines with their modes and how their ranges lie, or kinds of lines alone. */
interface Like {
  readonly patterns: readonly Pattern[];
  readonly kinds: readonly MessageKind[];
}

/** A known trace in which a kernel says what was looked for, and the models that do. */
export interface Alike extends Known {
  readonly on: readonly string[];
}

/**
 * What a text says as a kernel would: whole lines of a log, a part of one, or the function that a
 * warning or a BUG names; null where it is none of these.
 */
export function likeOf(text: string): Like | null {
  const patterns = wantedOf(incidentsOf(readExcerpt(text).log)).map(({ pattern }) => pattern);
  if (patterns.length > 0) return { patterns, kinds: [] };
  const kinds = saidBy(text);
  if (kinds.length > 0) return { patterns: [], kinds };
  const named = FUNCTION.exec(text.trim())?.[1];
  return named === undefined ? null : { patterns: reportsOf(named).map(one), kinds };
}

const one = (message: LoggedMessage) => patternOf([message]);

/** What may be the name of a kernel's function, and no other word. */
const FUNCTION = /^([a-z]\w*_\w+)(?:\(\))?$/;

/** A warning and a BUG that name a function, as a call trace does. */
const reportsOf = (name: string): LoggedMessage[] => [
  { kind: "warn", file: "", where: name },
  { kind: "bug", file: "mm/memory.c", where: null, trace: [name] },
];

/** Known traces in which a model logs it, those that have more of the lines first. */
export function alike({ patterns, kinds }: Like, known: readonly Known[]): Alike[] {
  const found = known.flatMap((one) => {
    const models = [...new Set([one.sides.before, one.sides.after].map(modelNamed))];
    const matched = models.flatMap((model) =>
      model === undefined ? [] : [{ id: model.id, lines: linesIn(model, one.trace) }],
    );
    const on = matched.filter(({ lines }) => lines > 0).map(({ id }) => id);
    const most = Math.max(0, ...matched.map(({ lines }) => lines));
    return on.length === 0 ? [] : [{ most, alike: { ...one, on } }];
  });
  return found.sort((a, b) => b.most - a.most).map((one) => one.alike);

  function linesIn(model: ModelBackend, trace: Trace): number {
    const said = talking(model).says(trace);
    const shown = patterns.filter((pattern) => stepOf(pattern, said) !== null);
    if (shown.length > 0) return Math.max(...shown.map(({ messages }) => messages.length));
    return said.some(({ message }) => kinds.includes(message.kind)) ? 1 : 0;
  }
}

/** Parts of kernel lines that can be looked for. */
export const SAYINGS: readonly string[] = Object.values(WORDS);
