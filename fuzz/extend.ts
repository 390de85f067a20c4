import { bornBy, endsProcess, type Op } from "../src/trace/op.ts";
import type { World } from "../src/trace/trace.ts";
import { TraceWriter } from "./generate.ts";
import { follow, ProcessModel } from "./processmodel.ts";
import type { Random } from "./random.ts";

/**
 * Goes on where a trace stops: it follows the ops that are there, as a guess of where they leave
 * each process's VMAs, and writes more by the generator's own rules, with a swarm of its own.
 */
export class TraceExtender extends TraceWriter {
  constructor(random: Random, world: World, before: readonly Op[]) {
    super(random);
    this.swarm.draw(random, world);
    for (const op of before) this.follow(op);
  }

  /** Writes so many ops, or fewer when no process may be born any more. */
  more(count: number): readonly Op[] {
    for (let n = 0; n < count; n++) this.writeOp(this.swarm.kind(this.random));
    return this.ops;
  }

  private follow(op: Op): void {
    const { processes } = this;
    const { live } = processes;
    const born = bornBy(op);
    const process = live.find(({ id }) => id === op.proc);
    if (born !== null) {
      processes.births = Math.max(processes.births, born + 1);
      const child = new ProcessModel(born);
      // Who is born of nobody begins with nothing.
      if (born === op.proc) live.push(child);
      else if (process !== undefined) live.push(process.fork(child));
    } else if (process !== undefined && endsProcess(op)) {
      processes.bury(process);
    } else if (process !== undefined) {
      follow(process, op);
    }
  }
}
