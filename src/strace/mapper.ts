import { ADVICES, type Advice, SYSCALL_KINDS, type SyscallKind } from "../trace/op.ts";
import {
  argument,
  failed,
  numberIn,
  pageIn,
  pagesIn,
  returnedNumber,
  splitArguments,
} from "./args.ts";
import { adviceIn, flagsIn, protectionOf } from "./flags.ts";
import type { LoggedOp } from "./renumber.ts";
import type { CallLine, Dropped } from "./lines.ts";
import { Processes } from "./processes.ts";
import { type MappingRules, Regions } from "./regions.ts";
import { keyIn } from "./keys.ts";
import { pagesRead } from "./memoryreads.ts";
import { followReservations, isReservation } from "./reservations.ts";
import { Space, type Task } from "./spaces.ts";

const PAGE = 4096;

/** Calls that do what another one does, but for what is told of as left out. */
const SAME_AS: Readonly<Record<string, SyscallKind>> = {
  mmap2: "mmap",
  old_mmap: "mmap",
  pkey_mprotect: "mprotect",
  mlock2: "mlock",
  pread64: "peek",
};

/** The kind of op that a call of this name is, or undefined. */
const kindOf = (name: string) => SYSCALL_KINDS.find((each) => each === (SAME_AS[name] ?? name));

/** Whether calls of this name may change mappings. */
export const concernsMappings = (name: string) => kindOf(name) !== undefined;

/** Turns the calls that change mappings into ops, as far as they concern device pages. */
export class Mapper {
  readonly processes: Processes;
  readonly regions: Regions;

  constructor(
    private readonly ops: LoggedOp[],
    private readonly dropped: Dropped[],
    rules: MappingRules,
  ) {
    this.processes = new Processes(ops);
    this.regions = new Regions(rules, (call, reason, unknown) => this.drop(call, reason, unknown));
  }

  /** How ops are read from calls of their names; null: no call has that name, or not only it. */
  private readonly readers: Readonly<
    Record<SyscallKind, ((call: CallLine, task: Task) => void) | null>
  > = {
    mmap: (call, { space, files }) => this.mmap(call, space, files),
    munmap: (call, { space }) => this.munmap(call, space),
    mremap: (call, { space }) => this.mremap(call, space),
    mprotect: (call, { space }) => this.mprotect(call, space),
    madvise: (call, { space }) => this.madvise(call, space),
    mlock: (call, { space }) => this.onRange("mlock", call, space),
    munlock: (call, { space }) => this.onRange("munlock", call, space),
    mseal: (call, { space }) => this.onRange("mseal", call, space),
    // The importer tells of processes that come and go.
    spawn: null,
    fork: null,
    exit: null,
    peek: (call, { space, files }) => this.peek(call, space, files),
    // An access is no call, and a driver is bound by a write to a file.
    touch: null,
    revoke: null,
  };

  call(call: CallLine, task: Task): void {
    const kind = kindOf(call.name);
    followReservations(kind, call, task.space.reserved);
    if (kind !== undefined) this.readers[kind]?.(call, task);
    else this.unknown(call, task.space);
  }

  /** A call that no op stands for is told of where it names an address of a device page. */
  private unknown(call: CallLine, { devices }: Space): void {
    if (devices.ranges.length === 0) return;
    const isOurs = (text: string) => {
      const page = Math.floor(Number(text) / PAGE);
      return devices.within(page, page + 1).length > 0;
    };
    const addresses = call.text.match(/\b0x[0-9a-f]{4,}\b/gi) ?? [];
    if (addresses.some(isOurs)) this.drop(call, "names a device page, and is no op of a trace");
  }

  /** Nothing of it is carried over, so it is told of where a device is mapped. */
  unshared(call: CallLine, { devices }: Space): void {
    if (devices.ranges.length > 0) this.drop(call, "CLONE_VM is not carried over");
  }

  private drop(call: CallLine, reason: string, unknown?: string): void {
    const dropped = { line: call.line, reason: `${call.name}: ${reason}` };
    this.dropped.push(unknown === undefined ? dropped : { ...dropped, unknown });
  }

