import type { Outcome } from "../mm/errno.ts";
import { ListChanges, type ListEntry } from "../oracle/listchanges.ts";
import {
  entryPfn,
  type LiveSide,
  NOTHING,
  type SeenEvent,
  type SeenVma,
} from "../oracle/observed.ts";
import { isRam, RAM_START } from "../pat/rampages.ts";
import type { Fault } from "../trace/fields.ts";
import type { Op } from "../trace/op.ts";
import type { Design } from "../trace/recording.ts";
import type { World } from "../trace/trace.ts";
import { AnswerSteps } from "../../tree/answer.ts";
import type { ShownSpace } from "../../tree/shown.ts";

/** What answers whole traces: a kernel tree's code in a process of its own. */
export interface TraceAnswerer {
  readonly design: Design;
  /** The words of the answer to one trace. */
  answerTo(world: World, ops: readonly Op[]): Int32Array;
}

/** A side that has answered the whole trace when its first op is applied. */
export class TreeSide implements LiveSide {
  readonly badContexts = 0;
  /** No kernel tells at which moment within an op a page lost its reservation. */
  readonly bared = [];
  readonly changes = new ListChanges();
  private readonly shown = new AnswerSteps();

  constructor(private readonly program: TraceAnswerer) {}

  get outcome(): Outcome {
    return this.shown.outcome;
  }

  get hasVmPat(): boolean {
    return this.program.design === "vm-pat";
  }

  get failed(): Fault | null {
    return this.shown.failed;
  }

  get events(): readonly SeenEvent[] {
    return this.shown.events;
  }

  get calls(): AnswerSteps["calls"] {
    return this.shown.calls;
  }

  get kernelMaps(): AnswerSteps["kernelMaps"] {
    const { kernelMaps } = this.shown;
    return kernelMaps.length === 0 ? kernelMaps : kernelMaps.filter(({ start }) => !isRam(start));
  }

  get ram(): AnswerSteps["ram"] {
    return this.shown.ram;
  }

  /** What the kernel said in the last op. */
  get said(): AnswerSteps["events"] {
    return this.shown.events;
  }

  /** The memtype list in the kernel's order. */
  get list(): AnswerSteps["list"] {
    return this.shown.list;
  }

  get isOver(): boolean {
    return this.shown.stopped !== null;
  }

  reset(world: World, ops?: readonly Op[]): void {
    if (ops === undefined) throw new Error("a tree's side has to know the whole trace");
    this.shown.begin(this.program.answerTo(world, ops), world);
    this.changes.clear();
  }

  /** One design that answers a trace word by word as another side does shows the same at every step. */
  willShowTheSameAs(other: LiveSide): boolean {
    if (!(other instanceof TreeSide) || other.hasVmPat !== this.hasVmPat) return false;
    return this.shown.saysTheSameAs(other.shown);
  }

  apply(_op: Op): this {
    const { shown } = this;
    const was: readonly ListEntry[] = shown.list;
    shown.next();
    this.changes.between(was, shown.list);
    return this;
  }

  space(proc: number): ShownSpace | null {
    return this.shown.spaces.get(proc) ?? null;
  }

  isPatLost(vma: SeenVma): boolean {
    return "isPatLost" in vma && vma.isPatLost === true;
  }

  entryAt(proc: number, _vma: SeenVma, page: number): number {
    const entry = this.space(proc)?.entryAt(page) ?? NOTHING;
    return entry < 0 || isRam(entryPfn(entry)) ? NOTHING : entry;
  }

  runEnd(proc: number, _vma: SeenVma, page: number, to: number): number {
    return this.space(proc)?.runEnd(page, to) ?? to;
  }

  mapsRam(proc: number, { start, end }: SeenVma, from: number, to: number): boolean {
    const space = this.space(proc);
    for (let page = start; page < end; page++) {
      const ram = entryPfn(space?.entryAt(page) ?? NOTHING) - RAM_START;
      if (ram >= from && ram < to) return true;
    }
    return false;
  }
}
