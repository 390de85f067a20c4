import type { Values } from "../src/trace/fields.ts";
import type { Op, OpOf, SyscallKind, SyscallOp } from "../src/trace/op.ts";
import type { Trace } from "../src/trace/trace.ts";
import { type Drawn, type PlainKind, PLANS } from "./plainops.ts";
import { endOf, followMremap, leave, ProcessModel, startOf } from "./processmodel.ts";
import { ProcessTable } from "./processtable.ts";
import type { Random } from "./random.ts";
import { RESERVED_PROTS, reservedPages, Swarm } from "./swarm.ts";

/**
 * Writes traces: draws a swarm, then op by op, most of them aimed at live VMAs and their exact
 * edges. Every number comes straight from the random numbers, so equal ones write equal traces.
 */
export class TraceWriter {
  protected readonly swarm = new Swarm();
  protected ops: Op[] = [];
  protected readonly processes = new ProcessTable();
  /** The range that the last aim() chose. */
  private at = 0;
  private pages = 1;

  constructor(protected readonly random: Random) {}

  /** Whether the last trace is to have protection keys (withKeys()). */
  get hasKeys(): boolean {
    return this.swarm.hasKeys;
  }

  /** Writes the next trace. */
  write(name: string): Trace {
    const { random, swarm, processes } = this;
    this.ops = [];
    processes.clear();
    swarm.draw(random);
    this.spawn();
    for (let n = swarm.ops; n > 1; n--) this.writeOp(swarm.kind(random));
    if (swarm.exits) for (const { id } of processes.live) this.ops.push({ op: "exit", proc: id });
    return { format: "pfndiff/trace@1", name, world: swarm.world, ops: this.ops };
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
      case "mremap":
        return this.mremap(process);
      default:
        if (kind === "touch" && this.copiesAll()) return this.copyAll(process);
        // The compiler asks for a way to write what is not plain.
        return this.plain(kind, process);
    }
  }

  /** The kind itself, or mmap where it would act on nothing; now and then it may. */
  private fitting(kind: SyscallKind, process: ProcessModel): SyscallKind {
    if (kind === "mmap" || kind === "exit") return kind;
    if (kind === "spawn") return this.room() ? kind : "mmap";
    if (kind === "fork" && !this.room()) return "mmap";
    return process.vmas.length === 0 && this.random.chance(15, 16) ? "mmap" : kind;
  }

  private readonly room = () => this.processes.live.length < this.swarm.maxProcs && this.mayBear();

  private readonly copiesAll = () => this.random.chance(this.swarm.copiesOf4, 4);
  private readonly mayBear = () => this.processes.births < this.swarm.maxBirths;

  /**
   * The process that the next op names. Seldom it is a dead one; when none is left alive a new
   * one is born, or the trace goes on with the dead if it may not be.
   */
  private process(): ProcessModel | null {
    const { live, dead } = this.processes;
    if (live.length === 0) {
      if (!this.mayBear()) return null;
      this.spawn();
    }
    if (dead.length > 0 && this.random.chance(1, 64))
      return new ProcessModel(this.random.pick(dead));
    return this.random.pick(live);
  }

  private spawn(): void {
    const process = this.processes.next();
    this.processes.live.push(process);
    this.ops.push({ op: "spawn", proc: process.id });
  }

  private fork(parent: ProcessModel): void {
    const { live } = this.processes;
    const child = this.processes.next();
    const late = this.random.chance(this.swarm.lateOf16, 16);
    if (late) {
      this.ops.push({ op: "fork", proc: parent.id, child: child.id, late });
      return;
    }
    this.ops.push({ op: "fork", proc: parent.id, child: child.id });
    if (live.includes(parent)) live.push(parent.fork(child));
  }

  private exit(process: ProcessModel): void {
    this.ops.push({ op: "exit", proc: process.id });
    this.processes.bury(process);
  }

  private mmap(process: ProcessModel): void {
    const { random, swarm } = this;
    const reserves = swarm.anonOf8 > 0 && random.chance(swarm.anonOf8, 8);
    const pfn = reserves ? 0 : this.aimPhysical();
    const pages = reserves ? reservedPages(random, swarm) : this.pages;
    const at = this.place(process, pages);
    const via = reserves ? "anon" : random.pick(swarm.vias);
    const prot = random.pick(reserves ? RESERVED_PROTS : swarm.prots);
    const isPrivate = reserves || random.chance(swarm.privateOf8, 8);
    const { id: proc } = process;
    // No spread with fields after it: of that V8 makes a shape for each op, at four times the cost of drawing.
    this.ops.push({ op: "mmap", proc, at, pages, pfn, via, prot, private: isPrivate });
    process.map(at, at + pages);
  }

  /** Draws a physical range: a hot one, a part of one, one pushed off it, or any. Sets pages. */
  private aimPhysical(): number {
    const { random, swarm } = this;
    const most = swarm.maxPages;
    const hot = swarm.hotRange(random);
    this.pages = hot.pages;
    switch (random.between(0, 7)) {
      case 0:
      case 1:
      case 2:
        return hot.pfn;
      case 3:
        this.pages = random.between(1, hot.pages);
        return hot.pfn;
      case 4:
        this.pages = random.between(1, hot.pages);
        return hot.pfn + hot.pages - this.pages;
      case 5:
        return Math.min(hot.pfn + random.between(1, 2), swarm.world.pfns - hot.pages);
      default:
        this.pages = random.between(1, most);
        return random.between(0, swarm.world.pfns - this.pages);
    }
  }

  /** A virtual place for so many pages: free if one is soon found, on a VMA, or behind one. */
  private place(process: ProcessModel, pages: number): number {
    const { random } = this;
    const last = this.swarm.world.vpages - pages;
    const way = random.between(0, 7);
    if (process.vmas.length > 0 && way >= 6) {
      const vma = random.pick(process.vmas);
      return Math.min(last, way === 6 ? random.between(startOf(vma), endOf(vma) - 1) : endOf(vma));
    }
    const first = Math.min(this.swarm.base, last);
    let at = random.between(first, last);
    for (let tries = 0; tries < 2 && !process.isFree(at, at + pages); tries++) {
      at = random.between(first, last);
    }
    return at;
  }

  /**
   * Chooses the range of an op: the whole, head, middle, tail or one page of a live VMA, across
   * its border, over several, or, blind, anywhere.
   */
  private aim(process: ProcessModel): void {
    const { random, swarm } = this;
    const vpages = swarm.world.vpages;
    if (process.vmas.length === 0 || random.chance(swarm.blindOf16, 16)) {
      this.pages = random.between(1, swarm.maxPages);
      this.at = random.between(swarm.base, vpages - this.pages);
      return;
    }
    const vma = random.pick(process.vmas);
    const start = startOf(vma);
    const length = endOf(vma) - start;
    switch (random.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        return this.range(start, length);
      case 3:
      case 4:
        return this.range(start, random.between(1, Math.max(1, length - 1)));
      case 5:
      case 6: {
        const tail = random.between(1, Math.max(1, length - 1));
        return this.range(start + length - tail, tail);
      }
      case 7: {
        const cut = random.between(1, Math.max(1, length - 2));
        return this.range(start + Math.min(1, length - 1), Math.min(cut, length));
      }
      case 8:
        return this.range(start + random.between(0, length - 1), length);
      default:
        return this.range(Math.max(0, start - 1), length + random.between(0, 3));
    }
  }

  private range(at: number, pages: number): void {
    this.at = at;
    this.pages = Math.min(pages, this.swarm.world.vpages - at);
  }

  private plain(kind: PlainKind, process: ProcessModel): void {
    const { pages: aims, vmas, extras } = PLANS[kind];
    if (aims !== "none") this.aim(process);
    const { at, pages } = this;
    const { id: proc } = process;
    const op: Record<string, Values[string]> =
      aims === "some"
        ? { op: kind, proc, at, pages }
        : aims === "one"
          ? { op: kind, proc, at }
          : { op: kind, proc };
    this.addExtras(op, extras);
    this.ops.push(op as SyscallOp);
    if (vmas !== "none") leave(process, op as SyscallOp, vmas, at, pages);
  }

  /** Says what an op says beside its numbers. */
  private addExtras(op: Record<string, Values[string]>, extras: readonly Drawn[]): void {
    for (let n = 0; n < extras.length; n++) {
      const { name, mostly, evenly, isMark } = extras[n] as Drawn;
      const value = this.random.pick(this.swarm.isUneven ? mostly : evenly);
      if (value !== false || !isMark) op[name] = value;
    }
  }

  /** Writes to every page of a VMA, which copies a private one whole; a fork may follow. */
  private copyAll(process: ProcessModel): void {
    const { random } = this;
    if (process.vmas.length === 0) return this.plain("touch", process);
    const vma = random.pick(process.vmas);
    for (let at = startOf(vma); at < endOf(vma); at++) {
      this.ops.push({ op: "touch", proc: process.id, at, write: true });
    }
    if (this.room() && random.chance(3, 4)) this.fork(process);
  }

  private mremap(process: ProcessModel): void {
    const { random } = this;
    const vpages = this.swarm.world.vpages;
    this.aim(process);
    const { at, pages } = this;
    const way = random.between(0, 15);
    switch (way) {
      case 0:
        return this.resize(process, Math.min(pages + random.between(1, 2), vpages - at));
      case 1: {
        const newPages = random.chance(1, 2) ? pages : 0;
        this.pages = newPages === 0 ? pages : 0;
        return this.move(process, newPages, random.between(this.swarm.base, vpages - newPages));
      }
      case 2:
      case 3:
      case 4:
      case 5:
        return this.resize(process, pages > 1 ? random.between(1, pages - 1) : 1);
      case 6: {
        const newPages = random.between(1, pages);
        return this.move(process, newPages, this.place(process, newPages));
      }
      case 7: {
        const newPages = Math.min(pages + 1, vpages);
        return this.move(process, newPages, this.place(process, newPages));
      }
      default:
        return this.move(process, pages, this.place(process, pages));
    }
  }

  private resize(process: ProcessModel, newPages: number): void {
    const { at, pages } = this;
    this.addMremap(process, { op: "mremap", proc: process.id, at, pages, newPages });
  }

  /** Moves a range; the target lands anywhere, which at times is over itself. */
  private move(process: ProcessModel, newPages: number, to: number): void {
    const { at, pages } = this;
    this.addMremap(process, { op: "mremap", proc: process.id, at, pages, newPages, to });
  }

  private addMremap(process: ProcessModel, op: OpOf<"mremap">): void {
    this.addExtras(op, PLANS.mremap.extras);
    this.ops.push(op);
    followMremap(process, op);
  }
}
