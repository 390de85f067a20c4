import type { LoggedLine } from "./excerpt.ts";
import { type LoggedMessage, type Pattern, patternOf } from "./shape.ts";

/** Lines of a log that one call wrote. */
export interface Incident {
  readonly lines: readonly LoggedLine[];
  /** How many times the log has it. */
  count: number;
}

/** So many lines are looked for together at most. */
const MOST_TOGETHER = 8;

/** Whether a line goes on with what the line before it began. */
function goesOn({ message: last }: LoggedLine, { message }: LoggedLine): boolean {
  if (message.kind === "ioremap-failed") return last.kind === "reserve-failed";
  if (message.kind !== "reserve-failed" || last.kind !== "conflict") return false;
  return last.start === message.start && last.end === message.end;
}

/** What happened, in order; the same again is counted and not told again. */
export function incidentsOf(log: readonly LoggedLine[]): Incident[] {
  const runs: LoggedLine[][] = [];
  for (const line of log) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run !== undefined && last !== undefined && goesOn(last, line)) run.push(line);
    else runs.push([line]);
  }
  const known = new Map<string, Incident>();
  for (const lines of runs) {
    const key = JSON.stringify(lines.map(({ text }) => text));
    const same = known.get(key);
    if (same === undefined) known.set(key, { lines, count: 1 });
    else same.count++;
  }
  return [...known.values()];
}

const messagesOf = (incidents: readonly Incident[]): LoggedMessage[] =>
  incidents.flatMap(({ lines }) => lines.map(({ message }) => message));

/** A pattern, and the lines of the log that it is of. */
export interface Wanted {
  readonly pattern: Pattern;
  readonly lines: readonly number[];
}

/** What to look for: all lines together where they are few, and each kind of incident by itself. */
export function wantedOf(incidents: readonly Incident[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  const add = (some: readonly Incident[]) => {
    const pattern = patternOf(messagesOf(some));
    const lines = some.flatMap((one) => one.lines.map(({ line }) => line));
    const kinds = pattern.messages.map((message) => JSON.stringify(withoutPlace(message)));
    const key = `${kinds.join()} ${pattern.shape}`;
    const same = wanted.get(key);
    wanted.set(key, { pattern, lines: [...(same?.lines ?? []), ...lines] });
  };
  const together = messagesOf(incidents).length;
  if (incidents.length > 1 && together <= MOST_TOGETHER) add(incidents);
  for (const incident of incidents) add([incident]);
  return [...wanted.values()];
}

function withoutPlace(message: LoggedMessage): object {
  const { task: _who, ...told } = message;
  if (!("start" in told)) return told;
  const { start: _start, end: _end, ...modes } = told;
  return modes;
}
