import { assertNever } from "../src/assertnever.ts";
import type { Dice } from "./dice.ts";
import type { Op, SyscallKind } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import { Population } from "./population.ts";
import { endOf, ShadowProcess, startOf } from "./shadow.ts";
import { Swarm } from "./swarm.ts";

/**
 * Writes traces: draws a swarm, then op by op, most of them aimed at live VMAs and their exact
 * edges. Every number comes straight from the dice, so equal random numbers write equal traces.
 */
export class TraceWriter {
  protected readonly dice: Dice;
  protected readonly swarm = new Swarm();
  protected ops: Op[] = [];
  protected readonly population = new Population();
  /** The range that the last aim() chose. */
  private at = 0;
  private pages = 1;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** Writes the next trace. */
  write(): Trace {
    const { dice, swarm, population } = this;
    this.ops = [];
    population.clear();
    swarm.draw(dice);
    this.spawn();
    for (let n = swarm.ops; n > 1; n--) this.writeOp(swarm.kind(dice));
    if (swarm.exits) for (const { id } of population.live) this.ops.push({ op: "exit", proc: id });
    return { format: "pfndiff/trace@1", name: "", world: swarm.world, ops: this.ops };
  }

  protected writeOp(wanted: SyscallKind): void {
    const process = this.process();
    if (process === null) return;
    const kind = this.fitting(wanted, process);
    switch (kind) {
      case "spawn":
        return this.spawn();
      case "fork":
        return this.fork(process);
      case "exit":
        return this.exit(process);
      case "mmap":
        return this.mmap(process);
      case "munmap":
      case "mlock":
      case "munlock":
      case "mseal":
        return this.onRange(kind, process);
      case "mremap":
        return this.mremap(process);
      case "revoke":
        this.ops.push({ op: kind, proc: process.id });
        return;
      case "mprotect":
        return this.mprotect(process);
      case "madvise":
        return this.madvise(process);
      case "touch":
        return this.touch(process);
      default:
        return assertNever(kind);
    }
  }

  /** The kind itself, or mmap where it would act on nothing; now and then it may. */
  private fitting(kind: SyscallKind, process: ShadowProcess): SyscallKind {
    if (kind === "mmap" || kind === "exit") return kind;
    if (kind === "spawn") return this.room() ? kind : "mmap";
    if (kind === "fork" && !this.room()) return "mmap";
    return process.vmas.length === 0 && this.dice.chance(15, 16) ? "mmap" : kind;
  }

  private room(): boolean {
    const { live, isFertile } = this.population;
    return live.length < this.swarm.maxProcs && isFertile;
  }

  /**
   * The process that the next op names. Seldom it is a dead one; when none is left alive a new
   * one is born, or the trace goes on with the dead if it may not be.
   */
  private process(): ShadowProcess | null {
    const { live, dead, isFertile } = this.population;
    if (live.length === 0) {
      if (!isFertile) return null;
      this.spawn();
    }
    if (dead.length > 0 && this.dice.chance(1, 64)) return new ShadowProcess(this.dice.pick(dead));
    return this.dice.pick(live);
  }

  private spawn(): void {
    const process = this.population.next();
    this.population.live.push(process);
    this.ops.push({ op: "spawn", proc: process.id });
  }

  private fork(parent: ShadowProcess): void {
    const { live } = this.population;
    const child = this.population.next();
    const late = this.dice.chance(this.swarm.lateOf16, 16);
    if (late) {
      this.ops.push({ op: "fork", proc: parent.id, child: child.id, late });
      return;
    }
    this.ops.push({ op: "fork", proc: parent.id, child: child.id });
    if (live.includes(parent)) live.push(parent.fork(child));
  }

  private exit(process: ShadowProcess): void {
    this.ops.push({ op: "exit", proc: process.id });
    this.population.bury(process);
  }

  private mmap(process: ShadowProcess): void {
    const { dice, swarm } = this;
    const pfn = this.aimPhysical();
    const pages = this.pages;
    const at = this.place(process, pages);
    this.ops.push({
      op: "mmap",
      proc: process.id,
      at,
      pages,
      pfn,
      via: dice.pick(swarm.vias),
      prot: dice.pick(swarm.prots),
      private: dice.chance(swarm.privateOf8, 8),
    });
    process.map(at, at + pages);
  }

  /** Draws a physical range: a hot one, a part of one, one pushed off it, or any. Sets pages. */
  private aimPhysical(): number {
    const { dice, swarm } = this;
    const most = swarm.maxPages;
    const hot = swarm.hotRange(dice);
    this.pages = hot.pages;
    switch (dice.between(0, 7)) {
      case 0:
      case 1:
      case 2:
        return hot.pfn;
      case 3:
        this.pages = dice.between(1, hot.pages);
        return hot.pfn;
      case 4:
        this.pages = dice.between(1, hot.pages);
        return hot.pfn + hot.pages - this.pages;
      case 5:
        return Math.min(hot.pfn + dice.between(1, 2), swarm.world.pfns - hot.pages);
      default:
        this.pages = dice.between(1, most);
        return dice.between(0, swarm.world.pfns - this.pages);
    }
  }

