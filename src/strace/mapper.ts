import { ADVICES, type Advice, type Prot, SYSCALL_KINDS, type SyscallKind } from "../trace/op.ts";
import {
  argument,
  descriptorIn,
  failed,
  flagsIn,
  numberIn,
  pageIn,
  pagesIn,
  returnedNumber,
  splitArguments,
} from "./args.ts";
import { type DeviceFile, type DeviceOption, deviceOf, MEMORY, needsFlags } from "./devices.ts";
import type { LoggedOp } from "./renumber.ts";
import type { CallLine, Dropped } from "./lines.ts";
import { Space, type Task } from "./spaces.ts";

const PAGE = 4096;
/** Low memory, which the tracking treats as not RAM, ends here. */
const LOW_PAGES = 256;
/** Regions are laid this far apart: more than any machine has pages. */
const REGION_PAGES = 2 ** 41;
/** Failed mappings get addresses of their own from here on: past what a process can have. */
const NOWHERE = 2 ** 40;

/** Turns the calls that change mappings into ops, as far as they concern device pages. */
export class Mapper {
  sawLow = false;
  sawAperture = false;
  private readonly regions = new Map<string, number>();
  private procs = 0;
  private nowhere = NOWHERE;

  constructor(
    private readonly ops: LoggedOp[],
    private readonly dropped: Dropped[],
    private readonly options: readonly DeviceOption[],
    private readonly keepsLow: boolean,
  ) {}

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
    // An access is no call, and a driver is bound by a write to a file.
    touch: null,
    revoke: null,
  };

  call(call: CallLine, task: Task): void {
    const kind = SYSCALL_KINDS.find((each) => each === call.name);
    if (kind !== undefined) this.readers[kind]?.(call, task);
  }

  /** A child's address space; a process that never mapped a device needs no op. */
  fork(parent: Space): Space {
    const child = new Space(parent.devices.copy());
    if (parent.proc === null) return child;
    child.proc = this.procs++;
    this.ops.push({ op: "fork", proc: parent.proc, child: child.proc });
    return child;
  }

  /** Where a side lets the fork succeed all the same, its child goes at once. */
  failedFork(parent: Space): void {
    if (parent.proc === null) return;
    const child = this.procs++;
    this.ops.push({ op: "fork", proc: parent.proc, child }, { op: "exit", proc: child });
  }

  exit(space: Space): void {
    if (space.proc !== null) this.ops.push({ op: "exit", proc: space.proc });
  }

  private drop(call: CallLine, reason: string): void {
    this.dropped.push({ line: call.line, reason: `${call.name}: ${reason}` });
  }

  private procOf(space: Space): number {
    if (space.proc === null) {
      space.proc = this.procs++;
      this.ops.push({ op: "spawn", proc: space.proc });
    }
    return space.proc;
  }

  private mmap(call: CallLine, space: Space, files: Task["files"]): void {
    const parts = splitArguments(call.text);
    const pages = pagesIn(call, argument(call, parts, 1));
    const device = this.deviceIn(call, argument(call, parts, 4), files);
    if (device === null) {
      if (!failed(call)) this.replaced(call, space, returnedNumber(call) / PAGE, pages);
      return;
    }
    const at = this.addressOf(call, argument(call, parts, 0), flagsIn(argument(call, parts, 3)));
    const offset = pageIn(call, argument(call, parts, 5));
    if (at === null || offset === null || pages === 0) {
      this.drop(call, "its address, length or offset is no whole number of pages");
      return;
    }
    if (failed(call) && !/^-1 (?:EINVAL|EAGAIN)\b/.test(call.returned)) {
      this.drop(call, `failed for a reason that is not tracking: ${call.returned}`);
      return;
    }
    if (!this.isWanted(device, offset + pages)) {
      this.drop(call, "maps low memory, and other lines map an aperture");
      if (!failed(call)) this.replaced(call, space, at, pages);
      return;
    }
    this.ops.push({
      op: "mmap",
      proc: this.procOf(space),
      at,
      pages,
      pfn: this.regionBase(device.region) + offset,
      via: device.via,
      prot: protection(argument(call, parts, 2)),
      private: flagsIn(argument(call, parts, 3)).has("MAP_PRIVATE"),
    });
    space.devices.remove(at, at + pages);
    if (!failed(call)) space.devices.add(at, at + pages);
  }

  /** Where a mapping is; a failed one without an address of its own gets one that is unused. */
  private addressOf(call: CallLine, text: string, flags: ReadonlySet<string>): number | null {
    if (!failed(call)) return returnedNumber(call) / PAGE;
    if (flags.has("MAP_FIXED")) return pageIn(call, text);
    this.nowhere += 2 ** 32;
    return this.nowhere;
  }

  private deviceIn(call: CallLine, text: string, files: Task["files"]): DeviceFile | null {
    const descriptor = descriptorIn(text);
    if (descriptor === null) return null;
    const { fd, path } = descriptor;
    const known = files.get(fd);
    if (known !== undefined || path === null) return known ?? null;
    const device = deviceOf(path, new Set(), this.options);
    if (device === null || !needsFlags(path)) return device;
    this.drop(call, `${path} was opened before the log begins, O_SYNC or not`);
    return null;
  }

  private isWanted({ region }: DeviceFile, end: number): boolean {
    const isLow = region === MEMORY && end <= LOW_PAGES;
    if (isLow) this.sawLow ||= this.keepsLow;
    else this.sawAperture = true;
    return this.keepsLow || !isLow;
  }

  private regionBase(region: string): number {
    const base = this.regions.get(region) ?? this.regions.size * REGION_PAGES;
    this.regions.set(region, base);
    return base;
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
    const proc = this.procOf(space);
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
    const flags = flagsIn(argument(call, parts, 3));
    const isFixed = flags.has("MREMAP_FIXED");
    if (at === null) return;
    const end = Math.max(at + pages, at + 1);
    if (space.devices.within(at, end).length === 0) {
      if (!failed(call)) this.replaced(call, space, returnedNumber(call) / PAGE, newPages);
      return;
    }
    if (flags.has("MREMAP_DONTUNMAP")) {
      this.drop(call, "MREMAP_DONTUNMAP is no op of a trace");
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
    const moved = { op: "mremap" as const, proc: this.procOf(space), at, pages, newPages };
    this.ops.push(isFixed || came !== at ? { ...moved, to: came } : moved);
    if (failed(call)) return;
    space.devices.remove(at, at + pages);
    space.devices.remove(came, came + newPages);
    space.devices.add(came, came + newPages);
  }

  /** What a range op does to each run of device pages; other memory between them is not ours. */
  private onDevices(
    call: CallLine,
    space: Space,
    make: (at: number, pages: number) => LoggedOp,
  ): void {
    const parts = splitArguments(call.text);
    const at = pageIn(call, argument(call, parts, 0));
    if (at === null) return;
    const runs = space.devices.within(at, at + pagesIn(call, argument(call, parts, 1)));
    if (runs.length === 0) return;
    if (failed(call) && !/^-1 (?:EINVAL|ENOMEM)\b/.test(call.returned)) {
      this.drop(call, `failed for a reason that is not tracking: ${call.returned}`);
      return;
    }
    for (const run of runs) this.ops.push(make(run.start, run.end - run.start));
  }

  private mprotect(call: CallLine, space: Space): void {
    const prot = protection(argument(call, splitArguments(call.text), 2));
    this.onDevices(call, space, (at, pages) => {
      return { op: "mprotect", proc: this.procOf(space), at, pages, prot };
    });
  }

  private onRange(op: "mlock" | "munlock" | "mseal", call: CallLine, space: Space): void {
    this.onDevices(call, space, (at, pages) => {
      return { op, proc: this.procOf(space), at, pages };
    });
  }

  private madvise(call: CallLine, space: Space): void {
    const parts = splitArguments(call.text);
    const name = argument(call, parts, 2);
    const advice = ADVICES.find((known: Advice) => name === `MADV_${known.toUpperCase()}`);
    const at = pageIn(call, argument(call, parts, 0));
    if (advice === undefined) {
      const pages = Math.ceil(numberIn(call, argument(call, parts, 1)) / PAGE);
      const isOurs = at !== null && space.devices.within(at, at + pages).length > 0;
      if (isOurs) this.drop(call, `${name} is no advice of a trace`);
      return;
    }
    this.onDevices(call, space, (start, pages) => {
      return { op: "madvise", proc: this.procOf(space), at: start, pages, advice };
    });
  }
}

/** A protection as a trace has it: x86 cannot write without reading, and execution is left out. */
function protection(text: string): Prot {
  const flags = flagsIn(text);
  if (flags.has("PROT_WRITE")) return "rw";
  return flags.has("PROT_READ") || flags.has("PROT_EXEC") ? "r" : "none";
}
