import type { Outcome } from "../mm/errno.ts";
import type { ModelBackend } from "../model/backend.ts";
import type { Machine } from "../model/machine.ts";
import {
  type LiveSide,
  MemtypeDelta,
  PAT_LOST,
  type SeenEvent,
  VMA_DONTFORK,
  VMA_PRIVATE,
  VMA_READ,
  VMA_SEALED,
  VMA_WRITE,
  type VmaTable,
  type VmaView,
} from "../oracle/observed.ts";
import type { Op } from "../trace/op.ts";
import type { World } from "../trace/trace.ts";
import type { Vma } from "../mm/vma.ts";

/**
 * One side that runs: a model's machine seen as the oracle wants to see it, straight from its
 * memory. Nothing is recorded.
 */
export class ModelSide implements LiveSide {
  outcome: Outcome = null;
  badContexts = 0;
  readonly memtype = new MemtypeDelta();
  /** A machine for each world that has come up: campaigns draw from a handful. */
  private readonly machines = new Map<number, Machine>();
  protected machine: Machine;
  private readonly model: ModelBackend;

  constructor(model: ModelBackend) {
    this.model = model;
    this.machine = this.machineOf({ pfns: 1, vpages: 1, mtrr: "uncached" });
  }

  get events(): readonly SeenEvent[] {
    return this.machine.events;
  }

  get view(): VmaView {
    return this;
  }

  /** A fresh machine in `world`. */
  reset(world: World): void {
    this.machine = this.machineOf(world);
    this.machine.reset();
    this.memtype.clear();
  }

  /** Performs one op and shows what came of it. */
  apply(op: Op): this {
    this.memtype.clear();
    this.outcome = this.machine.apply(op);
    this.badContexts = this.machine.badContexts();
    return this;
  }

  read(proc: number, into: VmaTable): void {
    into.clear();
    const mm = this.machine.processes.get(proc);
    if (mm === undefined) return;
    for (let vma = mm.find(0); vma !== null; vma = mm.after(vma)) {
      into.push(vma.start, vma.end, vma.pfn, this.bits(vma));
    }
  }

  readRange(proc: number, from: number, to: number, into: VmaTable): void {
    const mm = this.machine.processes.get(proc);
    if (mm === undefined) return;
    let vma = mm.find(Math.max(from, into.lastEnd));
    for (; vma !== null && vma.start < to; vma = mm.after(vma)) {
      into.push(vma.start, vma.end, vma.pfn, this.bits(vma));
    }
  }

  private bits(vma: Vma): number {
    const { hasVmPat } = this.machine.spec;
    return (
      (hasVmPat !== undefined && !hasVmPat(vma) ? PAT_LOST : 0) |
      (vma.isPrivate ? VMA_PRIVATE : 0) |
      (vma.prot === "none" ? 0 : VMA_READ) |
      (vma.prot === "rw" ? VMA_WRITE : 0) |
      (vma.dontfork ? VMA_DONTFORK : 0) |
      (vma.sealed ? VMA_SEALED : 0)
    );
  }

  private machineOf(world: World): Machine {
    const size = (world.pfns * 65_536 + world.vpages) * 65_536 + (world.maps ?? 0);
    const key = size * 2 + (world.mtrr === "uncached" ? 1 : 0);
    const known = this.machines.get(key);
    if (known !== undefined) return known;
    const machine = this.model.machine(world, this.memtype);
    this.machines.set(key, machine);
    return machine;
  }
}
