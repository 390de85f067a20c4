import type { DriverOp, DriverOpKind } from "./driverop.ts";

/** Named here once more, so that what runs in a page need not carry the schemas. */
const KINDS: Readonly<Record<DriverOpKind, true>> = {
  "drv-mmap": true,
  "drv-run": true,
  "drv-zap": true,
  ioremap: true,
  iounmap: true,
  memremap: true,
  memunmap: true,
  "memremap-pages": true,
  "memunmap-pages": true,
  "reserve-memtype-wc": true,
  "free-memtype-wc": true,
  "set-memory": true,
};

const NAMES: ReadonlySet<string> = new Set(Object.keys(KINDS));

/** Whether an op is a driver's or the kernel's own, and no system call. */
export function isDriverOp(op: { readonly op: string }): op is DriverOp {
  return NAMES.has(op.op);
}
