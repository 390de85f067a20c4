import type { Op } from "../trace/op.ts";
import type { TraceEvent } from "../trace/recording.ts";
import type { World } from "../trace/trace.ts";
import { showEvent } from "../model/snapshot.ts";
import type { Mm } from "../mm/mm.ts";
import type { Vma } from "../mm/vma.ts";
import type { ExploredSide, ShownReservation } from "./exploredside.ts";
import { ModelSide } from "./modelside.ts";
import { modeWord, type StateHash } from "./statehash.ts";

const ANON = 1 << 9;
const GUARD = 1 << 8;
const END_OF_PROC = -1;
const NOT_ALIVE = -2;

/** A page that maps no pfn. */
function emptyWord({ pageTable }: Mm, page: number): number {
  if (pageTable.isAnon(page)) return ANON;
  return pageTable.isGuard(page) ? GUARD : 0;
}

/** A model's machine with everything that its future depends on laid open. */
export class MachineSide extends ModelSide implements ExploredSide {
  /** Warnings since boot: a one-time warning that has fired does not fire again. */
  private warnings = 0;

  override reset(world: World): void {
    super.reset(world);
    this.warnings = 0;
  }

  override apply(op: Op): this {
    super.apply(op);
    for (const { kind } of this.events) if (kind === "warn") this.warnings++;
    return this;
  }

  keep(): (() => void) | null {
    const { machine, warnings } = this;
    const back = machine.keep();
    if (back === null) return null;
    return () => {
      this.machine = machine;
      this.changes.clear();
      this.warnings = warnings;
      back();
    };
  }

  isAlive(proc: number): boolean {
    return this.machine.processes.has(proc);
  }

  isCopied(proc: number, page: number): boolean {
    return this.machine.processes.get(proc)?.pageTable.isAnon(page) === true;
  }

  said(): readonly TraceEvent[] {
    return this.machine.events.map(showEvent);
  }

  reservations(): readonly ShownReservation[] {
    return this.machine.memtype.entries;
  }

  writeState(procs: readonly number[], state: StateHash): void {
    state.push(this.warnings);
    for (const { start, end, mode } of this.reservations()) {
      state.push((start << 16) | (end << 8) | modeWord(state, mode));
    }
    for (const proc of procs) {
      const mm = this.machine.processes.get(proc);
      if (mm === undefined) state.push(NOT_ALIVE);
      else this.writeMm(mm, state);
    }
    if (state.tellsOrder) this.writeOrder(procs, state);
  }

  /** How many mappings of a file that begin at the same pfn were linked before each: a revoke takes them in that order. */
  private writeOrder(procs: readonly number[], state: StateHash): void {
    const vmas: Vma[] = [];
    for (const proc of procs) {
      for (const vma of this.machine.processes.get(proc)?.vmas ?? [])
        if (!vma.isAnon) vmas.push(vma);
    }
    for (const { pfn, order } of vmas) {
      let before = 0;
      for (const other of vmas) if (other.pfn === pfn && other.order < order) before++;
      state.push(before);
    }
  }

  private writeMm(mm: Mm, state: StateHash): void {
    for (const vma of mm.vmas) {
      state.push((vma.start << 16) | (vma.end << 8) | vma.pfn);
      state.push(vma.isDevmem ? ~vma.flags : vma.flags);
      if (vma.isAnon) {
        const written = vma.anonVma === 0 ? 0 : state.name(`anon_vma ${vma.anonVma}`);
        state.push(ANON + (written << 1) + Number(vma.isForkChild));
      }
      this.writeTracking(vma, state);
      for (let page = vma.start; page < vma.end; page++) {
        const pfn = mm.pageTable.pfnAt(page);
        if (pfn === null) state.push(emptyWord(mm, page));
        else state.push((modeWord(state, mm.pageTable.modeAt(page)) << 10) | (pfn + 1));
      }
    }
    state.push(END_OF_PROC);
  }

  private writeTracking(vma: Vma, state: StateHash): void {
    const { hasVmPat, contextOf } = this.machine.spec;
    if (hasVmPat !== undefined) state.push(Number(hasVmPat(vma)));
    if (contextOf === undefined) return;
    const context = contextOf(vma);
    if (context === null) return state.push(0);
    const isNew = !state.isNamed(context);
    state.push(state.name(context));
    if (isNew) state.push((context.kref << 16) | (context.pfn << 8) | context.pages);
  }
}
