import { DRIVER_OPS, type DriverOp } from "./driverop.ts";

/** Whether an op has a driver take a device from whoever maps it, or keep or give back what it took. */
export function takesDevice({ op }: { readonly op: string }): boolean {
  return op === "revoke" || op === "claim" || op === "release";
}

/** Whether an op is a driver's or the kernel's own, and no system call. */
export function isDriverOp(op: { readonly op: string }): op is DriverOp {
  return Object.hasOwn(DRIVER_OPS, op.op);
}
