import type { AllocationSite } from "../pat/kernelstate.ts";
import type { DriverOp } from "./driverop.ts";
import type { Advice, Op, Prot, SyscallKind, Via } from "./op.ts";

/** An op with every field that any system call has, so that all of them are alike to the engine. */
class FlatOp {
  op: SyscallKind = "spawn";
  proc = 0;
  at = 0;
  pages = 0;
  newPages = 0;
  to: number | undefined = undefined;
  pfn = 0;
  via: Via = "resource";
  prot: Prot = "none";
  private = false;
  write = false;
  advice: Advice = "dontfork";
  child = 0;
  late: boolean | undefined = undefined;
  fault: { at: AllocationSite; nth: number } | undefined = undefined;

  /** Becomes a copy of a system call; false for another op, which it cannot hold. */
  take(op: Op): boolean {
    switch (op.op) {
      case "spawn":
      case "exit":
      case "revoke":
        break;
      case "mmap":
        this.takeRange(op);
        this.pfn = op.pfn;
        this.via = op.via;
        this.prot = op.prot;
        this.private = op.private;
        break;
      case "munmap":
      case "mlock":
      case "munlock":
      case "mseal":
        this.takeRange(op);
        break;
      case "mremap":
        this.takeRange(op);
        this.newPages = op.newPages;
        this.to = op.to;
        break;
      case "mprotect":
        this.takeRange(op);
        this.prot = op.prot;
        break;
      case "madvise":
        this.takeRange(op);
        this.advice = op.advice;
        break;
      case "touch":
        this.at = op.at;
        this.write = op.write;
        break;
      case "fork":
        this.child = op.child;
        this.late = op.late;
        break;
      default:
        op satisfies DriverOp;
        return false;
    }
    this.op = op.op;
    this.proc = op.proc;
    this.fault = op.fault;
    return true;
  }

  private takeRange({ at, pages }: { readonly at: number; readonly pages: number }): void {
    this.at = at;
    this.pages = pages;
  }
}

/**
 * An op as one shape. Records of many shapes are what a loop over ops spends much of its time on:
 * to read a field of them is to search for it.
 */
export class Flattener {
  private readonly flat = new FlatOp();

  /** A copy of a system call, good until the next one is asked for; another op as it is. */
  of(op: Op): Op {
    const { flat } = this;
    return flat.take(op) ? (flat as Op) : op;
  }
}
