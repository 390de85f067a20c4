import { ENTRY_COPIED, type ShownSpace } from "../../tree/shown.ts";
import { everyVma, type SeenVma } from "../oracle/observed.ts";
import type { Op } from "../trace/op.ts";
import type { TraceEvent } from "../trace/recording.ts";
import type { World } from "../trace/trace.ts";
import type { ExploredSide, ShownReservation } from "./exploredside.ts";
import { modeWord, type StateHash } from "./statehash.ts";
import { type TraceAnswerer, TreeSide } from "./treeside.ts";

const END_OF_PROC = -1;
const NOT_ALIVE = -2;

/**
 * A tree's code that can be looked through, as far as it shows itself. It goes back to a state by the ops that led
 * there: whenever somebody looks, the path so far is answered as a trace of its own.
 */
export class ExploredTree implements ExploredSide {
  readonly showsPages = true;
  private readonly side: TreeSide;
  private world: World | null = null;
  private path: Op[] = [];
  /** How many ops of the path the side has answered. */
  private answered = -1;

  constructor(program: TraceAnswerer) {
    this.side = new TreeSide(program);
  }

  private get seen(): TreeSide {
    const { side, world, path } = this;
    if (world !== null && this.answered !== path.length) {
      this.answered = path.length;
      side.reset(world, [...path]);
      for (const op of path) side.apply(op);
    }
    return side;
  }

  get outcome() {
    return this.seen.outcome;
  }

  get failed() {
    return this.seen.failed;
  }

  get changes() {
    return this.seen.changes;
  }

  get events() {
    return this.seen.events;
  }

  get isOver() {
    return this.seen.isOver;
  }

  get hasVmPat() {
    return this.side.hasVmPat;
  }

  get badContexts() {
    return this.side.badContexts;
  }

  get bared() {
    return this.side.bared;
  }

  get calls() {
    return this.side.calls;
  }

  get kernelMaps() {
    return this.side.kernelMaps;
  }

  get ram() {
    return this.side.ram;
  }

  mapsRam(proc: number, vma: SeenVma, from: number, to: number): boolean {
    return this.side.mapsRam(proc, vma, from, to);
  }

  reset(world: World): void {
    this.world = world;
    this.path = [];
    this.answered = -1;
  }

  apply(op: Op): this {
    this.path.push(op);
    return this;
  }

  space(proc: number): ShownSpace | null {
    return this.seen.space(proc);
  }

  isPatLost(vma: SeenVma): boolean {
    return this.side.isPatLost(vma);
  }

  entryAt(proc: number, vma: SeenVma, page: number): number {
    return this.seen.entryAt(proc, vma, page);
  }

  runEnd(proc: number, vma: SeenVma, page: number, to: number): number {
    return this.seen.runEnd(proc, vma, page, to);
  }

  isAlive(proc: number): boolean {
    return this.space(proc) !== null;
  }

  isCopied(proc: number, page: number): boolean {
    return this.space(proc)?.entryAt(page) === ENTRY_COPIED;
  }

  said(): readonly TraceEvent[] {
    return this.seen.said;
  }

  reservations(): readonly ShownReservation[] {
    return this.seen.list;
  }

  keep(): () => void {
    const { length } = this.path;
    return () => {
      this.path.length = length;
      this.answered = -1;
    };
  }

  writeState(procs: readonly number[], state: StateHash): void {
    for (const { start, end, mode } of this.reservations()) {
      state.push((start << 16) | (end << 8) | modeWord(state, mode));
    }
    for (const proc of procs) this.writeSpace(this.space(proc), state);
  }

  private writeSpace(space: ShownSpace | null, state: StateHash): void {
    if (space === null) return state.push(NOT_ALIVE);
    for (const vma of everyVma(space)) {
      state.push((vma.start << 16) | (vma.end << 8) | vma.pfn);
      state.push((vma.flags << 1) | Number(this.isPatLost(vma)));
      for (let page = vma.start; page < vma.end; page++) {
        const entry = space.entryAt(page);
        if (entry < 0) state.push(entry);
        else state.push((modeWord(state, entry & 7) << 10) | (entry >> 3));
      }
    }
    state.push(END_OF_PROC);
  }
}
