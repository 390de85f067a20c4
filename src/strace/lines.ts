/** A finished system call of a log. */
export interface CallLine {
  readonly kind: "call";
  /** 1-based line on which it began, and on which it ended. */
  readonly from: number;
  readonly line: number;
  /** The process, as the log names it; "" where it does not. */
  readonly pid: string;
  readonly name: string;
  /** The text between the parentheses. */
  readonly text: string;
  /** What stands after the equals sign, such as `0x7f0000000000` or `-1 EINVAL (...)`. */
  readonly returned: string;
}

/** The end of a process or thread. */
export interface EndLine {
  readonly kind: "end";
  readonly line: number;
  readonly pid: string;
}

/** strace says that it follows a new process. */
export interface AttachedLine {
  readonly kind: "attached";
  readonly line: number;
  readonly pid: string;
}

export type LogLine = CallLine | EndLine | AttachedLine;

/** Something of the log that is not in the trace, and why. */
export interface Dropped {
  readonly line: number;
  readonly reason: string;
}

const CLOCK = String.raw`(?:\d\d:\d\d:\d\d(?:\.\d+)?|\d+\.\d+)`;
/**
 * pid, with the command's name (-Y), clock (-t, -tt, -ttt, -r), instruction pointer (-i) and number
 * of the call (-n), each of which may be missing.
 */
const PREFIX = new RegExp(
  String.raw`^\s*(?:\[pid\s+(\d+)(?:<[^>]*>)?\]\s*|(\d+)(?:<[^>]*>)?\s+)?(?:${CLOCK}\s+)?(?:\(\+\s*\d+\.\d+\)\s+)?(?:\[(?:[0-9a-f?]{8,}|\s*\d+)\]\s+)*`,
);
/** On a terminal's stream this message may break into the line of the call that is going on. */
const ATTACHED = /^(.*)strace: Process (\d+) attached$/;
const END = /^\+\+\+ (?:exited with|killed by|superseded by) /;
const UNFINISHED = /^(\w+)\((.*?)\s*<unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/;
const CALL = /^(\w+)\((.*)\)\s+=\s+(.+)$/;
const TAIL = /^(.*)\)\s+=\s+(.+)$/;

/**
 * The calls and ends of an strace log, in the order in which they finished; unfinished and
 * resumed halves are joined. Everything else (signals, messages, other output) is noise.
 */
export function readLines(text: string, dropped: Dropped[]): LogLine[] {
  const found: LogLine[] = [];
  const open = new Map<string, { from: number; name: string; text: string }>();
  let broken = "";
  text.split(/\r?\n/).forEach((part, index) => {
    const line = index + 1;
    const raw = broken + part;
    const attached = ATTACHED.exec(raw);
    broken = attached?.[1] ?? "";
    if (attached !== null) {
      found.push({ kind: "attached", line, pid: attached[2] ?? "" });
      return;
    }
    const [prefix = "", inBrackets, bare] = PREFIX.exec(raw) ?? [];
    const pid = inBrackets ?? bare ?? "";
    const rest = raw.slice(prefix.length).trimEnd();
    if (END.test(rest)) {
      found.push({ kind: "end", line, pid });
      return;
    }
    const unfinished = UNFINISHED.exec(rest);
    if (unfinished !== null) {
      open.set(pid, { from: line, name: unfinished[1] ?? "", text: unfinished[2] ?? "" });
      return;
    }
    const call = RESUMED.test(rest)
      ? joined(rest, line, pid, open, dropped)
      : whole(rest, line, pid);
    if (call !== null) found.push(call);
  });
  for (const [pid, { from, name }] of open) {
    // A process that ends never comes back from its last call.
    if (name === "exit_group" || name === "exit") continue;
    dropped.push({ line: from, reason: `${name} of process ${pid || "?"} never returned` });
  }
  return found;
}

function whole(rest: string, line: number, pid: string): CallLine | null {
  const match = CALL.exec(rest);
  if (match === null) return null;
  const [, name = "", text = "", returned = ""] = match;
  return { kind: "call", from: line, line, pid, name, text, returned };
}

function joined(
  rest: string,
  line: number,
  pid: string,
  open: Map<string, { from: number; name: string; text: string }>,
  dropped: Dropped[],
): CallLine | null {
  const [, name = "", tail = ""] = RESUMED.exec(rest) ?? [];
  // A process has no name in a log on a terminal's stream until there is a second one.
  const key = open.has(pid) || open.get("")?.name !== name ? pid : "";
  const begun = open.get(key);
  open.delete(key);
  const end = TAIL.exec(tail);
  if (begun?.name !== name) {
    dropped.push({ line, reason: `${name} is resumed but its beginning is not in the log` });
    return null;
  }
  if (end === null) return null;
  const text = `${begun.text}${end[1] ?? ""}`;
  return { kind: "call", from: begun.from, line, pid, name, text, returned: end[2] ?? "" };
}
