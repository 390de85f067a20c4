import { driverOpText, range } from "./driveroptext.ts";
import { SHORT_MODE } from "../src/pat/cachemode.ts";
import { isDriverOp } from "../src/trace/driverkinds.ts";
import type { Op, SyscallOp } from "../src/trace/op.ts";
import type { Mapped, Memtype, Result, TraceEvent, VmaState } from "../src/trace/recording.ts";

export { range } from "./driveroptext.ts";

/** An op in words, such as `munmap p0 [0,1)`. */
export function opText(op: Op): string {
  const text = isDriverOp(op) ? driverOpText(op) : syscallText(op);
  return op.fault === undefined ? text : `${text}, no memory for ${op.fault.at} ${op.fault.nth}`;
}

function syscallText(op: SyscallOp): string {
  switch (op.op) {
    case "spawn":
    case "exit":
    case "revoke":
      return `${op.op} p${op.proc}`;
    case "fork":
      return `fork p${op.proc} -> p${op.child}${op.late === true ? ", to fail late" : ""}`;
    case "mmap": {
      const shared = op.private ? "private" : "shared";
      const where = `${range(op.at, op.pages)} = pfn ${range(op.pfn, op.pages)}`;
      return `mmap p${op.proc} ${where} ${op.via} ${op.prot} ${shared}`;
    }
    case "munmap":
    case "mlock":
    case "munlock":
    case "mseal":
      return `${op.op} p${op.proc} ${range(op.at, op.pages)}`;
    case "mremap": {
      const from = `mremap p${op.proc} ${range(op.at, op.pages)}`;
      if (op.to === undefined) return `${from} resize to ${range(op.at, op.newPages)}`;
      return `${from} move to ${range(op.to, op.newPages)}`;
    }
    case "mprotect":
      return `mprotect p${op.proc} ${range(op.at, op.pages)} ${op.prot}`;
    case "madvise":
      return `madvise p${op.proc} ${range(op.at, op.pages)} ${op.advice}`;
    case "touch":
      return `touch p${op.proc} page ${op.at} ${op.write ? "write" : "read"}`;
  }
}

/** `ok` or the errno. */
export function resultText(result: Result): string {
  return "errno" in result ? result.errno : "ok";
}

/** A VMA in words: virtual range, pfns, protection and flags. */
export function vmaText(vma: VmaState): string {
  const pages = vma.end - vma.start;
  const flags = [
    vma.private ? "private" : "shared",
    ...(vma.pat === true ? ["VM_PAT"] : []),
    ...(vma.dontfork === true ? ["dontfork"] : []),
    ...(vma.sealed === true ? ["sealed"] : []),
  ];
  if (vma.maps !== undefined) {
    return `${range(vma.start, pages)} = ${mapsText(vma.maps)} ${vma.prot} ${flags.join(" ")}`;
  }
  return `${range(vma.start, pages)} = pfn ${range(vma.pfn, pages)} ${vma.prot} ${flags.join(" ")}`;
}

/** What a driver has mapped, run by run. */
function mapsText(maps: readonly Mapped[]): string {
  const runs = maps.map(({ at, pages, pfn, type, ram }) => {
    const base = ram === true ? "ram" : "pfn";
    return `${range(at, pages)} ${base} ${range(pfn, pages)} ${SHORT_MODE[type]}`;
  });
  return `{${runs.join("; ")}}`;
}

/** A reservation in words. */
export function memtypeText(entry: Memtype): string {
  return `[${entry.start},${entry.end}) ${SHORT_MODE[entry.type]}`;
}

/** A kernel message in words. */
export function eventText(event: TraceEvent): string {
  switch (event.kind) {
    case "warn":
      return `WARN ${event.text}`;
    case "bug":
      return `BUG ${event.text}`;
    case "invalid-free":
      return `invalid free of [${event.start},${event.end})`;
    case "conflict": {
      const modes = `${SHORT_MODE[event.found]} and ${SHORT_MODE[event.other]}`;
      return `conflicting types ${modes} at [${event.start},${event.end})`;
    }
    case "reserve-failed": {
      const modes = `track ${SHORT_MODE[event.track]}, request ${SHORT_MODE[event.request]}`;
      return `reserve failed for [${event.start},${event.end}): ${modes}`;
    }
    case "ram-busy": {
      const modes = `have ${SHORT_MODE[event.track]}, request ${SHORT_MODE[event.request]}`;
      return `RAM pages [${event.start},${event.end}) ${modes}`;
    }
    case "ram-request": {
      const modes = `wanted ${SHORT_MODE[event.request]}, got ${SHORT_MODE[event.got]}`;
      return `RAM pages [${event.start},${event.end}): ${modes}`;
    }
    case "type-mismatch": {
      const modes = `wanted ${SHORT_MODE[event.request]}, got ${SHORT_MODE[event.got]}`;
      return `type mismatch at [${event.start},${event.end}): ${modes}`;
    }
  }
}
