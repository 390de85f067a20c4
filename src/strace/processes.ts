import { LIMITS } from "../trace/op.ts";
import { UserError } from "../usererror.ts";
import type { LoggedOp } from "./renumber.ts";
import { Space } from "./spaces.ts";

/** The processes of a trace: those address spaces of a log that ever map a device. */
export class Processes {
  private procs = 0;

  constructor(private readonly ops: LoggedOp[]) {}

  /** A child's address space; a process that never mapped a device needs no op. */
  fork(parent: Space): Space {
    const child = new Space(parent.devices.copy(), parent.reserved.copy());
    child.key = parent.key;
    if (parent.proc === null) return child;
    child.proc = this.newProc();
    this.ops.push({ op: "fork", proc: parent.proc, child: child.proc });
    return child;
  }

  /** Where a side lets the fork succeed all the same, its child goes at once. */
  failedFork(parent: Space): void {
    if (parent.proc === null) return;
    const child = this.newProc();
    this.ops.push({ op: "fork", proc: parent.proc, child }, { op: "exit", proc: child });
  }

  exit(space: Space): void {
    if (space.proc !== null) this.ops.push({ op: "exit", proc: space.proc });
  }

  private newProc(): number {
    if (this.procs < LIMITS.procs) return this.procs++;
    throw new UserError(
      `more than ${LIMITS.procs} processes map devices: a trace holds no more (cut the log, or name fewer devices)`,
    );
  }

  /** The process of an address space, which it has from here on. */
  of(space: Space): number {
    if (space.proc === null) {
      space.proc = this.newProc();
      this.ops.push({ op: "spawn", proc: space.proc });
    }
    return space.proc;
  }
}
