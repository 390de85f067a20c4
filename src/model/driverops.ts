import { assertNever } from "../assertnever.ts";
import type { CallResult, DriverCall } from "../mm/driver.ts";
import { NEW_DEVICE_MAPPINGS, runDriverCalls } from "../mm/driver.ts";
import type { Outcome } from "../mm/errno.ts";
import type { Mm, MmContext } from "../mm/mm.ts";
import { mmapDriver } from "../mm/mmap.ts";
import { protFlags, VM_PRIVATE } from "../mm/vmaflags.ts";
import { zapFile } from "../mm/zap.ts";
import { type PageCacheMode, UC, UC_MINUS, WB, WC, WT } from "../pat/cachemode.ts";
import type { KernelMaps } from "../pat/kernelmaps.ts";
import { RAM_START } from "../pat/rampages.ts";
import type { DriverCallRecord, DriverOp } from "../trace/driverop.ts";

const DRIVER_MODE = { wb: WB, wc: WC, "uc-": UC_MINUS } as const;
const IOREMAP_MODE = { plain: UC_MINUS, wc: WC, cache: WB, uc: UC } as const;
const MEMREMAP_MODE = { wb: WB, wt: WT, wc: WC } as const;
/** set_memory_uc() asks for uncached-minus. */
const SET_MEMORY_MODE = { wb: WB, wc: WC, uc: UC_MINUS } as const;

/** The pfn that a record names: of the region, or of RAM. */
function pfnOf(record: { readonly pfn: number; readonly ram?: boolean | undefined }): number {
  return record.ram === true ? RAM_START + record.pfn : record.pfn;
}

function driverCall(record: DriverCallRecord): DriverCall {
  switch (record.call) {
    case "remap":
      return { ...record, pfn: pfnOf(record), mode: DRIVER_MODE[record.mode] };
    case "remap-window":
    case "remap-copy": {
      const { call, off, pages } = record;
      return { call, off, pages, pfn: pfnOf(record), mode: DRIVER_MODE[record.mode] };
    }
    case "insert-page":
      return { ...record, pfn: pfnOf(record) };
    case "fault-handler": {
      const mode: PageCacheMode = DRIVER_MODE[record.mode];
      return { call: record.call, handler: { call: record.does, pfn: pfnOf(record), mode } };
    }
    case "dma":
    case "dma-window":
    case "zap":
    case "fail":
    case "ignore-errors":
      return record;
    default:
      return assertNever(record);
  }
}

/** drv-run: the calls on the VMA at an address, under the mmap write lock. */
function runOnLive(
  context: MmContext,
  mm: Mm,
  op: Extract<DriverOp, { op: "drv-run" }>,
  results: CallResult[],
): Outcome {
  const vma = mm.lookup(op.at);
  if (vma === null) return "EFAULT";
  if (vma.device === null) return "EINVAL";
  return runDriverCalls(context, mm, vma, op.calls.map(driverCall), results);
}

/** Performs an op of a driver, or of the kernel for itself, on behalf of a live process. */
export function applyDriverOp(
  context: MmContext,
  maps: KernelMaps,
  mm: Mm,
  op: Exclude<DriverOp, { op: "claim" | "release" }>,
  results: CallResult[],
): Outcome {
  switch (op.op) {
    case "drv-mmap": {
      const { at, pages, off } = op;
      const flags = protFlags(op.prot) | (op.private ? VM_PRIVATE : 0);
      const calls = op.calls.map(driverCall);
      const isPrepared = op.hook === "prepare";
      const mapping = NEW_DEVICE_MAPPINGS[op.flags ?? "pfnmap"];
      const request = { at, pages, off, flags, calls, isPrepared, mapping };
      return mmapDriver(context, mm, request, results);
    }
    case "drv-run":
      return runOnLive(context, mm, op, results);
    case "drv-zap":
      zapFile(context, op.off, op.pages);
      return null;
    default:
      return applyKernelOp(maps, op);
  }
}

type KernelOp = Exclude<DriverOp, { op: `drv-${string}` | "claim" | "release" }>;

function applyKernelOp(maps: KernelMaps, op: KernelOp): Outcome {
  switch (op.op) {
    case "ioremap": {
      const start = pfnOf(op);
      const [end, mode] = [start + op.pages, IOREMAP_MODE[op.mode]];
      return maps.ioremap(op.slot, start, end, mode, op.inset === true);
    }
    case "iounmap":
      return maps.unmap("ioremap", op.slot);
    case "memremap": {
      const start = pfnOf(op);
      return maps.memremap(op.slot, start, start + op.pages, MEMREMAP_MODE[op.mode]);
    }
    case "memunmap":
      return maps.unmap("memremap", op.slot);
    case "memremap-pages": {
      const start = pfnOf(op);
      return maps.memremapPages(op.slot, start, start + op.pages, op.type === "p2pdma");
    }
    case "memunmap-pages":
      return maps.unmap("memremap-pages", op.slot);
    case "reserve-memtype-wc":
      return maps.reserveWc(op.pfn, op.pfn + op.pages);
    case "free-memtype-wc":
      maps.freeWc(op.pfn, op.pfn + op.pages);
      return null;
    case "set-memory": {
      const start = pfnOf(op);
      return maps.setMemory(start, start + op.pages, SET_MEMORY_MODE[op.mode]);
    }
    default:
      return assertNever(op);
  }
}
