import type { Op, OpOf } from "../src/trace/op.ts";
import { bornBy, type World } from "../src/trace/trace.ts";
import type { Dice } from "./dice.ts";
import { TraceWriter } from "./generate.ts";
import { ShadowProcess } from "./shadow.ts";

/**
 * Goes on where a trace stops: it follows the ops that are there, as a guess of where they leave
 * each process's VMAs, and writes more by the generator's own rules, with a swarm of its own.
 */
export class TraceExtender extends TraceWriter {
  constructor(dice: Dice, world: World, before: readonly Op[]) {
    super(dice);
    this.swarm.draw(dice, world);
    for (const op of before) this.follow(op);
  }

  /** Writes so many ops, or fewer when no process may be born any more. */
  more(count: number): readonly Op[] {
    for (let n = 0; n < count; n++) this.writeOp(this.swarm.kind(this.dice));
    return this.ops;
  }

  private follow(op: Op): void {
    const { population } = this;
    const born = bornBy(op);
    if (born !== null) population.births = Math.max(population.births, born + 1);
    if (op.op === "spawn") {
      population.live.push(new ShadowProcess(op.proc));
      return;
    }
    const process = population.live.find(({ id }) => id === op.proc);
    if (process !== undefined) this.followOf(process, op);
  }

  private followOf(process: ShadowProcess, op: Exclude<Op, OpOf<"spawn">>): void {
    switch (op.op) {
      case "mmap":
      case "drv-mmap":
        return process.map(op.at, op.at + op.pages);
      case "munmap":
        return process.unmap(op.at, op.at + op.pages);
      case "mprotect":
      case "madvise":
        process.split(op.at);
        process.split(op.at + op.pages);
        if (op.op === "madvise" && op.advice === "dontfork") {
          process.dontfork(op.at, op.at + op.pages);
        }
        return;
      case "mremap":
        return followMremap(process, op);
      case "fork":
        this.population.live.push(process.fork(new ShadowProcess(op.child)));
        return;
      case "exit":
        return this.population.bury(process);
      // The rest leaves VMAs where they are.
      default:
        return;
    }
  }
}

/** A move over itself, or one that grows, is refused or rare: the guess leaves it out. */
function followMremap(process: ShadowProcess, { at, pages, newPages, to }: OpOf<"mremap">): void {
  if (newPages > pages) return;
  if (to === undefined) return process.unmap(at + newPages, at + pages);
  if (to < at + pages && at < to + newPages) return;
  process.unmap(at + newPages, at + pages);
  process.move(at, newPages, to);
}
