import type { DriverCallRecord, DriverMode } from "../../src/trace/driverop.ts";
import type { Op, OpOf } from "../../src/trace/op.ts";

type Window = (off: number, pages: number, pfn: number, mode: DriverMode) => DriverCallRecord;

/** Short forms of a driver's calls; 0 pages are the whole VMA. */
export const r: Window = (off, pages, pfn, mode) => ({ call: "remap", off, pages, pfn, mode });
export const w: Window = (off, pages, pfn, mode) => ({
  call: "remap-window",
  off,
  pages,
  pfn,
  mode,
});
export const ram = (off: number, pages: number, pfn: number): DriverCallRecord => ({
  call: "remap",
  off,
  pages,
  pfn,
  mode: "wb",
  ram: true,
});
export const z = (off: number, pages: number): DriverCallRecord => ({ call: "zap", off, pages });
export const d = (off: number, pages: number, buffer: number): DriverCallRecord => ({
  call: "dma-window",
  off,
  pages,
  buffer,
});
export const n = (buffer: number): DriverCallRecord => ({ call: "dma", buffer });
export const fail: DriverCallRecord = { call: "fail", errno: "EIO" };
export const ignore: DriverCallRecord = { call: "ignore-errors" };
export const handler = (
  does: "insert" | "remap" | "remap-segment",
  pfn: number,
  mode: DriverMode,
): DriverCallRecord => ({ call: "fault-handler", does, pfn, mode });

export function map(
  pages: number,
  calls: readonly DriverCallRecord[],
  rest: Partial<OpOf<"drv-mmap">> = {},
): Op {
  const plain = { at: 0, off: 0, prot: "rw", private: false } as const;
  return { op: "drv-mmap", proc: 0, pages, calls: [...calls], ...plain, ...rest };
}

export const run = (at: number, calls: readonly DriverCallRecord[], proc = 0): Op => ({
  op: "drv-run",
  proc,
  at,
  calls: [...calls],
});
export const zap = (off: number, pages: number): Op => ({ op: "drv-zap", proc: 0, off, pages });
export const unmap = (at: number, pages: number, proc = 0): Op => ({
  op: "munmap",
  proc,
  at,
  pages,
});
export const move = (at: number, pages: number, to: number, newPages = pages): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages,
  to,
});
export const fork: Op = { op: "fork", proc: 0, child: 1 };
export const exit = (proc = 0): Op => ({ op: "exit", proc });
export const touch = (at: number, write = false, proc = 0): Op => ({
  op: "touch",
  proc,
  at,
  write,
});
export const protect = (at: number, pages: number): Op => ({
  op: "mprotect",
  proc: 0,
  at,
  pages,
  prot: "r",
});
export const ioremap = (
  slot: number,
  mode: OpOf<"ioremap">["mode"],
  pfn: number,
  pages: number,
): Op => ({ op: "ioremap", proc: 1, slot, mode, pfn, pages });
export const iounmap = (slot: number): Op => ({ op: "iounmap", proc: 1, slot });
export const memremap = (
  slot: number,
  mode: OpOf<"memremap">["mode"],
  pfn: number,
  pages: number,
): Op => ({ op: "memremap", proc: 1, slot, mode, pfn, pages });
export const memremapPages = (
  slot: number,
  type: OpOf<"memremap-pages">["type"],
  pfn: number,
  pages: number,
): Op => ({ op: "memremap-pages", proc: 1, slot, type, pfn, pages });
export const PRIVATE = { private: true } as const;