  /** A virtual place for so many pages: free if one is soon found, on a VMA, or behind one. */
  private place(process: ShadowProcess, pages: number): number {
    const { dice } = this;
    const last = this.swarm.world.vpages - pages;
    const way = dice.between(0, 7);
    if (process.vmas.length > 0 && way >= 6) {
      const vma = dice.pick(process.vmas);
      return Math.min(last, way === 6 ? dice.between(startOf(vma), endOf(vma) - 1) : endOf(vma));
    }
    let at = dice.between(0, last);
    for (let tries = 0; tries < 2 && !process.isFree(at, at + pages); tries++) {
      at = dice.between(0, last);
    }
    return at;
  }

  /**
   * Chooses the range of an op: the whole, head, middle, tail or one page of a live VMA, across
   * its border, over several, or, blind, anywhere.
   */
  private aim(process: ShadowProcess): void {
    const { dice, swarm } = this;
    const vpages = swarm.world.vpages;
    if (process.vmas.length === 0 || dice.chance(swarm.blindOf16, 16)) {
      this.pages = dice.between(1, swarm.maxPages);
      this.at = dice.between(0, vpages - this.pages);
      return;
    }
    const vma = dice.pick(process.vmas);
    const start = startOf(vma);
    const length = endOf(vma) - start;
    switch (dice.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        return this.range(start, length);
      case 3:
      case 4:
        return this.range(start, dice.between(1, Math.max(1, length - 1)));
      case 5:
      case 6: {
        const tail = dice.between(1, Math.max(1, length - 1));
        return this.range(start + length - tail, tail);
      }
      case 7: {
        const cut = dice.between(1, Math.max(1, length - 2));
        return this.range(start + Math.min(1, length - 1), Math.min(cut, length));
      }
      case 8:
        return this.range(start + dice.between(0, length - 1), length);
      default:
        return this.range(Math.max(0, start - 1), length + dice.between(0, 3));
    }
  }

  private range(at: number, pages: number): void {
    this.at = at;
    this.pages = Math.min(pages, this.swarm.world.vpages - at);
  }

  private onRange(kind: "munmap" | "mlock" | "munlock" | "mseal", process: ShadowProcess): void {
    this.aim(process);
    const { at, pages } = this;
    this.ops.push({ op: kind, proc: process.id, at, pages });
    if (kind === "munmap") process.unmap(at, at + pages);
    if (kind === "mseal") process.cut(at, at + pages);
  }

  private mprotect(process: ShadowProcess): void {
    this.aim(process);
    const { at, pages } = this;
    const prot = this.dice.pick(this.swarm.prots);
    this.ops.push({ op: "mprotect", proc: process.id, at, pages, prot });
    process.cut(at, at + pages);
  }

  private madvise(process: ShadowProcess): void {
    this.aim(process);
    const { at, pages } = this;
    const advice = this.dice.pick(this.swarm.advices);
    this.ops.push({ op: "madvise", proc: process.id, at, pages, advice });
    if (advice === "dontfork") process.dontfork(at, at + pages);
  }

  private touch(process: ShadowProcess): void {
    this.aim(process);
    this.ops.push({ op: "touch", proc: process.id, at: this.at, write: this.dice.chance(3, 4) });
  }

  private mremap(process: ShadowProcess): void {
    const { dice } = this;
    const vpages = this.swarm.world.vpages;
    this.aim(process);
    const { at, pages } = this;
    const proc = process.id;
    const way = dice.between(0, 15);
    if (way >= 2 && way <= 5) return this.shrink(process, at, pages);
    switch (way) {
      case 0: {
        const newPages = Math.min(pages + dice.between(1, 2), vpages - at);
        this.ops.push({ op: "mremap", proc, at, pages, newPages });
        return;
      }
      case 1: {
        const zero = dice.chance(1, 2);
        const newPages = zero ? pages : 0;
        const to = dice.between(0, vpages - newPages);
        this.ops.push({ op: "mremap", proc, at, pages: zero ? 0 : pages, newPages, to });
        return;
      }
      case 6:
        return this.relocate(process, at, pages, dice.between(1, pages));
      case 7:
        return this.relocate(process, at, pages, Math.min(pages + 1, vpages));
      default:
        return this.relocate(process, at, pages, pages);
    }
  }

  private shrink(process: ShadowProcess, at: number, pages: number): void {
    const newPages = pages > 1 ? this.dice.between(1, pages - 1) : 1;
    this.ops.push({ op: "mremap", proc: process.id, at, pages, newPages });
    process.unmap(at + newPages, at + pages);
  }

  /** Moves a range; the target lands anywhere, which at times is over itself. */
  private relocate(process: ShadowProcess, at: number, pages: number, newPages: number): void {
    const to = this.place(process, newPages);
    this.ops.push({ op: "mremap", proc: process.id, at, pages, newPages, to });
    const apart = to + newPages <= at || at + pages <= to;
    if (!apart || newPages > pages) return;
    process.unmap(at + newPages, at + pages);
    process.move(at, newPages, to);
  }
}