  private mmap(call: CallLine, space: Space, files: Task["files"]): void {
    const parts = splitArguments(call.text);
    const pages = pagesIn(call, argument(call, parts, 1));
    const flags = flagsIn("map", argument(call, parts, 3));
    const device = this.regions.deviceIn(call, argument(call, parts, 4), files, flags);
    if (device === null) {
      const start = failed(call) ? 0 : returnedNumber(call) / PAGE;
      if (!failed(call)) this.other(call, space, start, pages, isReservation(flags));
      return;
    }
    const at = this.regions.addressOf(call, argument(call, parts, 0), flags);
    const offset = this.regions.offsetIn(call, argument(call, parts, 5));
    if (at === null || offset === null || pages === 0) {
      this.drop(call, "its address, length or offset is no whole number of pages");
      return;
    }
    const refusal = this.regions.refusal(call, device, offset, pages);
    if (refusal !== null) {
      this.drop(call, refusal);
      if (!failed(call)) this.replaced(call, space, at, pages);
      return;
    }
    this.leftOut(call, flags, ["MAP_LOCKED", "MAP_POPULATE"]);
    const prot = flagsIn("prot", argument(call, parts, 2));
    this.leftOut(call, prot, ["PROT_EXEC"]);
    this.reserve(space, at, at + pages);
    this.ops.push({
      op: "mmap",
      proc: this.processes.of(space),
      at,
      pages,
      pfn: this.regions.baseOf(device) + offset,
      via: device.via,
      prot: protectionOf(prot),
      private: flags.has("MAP_PRIVATE"),
      ...(device.maps === "remap" ? {} : { maps: device.maps }),
    });
    space.devices.remove(at, at + pages);
    if (!failed(call)) space.devices.add(at, at + pages);
  }

  /** Memory that is no device's; over pages of the trace it is in the trace too, if it is anonymous. */
  private other(call: CallLine, space: Space, start: number, pages: number, isAnon: boolean): void {
    if (!isAnon) {
      space.reserved.remove(start, start + pages);
      this.replaced(call, space, start, pages);
    } else if (space.devices.within(start, start + pages).length > 0) {
      this.reserve(space, start, start + pages);
    }
  }

  /** What of [start, end) is anonymous memory is in the trace from here on. */
  private reserve(space: Space, start: number, end: number): void {
    for (const { start: at, end: upTo, prot } of space.reserved.take(start, end)) {
      const place = { proc: this.processes.of(space), at, pages: upTo - at, pfn: 0 };
      this.ops.push({ op: "mmap", ...place, via: "anon", prot, private: true });
      space.devices.add(at, upTo);
    }
  }

  /** Tells of those flags of a call that have no place in an op. */
  private leftOut(call: CallLine, flags: ReadonlySet<string>, names: readonly string[]): void {
    const found = names.filter((name) => flags.has(name));
    if (found.length > 0) this.drop(call, `${found.join(", ")} not carried over`);
  }

  /** Something else now is where a device was mapped: to the tracking that is an unmap. */
  private replaced(call: CallLine, space: Space, at: number, pages: number): void {
    if (space.devices.within(at, at + pages).length === 0) return;
    this.drop(call, "replaces device pages by other memory (kept as munmap)");
    this.unmap(space, at, pages);
  }

  private unmap(space: Space, at: number, pages: number): void {
    const parts = space.devices.within(at, at + pages);
    const first = parts[0];
    const last = parts.at(-1);
    if (first === undefined || last === undefined) return;
    const proc = this.processes.of(space);
    this.ops.push({ op: "munmap", proc, at: first.start, pages: last.end - first.start });
    space.devices.remove(at, at + pages);
  }

  private munmap(call: CallLine, space: Space): void {
    const parts = splitArguments(call.text);
    const at = pageIn(call, argument(call, parts, 0));
    const pages = pagesIn(call, argument(call, parts, 1));
    if (at === null || space.devices.within(at, at + pages).length === 0) return;
    if (failed(call)) this.drop(call, `failed: ${call.returned}`);
    else this.unmap(space, at, pages);
  }

