import type { Outcome } from "../mm/errno.ts";
import type { Mm } from "../mm/mm.ts";
import type { Vma } from "../mm/vma.ts";
import type { ModelBackend } from "../model/backend.ts";
import type { Machine } from "../model/machine.ts";
import { ListChanges } from "../oracle/listchanges.ts";
import {
  type LiveSide,
  NOTHING,
  pageTableEntry,
  type SeenCall,
  type SeenEvent,
  type SeenKernelMap,
  type SeenRamRun,
} from "../oracle/observed.ts";
import { isRam, RAM_START } from "../pat/rampages.ts";
import type { Fault } from "../trace/fields.ts";
import type { Op } from "../trace/op.ts";
import type { World } from "../trace/trace.ts";

const NO_MAPS: readonly SeenKernelMap[] = [];

/**
 * One side that runs: a model's machine seen as the oracle wants to see it, straight from its
 * memory. Nothing is recorded.
 */
export class ModelSide implements LiveSide {
  outcome: Outcome = null;
  badContexts = 0;
  readonly isOver = false;
  readonly changes = new ListChanges();
  /** A machine for each world that has come up: campaigns draw from a handful. */
  private readonly machines = new Map<number, Machine>();
  protected machine: Machine;

  constructor(private readonly model: ModelBackend) {
    this.machine = this.machineOf({ pfns: 1, vpages: 1, mtrr: "uncached" });
  }

  get failed(): Fault | null {
    return this.machine.failed;
  }

  get bared(): LiveSide["bared"] {
    return this.machine.memtype.mapped.bared;
  }

  get hasVmPat(): boolean {
    return this.machine.spec.hasVmPat !== undefined;
  }

  get events(): readonly SeenEvent[] {
    return this.machine.events;
  }

  get calls(): readonly SeenCall[] {
    return this.machine.calls;
  }

  get kernelMaps(): readonly SeenKernelMap[] {
    const { live } = this.machine.kernelMaps;
    return live.length === 0 ? NO_MAPS : live.filter(({ start }) => !isRam(start));
  }

  get ram(): readonly SeenRamRun[] {
    return this.machine.kernelMaps.ram.runs();
  }

  mapsRam(proc: number, vma: Vma, from: number, to: number): boolean {
    const pageTable = this.machine.processes.get(proc)?.pageTable;
    for (let page = vma.start; page < vma.end; page++) {
      const ram = (pageTable?.pfnAt(page) ?? 0) - RAM_START;
      if (ram >= from && ram < to) return true;
    }
    return false;
  }

  /** A fresh machine in `world`. */
  reset(world: World): void {
    this.machine = this.machineOf(world);
    this.machine.reset();
    this.changes.clear();
  }

  /** Performs one op and shows what came of it. */
  apply(op: Op): this {
    this.changes.clear();
    this.outcome = this.machine.apply(op);
    this.badContexts = this.machine.badContexts();
    return this;
  }

  space(proc: number): Mm | null {
    return this.machine.processes.get(proc) ?? null;
  }

  isPatLost(vma: Vma): boolean {
    const { hasVmPat } = this.machine.spec;
    return hasVmPat !== undefined && !hasVmPat(vma);
  }

  entryAt(proc: number, _vma: Vma, page: number): number {
    const pageTable = this.machine.processes.get(proc)?.pageTable;
    const pfn = pageTable?.pfnAt(page) ?? null;
    if (pageTable === undefined || pfn === null || isRam(pfn)) return NOTHING;
    return pageTableEntry(pfn, pageTable.modeAt(page));
  }

  runEnd(proc: number, _vma: Vma, page: number, to: number): number {
    return this.machine.processes.get(proc)?.pageTable.runEnd(page, to) ?? to;
  }

  private machineOf(world: World): Machine {
    const size = (world.pfns * 65_536 + world.vpages) * 65_536 + (world.maps ?? 0);
    if (world.isa !== undefined || world.regions !== undefined) {
      return this.model.machine(world, this.changes);
    }
    const key = size * 4 + (world.mtrr === "uncached" ? 1 : 0) + (world.pat === false ? 2 : 0);
    const known = this.machines.get(key);
    if (known !== undefined) return known;
    const machine = this.model.machine(world, this.changes);
    this.machines.set(key, machine);
    return machine;
  }
}
