import {
  MEMTYPE_LIST_HEAD,
  reservationIn,
  UnreadableKernelText,
} from "../../kernel/parse/memtype.ts";
import { type Bytes, parseMessage, type Task } from "../../kernel/parse/message.ts";
import { bareLine } from "../../kernel/parse/prefix.ts";
import type { Prot } from "../trace/op.ts";
import type { Memtype } from "../trace/recording.ts";
import { UserError } from "../usererror.ts";
import type { LoggedMessage } from "./shape.ts";

/** A line of a log that was understood. */
export interface LoggedLine {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
  readonly message: LoggedMessage;
}

/** A mapping of /proc/PID/maps or smaps; addresses and the offset in bytes. */
export interface MapLine extends Bytes {
  /** The process, where a line such as `==> /proc/7/maps <==` names it; else maps are counted. */
  readonly owner: string;
  readonly offset: number;
  readonly private: boolean;
  readonly prot: Prot;
  readonly path: string;
}

/** What the input holds, part by part; nothing in it has been judged yet. */
export interface Excerpt {
  readonly log: LoggedLine[];
  /** The kernel's release as the log names it. */
  release: string | null;
  /** The first line at which the log names another release: it goes on over a boot. */
  later: { readonly release: string; readonly line: number } | null;
  /** pat_memtype_list, in bytes; null where the input has none. */
  list: Memtype[] | null;
  readonly maps: MapLine[];
  /** /proc/iomem. */
  readonly resources: (Bytes & { readonly name: string })[];
  /** Ranges that /proc/mtrr names. */
  readonly mtrr: (Bytes & { readonly type: string })[];
  /** Lines, not empty, that tell nothing here. */
  unread: number;
}

const RELEASE = /(?:Linux version|(?:Not t|T)ainted:?(?: [A-Z] *)*) (\d+\.\d+\S*)/;
/** What Debian's kernels say of themselves besides: their own name holds no point release. */
const DEBIAN = /\bDebian (\d+\.\d+\.\d+-\S+)/;
const COMM = /\bPID: (\d+) .*?Comm: (.+?) (?:Not tainted|Tainted)/;
const CALLED = /^(?:\? |RIP: \w+:)?([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+/;
const OF_PROCESS = /^==> .*?\b(\d+|self)\/s?maps <==$/;
/** As grep writes what it finds in several of them. */
const FOUND = /^\/proc\/(\d+|self)\/s?maps:(.*)$/;
const MAP =
  /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-])[x-]([sp]) ([0-9a-f]+) [0-9a-f]+:[0-9a-f]+ \d+ *(.*)$/;
const RESOURCE = /^ *([0-9a-f]+)-([0-9a-f]+) : (.+)$/;
const MTRR = /^reg\d+: base=0x([0-9a-f]+) \(.*?\), size= *(\d+)([KMG])B.*?: ([\w-]+)/;
const UNIT: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Reads what a person has, in any mixture and order; a part of it that is broken is a UserError. */
export function readExcerpt(text: string): Excerpt {
  const reader = new Reader();
  text.split(/\r?\n/).forEach((line, index) => {
    try {
      reader.read(line, index + 1);
    } catch (error) {
      if (!(error instanceof UnreadableKernelText)) throw error;
      throw new UserError(`line ${index + 1}: ${error.message}`);
    }
  });
  return reader.excerpt;
}

class Reader {
  readonly excerpt: Excerpt = {
    log: [],
    release: null,
    later: null,
    list: null,
    maps: [],
    resources: [],
    mtrr: [],
    unread: 0,
  };
  private owner: string | null = null;
  private counted = 0;

  read(line: string, number: number): void {
    const text = bareLine(line);
    if (text === "") return;
    const named = RELEASE.exec(text)?.[1];
    const debian = named === undefined ? undefined : DEBIAN.exec(text)?.[1];
    const release = debian === undefined ? named : `${debian} (${named})`;
    if (release !== undefined) this.named(release, number);
    const isRead =
      this.message(text, number) ||
      this.afterWarning(text) ||
      this.reservation(text) ||
      this.mapping(text) ||
      this.physical(line.trimEnd()) ||
      release !== undefined;
    if (!isRead) this.excerpt.unread++;
  }

  private named(release: string, line: number): void {
    const { excerpt } = this;
    excerpt.release ??= release;
    if (release !== excerpt.release) excerpt.later ??= { release, line };
  }

  private message(text: string, line: number): boolean {
    const message = parseMessage(text);
    if (message === null) return false;
    if ("start" in message) checkRange(message);
    this.excerpt.log.push({ line, text, message });
    return true;
  }

  /** The task and the call trace that follow a warning or a BUG belong to it. */
  private afterWarning(text: string): boolean {
    const { log } = this.excerpt;
    const last = log.at(-1);
    if (last?.message.kind !== "warn" && last?.message.kind !== "bug") return false;
    const [, pid, comm] = COMM.exec(text) ?? [];
    const called = CALLED.exec(text)?.[1];
    if (comm !== undefined) {
      const task: Task = { comm, pid: Number(pid) };
      log[log.length - 1] = { ...last, message: { ...last.message, task } };
    } else if (called !== undefined) {
      const trace = [...(last.message.trace ?? []), called];
      log[log.length - 1] = { ...last, message: { ...last.message, trace } };
    } else return false;
    return true;
  }

  private reservation(text: string): boolean {
    const entry = reservationIn(text);
    if (entry === null && text !== MEMTYPE_LIST_HEAD) return false;
    this.excerpt.list ??= [];
    if (entry !== null) {
      checkRange(entry);
      this.excerpt.list.push(entry);
    }
    return true;
  }

  private mapping(text: string): boolean {
    const { maps } = this.excerpt;
    const found = FOUND.exec(text);
    const named = OF_PROCESS.exec(text)?.[1] ?? found?.[1];
    const match = MAP.exec(found?.[2] ?? text);
    if (named !== undefined) this.owner = named;
    if (match === null) return named !== undefined;
    const [, from = "", to = "", may = "", share, offset = "", path = ""] = match;
    const range = { start: Number.parseInt(from, 16), end: Number.parseInt(to, 16) };
    checkRange(range);
    const last = maps.at(-1);
    // Addresses rise within one process.
    const isNext = last === undefined || range.start < last.end;
    if (this.owner === null && isNext) this.counted++;
    const owner = this.owner ?? `${this.counted}`;
    const at = Number.parseInt(offset, 16);
    // What may be written may be read as well, as far as these files go.
    const prot = may.includes("w") ? "rw" : may === "r-" ? "r" : "none";
    maps.push({ ...range, owner, offset: at, private: share === "p", prot, path });
    return true;
  }

  private physical(line: string): boolean {
    const resource = RESOURCE.exec(line);
    if (resource !== null) {
      const [, from = "", to = "", name = ""] = resource;
      const range = { start: Number.parseInt(from, 16), end: Number.parseInt(to, 16) + 1 };
      this.excerpt.resources.push({ ...range, name });
      return true;
    }
    const [, base, size, unit = "", type] = MTRR.exec(line) ?? [];
    if (base === undefined || type === undefined) return false;
    const start = Number.parseInt(base, 16);
    this.excerpt.mtrr.push({ start, end: start + Number(size) * (UNIT[unit] ?? 1), type });
    return true;
  }
}

function checkRange({ start, end }: Bytes): void {
  if (start < end) return;
  throw new UnreadableKernelText(
    `the range 0x${start.toString(16)}-0x${end.toString(16)} is empty`,
  );
}
