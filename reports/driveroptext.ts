import { assertNever } from "../src/assertnever.ts";
import type { DriverCallRecord, DriverOp } from "../src/trace/driverop.ts";

/** A half-open range of pages. */
export function range(start: number, pages: number): string {
  return `[${start},${start + pages})`;
}

interface Physical {
  readonly pfn: number;
  readonly ram?: boolean | undefined;
}

function physical({ pfn, ram }: Physical, pages: number): string {
  return `${ram === true ? "ram" : "pfn"} ${range(pfn, pages)}`;
}

/** The part of a VMA that a call works on; no pages are the rest of it. */
function window({ off, pages }: { readonly off: number; readonly pages: number }): string {
  if (pages > 0) return range(off, pages);
  return off === 0 ? "whole" : `[${off},end)`;
}

/** A call of a driver's handler in words. */
function callText(call: DriverCallRecord): string {
  switch (call.call) {
    case "remap":
    case "remap-window": {
      const base = call.ram === true ? "ram" : "pfn";
      return `${call.call} ${window(call)} = ${base} ${call.pfn} ${call.mode}`;
    }
    case "dma":
      return `dma buffer ${call.buffer}`;
    case "dma-window":
      return `dma-window ${window(call)} buffer ${call.buffer}`;
    case "zap":
      return `zap ${window(call)}`;
    case "fail":
      return `fail ${call.errno}`;
    case "ignore-errors":
      return "ignore errors";
    case "fault-handler":
      return `on fault ${call.does} ${call.ram === true ? "ram" : "pfn"} ${call.pfn} ${call.mode}`;
    default:
      return assertNever(call);
  }
}

function callsText(calls: readonly DriverCallRecord[]): string {
  return `{${calls.map(callText).join("; ")}}`;
}

/** An op of a driver, or of the kernel for itself, in words. */
export function driverOpText(op: DriverOp): string {
  const head = `${op.op} p${op.proc}`;
  switch (op.op) {
    case "drv-mmap": {
      const shared = op.private ? "private" : "shared";
      const where = `${range(op.at, op.pages)} off ${op.off} ${op.prot} ${shared}`;
      return `${head} ${where} ${callsText(op.calls)}`;
    }
    case "drv-run":
      return `${head} page ${op.at} ${callsText(op.calls)}`;
    case "drv-zap":
      return `${head} off ${range(op.off, op.pages)}`;
    case "ioremap":
    case "memremap":
      return `${head} slot ${op.slot} ${op.mode} ${physical(op, op.pages)}`;
    case "memremap-pages":
      return `${head} slot ${op.slot} ${op.type} ${physical(op, op.pages)}`;
    case "iounmap":
    case "memunmap":
    case "memunmap-pages":
      return `${head} slot ${op.slot}`;
    case "reserve-memtype-wc":
    case "free-memtype-wc":
      return `${head} ${physical(op, op.pages)}`;
    case "set-memory":
      return `${head} ${op.mode} ${physical(op, op.pages)}`;
    default:
      return assertNever(op);
  }
}
