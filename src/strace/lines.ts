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
  /** The file that is mapped, where it may be a device and nothing is known of it. */
  readonly unknown?: string;
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
const BEGINNING = /^(\w+)\((?!.*\) +=)/;
const TAIL = /^(.*)\)\s+=\s+(.+)$/;

/** Names an address, which may be a device page's. */
const ADDRESS = /\b0x[0-9a-f]{4,}\b/i;

/** A copy, one letter longer and cut again: a piece of a longer string keeps all of that in memory. */
const apart = (text: string) => `${text} `.slice(0, -1);

/** The first half of a call. */
interface Begun {
  readonly from: number;
  readonly name: string;
  readonly text: string;
}

/**
 * The calls and ends of an strace log, in the order in which they finished; unfinished and
 * resumed halves are joined. Everything else (signals, messages, other output) is noise. Of calls that
 * `matters` does not name, only the first of each process and those that name an address are kept, so
 * that a log may be longer than memory.
 */
export class StraceLog {
  readonly lines: LogLine[] = [];
  private readonly faults: Dropped[] = [];
  private readonly open = new Map<string, Begun>();
  private readonly seen = new Set<string>();
  private readonly names = new Map<string, string>();
  private broken = "";
  private count = 0;

  constructor(private readonly matters: (name: string) => boolean) {}

  /** Reads one line or more; whole ones, without the last one's end. */
  add(text: string): this {
    for (const line of text.split("\n")) this.line(line.endsWith("\r") ? line.slice(0, -1) : line);
    return this;
  }

  /** What could not be joined, at the end of the log. */
  get dropped(): Dropped[] {
    const lost = [...this.open].flatMap(([pid, { from, name }]) =>
      // A process that ends never comes back from its last call.
      name === "exit_group" || name === "exit"
        ? []
        : [{ line: from, reason: `${name} of process ${pid || "?"} never returned` }],
    );
    return [...this.faults, ...lost];
  }

  private line(part: string): void {
    const line = ++this.count;
    const raw = this.broken + part;
    const attached = ATTACHED.exec(raw);
    this.broken = attached?.[1] ?? "";
    if (attached !== null) {
      this.lines.push({ kind: "attached", line, pid: this.named(attached[2] ?? "") });
      return;
    }
    const [prefix = "", inBrackets, bare] = PREFIX.exec(raw) ?? [];
    const pid = this.named(inBrackets ?? bare ?? "");
    const rest = raw.slice(prefix.length).trimEnd();
    if (END.test(rest)) {
      this.lines.push({ kind: "end", line, pid });
      return;
    }
    const unfinished = UNFINISHED.exec(rest);
    if (unfinished !== null) {
      const [, name = "", text = ""] = unfinished;
      this.open.set(pid, { from: line, name: this.named(name), text });
      return;
    }
    const call = RESUMED.test(rest) ? this.joined(rest, line, pid) : whole(rest, line, pid);
    if (call !== null) this.keep(call);
    else this.cut(rest, line);
  }

  /** A call without an end, as of a log that was cut, or into whose lines a program has written. */
  private cut(rest: string, line: number): void {
    const name = BEGINNING.exec(rest)?.[1] ?? "";
    if (this.matters(name)) this.faults.push({ line, reason: `${name}: the line has no end` });
  }

  private keep(call: CallLine): void {
    const { pid, text, returned } = call;
    const isFirst = !this.seen.has(pid);
    if (!isFirst && !this.matters(call.name) && !ADDRESS.test(text)) return;
    this.seen.add(pid);
    const name = this.named(call.name);
    this.lines.push({ ...call, name, text: apart(text), returned: apart(returned) });
  }

  /** One string for all that are equal. */
  private named(text: string): string {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    const own = apart(text);
    this.names.set(own, own);
    return own;
  }

  private joined(rest: string, line: number, pid: string): CallLine | null {
    const [, name = "", tail = ""] = RESUMED.exec(rest) ?? [];
    // A process has no name in a log on a terminal's stream until there is a second one.
    const key = this.open.has(pid) || this.open.get("")?.name !== name ? pid : "";
    const begun = this.open.get(key);
    this.open.delete(key);
    const end = TAIL.exec(tail);
    if (begun?.name !== name) {
      const reason = `${name} is resumed but its beginning is not in the log`;
      this.faults.push({ line, reason });
      return null;
    }
    if (end === null) return null;
    const text = `${begun.text}${end[1] ?? ""}`;
    return { kind: "call", from: begun.from, line, pid, name, text, returned: end[2] ?? "" };
  }
}

function whole(rest: string, line: number, pid: string): CallLine | null {
  const match = CALL.exec(rest);
  if (match === null) return null;
  const [, name = "", text = "", returned = ""] = match;
  return { kind: "call", from: line, line, pid, name, text, returned };
}
