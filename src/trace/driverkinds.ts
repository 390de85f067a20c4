import { DRIVER_OPS, type DriverOp } from "./driverop.ts";

/** Whether an op is a driver's or the kernel's own, and no system call. */
export function isDriverOp(op: { readonly op: string }): op is DriverOp {
  return Object.hasOwn(DRIVER_OPS, op.op);
}