  private mremap(call: CallLine, space: Space): void {
    const parts = splitArguments(call.text);
    const at = pageIn(call, argument(call, parts, 0));
    const pages = pagesIn(call, argument(call, parts, 1));
    const newPages = pagesIn(call, argument(call, parts, 2));
    const flags = flagsIn("mremap", argument(call, parts, 3));
    const isFixed = flags.has("MREMAP_FIXED");
    if (at === null) return;
    const end = Math.max(at + pages, at + 1);
    if (space.devices.within(at, end).length === 0) {
      if (!failed(call)) this.replaced(call, space, returnedNumber(call) / PAGE, newPages);
      return;
    }
    if (failed(call) && !/^-1 (?:EFAULT|EINVAL)\b/.test(call.returned)) {
      this.drop(call, `failed for a reason that is not tracking: ${call.returned}`);
      return;
    }
    const target = isFixed ? pageIn(call, argument(call, parts, 4)) : at;
    const came = failed(call) ? target : returnedNumber(call) / PAGE;
    if (came === null) {
      this.drop(call, "its new address is not at a page");
      return;
    }
    const mayMove = flags.has("MREMAP_MAYMOVE") && !flags.has("MREMAP_DONTUNMAP");
    const moved = { op: "mremap" as const, proc: this.processes.of(space), at, pages, newPages };
    const how = isFixed || came !== at ? { to: came } : mayMove ? { maymove: true } : {};
    const stays = flags.has("MREMAP_DONTUNMAP") ? { dontunmap: true } : {};
    this.ops.push({ ...moved, ...how, ...stays });
    if (failed(call)) return;
    space.devices.remove(at, at + pages);
    space.devices.remove(came, came + newPages);
    space.devices.add(came, came + newPages);
  }

  /**
   * What a range op does to each run of device pages; other memory between them is not ours. Returns
   * whether any of it is in the trace.
   */
  private onDevices(
    call: CallLine,
    space: Space,
    make: (at: number, pages: number) => LoggedOp,
  ): boolean {
    const parts = splitArguments(call.text);
    const at = pageIn(call, argument(call, parts, 0));
    if (at === null) return false;
    const runs = space.devices.within(at, at + pagesIn(call, argument(call, parts, 1)));
    if (runs.length === 0) return false;
    if (failed(call) && !/^-1 (?:EINVAL|ENOMEM)\b/.test(call.returned)) {
      this.drop(call, `failed for a reason that is not tracking: ${call.returned}`);
      return false;
    }
    if (/^-1 ENOMEM\b/.test(call.returned))
      this.drop(call, "its ENOMEM is left out: kept for device pages");
    for (const run of runs) this.ops.push(make(run.start, run.end - run.start));
    return true;
  }

  /** A read of the process' own memory, through the file that debuggers use. */
  private peek(call: CallLine, space: Space, files: Task["files"]): void {
    const pages = pagesRead(call, space, files, (reason) => this.drop(call, reason));
    for (const at of pages) this.ops.push({ op: "peek", proc: this.processes.of(space), at });
  }

  private mprotect(call: CallLine, space: Space): void {
    const flags = flagsIn("prot", argument(call, splitArguments(call.text), 2));
    const prot = protectionOf(flags);
    const key = call.name === "pkey_mprotect" ? keyIn(call, space) : {};
    const kept = this.onDevices(call, space, (at, pages) => {
      return { op: "mprotect", proc: this.processes.of(space), at, pages, prot, ...key };
    });
    if (!kept) return;
    this.leftOut(call, flags, ["PROT_EXEC"]);
    if (key === null) this.drop(call, "its protection key is not carried over: there is another");
  }

  private onRange(op: "mlock" | "munlock" | "mseal", call: CallLine, space: Space): void {
    this.onDevices(call, space, (at, pages) => {
      return { op, proc: this.processes.of(space), at, pages };
    });
  }

  private madvise(call: CallLine, space: Space): void {
    const parts = splitArguments(call.text);
    const name = adviceIn(argument(call, parts, 2));
    const advice = ADVICES.find((known: Advice) => name === `MADV_${known.toUpperCase()}`);
    const at = pageIn(call, argument(call, parts, 0));
    if (advice === undefined) {
      const pages = Math.ceil(numberIn(call, argument(call, parts, 1)) / PAGE);
      const isOurs = at !== null && space.devices.within(at, at + pages).length > 0;
      if (isOurs) this.drop(call, `${name} is no advice of a trace`);
      return;
    }
    this.onDevices(call, space, (start, pages) => {
      return { op: "madvise", proc: this.processes.of(space), at: start, pages, advice };
    });
  }
}
