import type { OpOf } from "../trace/op.ts";
import { Area } from "./areas.ts";
import { claimChange } from "./attribution.ts";
import { NO_CAUSE, UNMAP } from "./causes.ts";
import type { Observed, SeenKernelMap } from "./observed.ts";
import type { SideState } from "./state.ts";
import type { Unit } from "./unit.ts";

/**
 * What the kernel has of the region for itself: mappings (ioremap() and its kin), which are seen, and
 * reservations without a mapping (arch_io_reserve_memtype_wc(), set_memory_*()), which follow from
 * the op. It may keep them as long as it likes: they are no retention, and nothing of them leaks.
 */
export class KernelAreas {
  readonly mapped: { readonly map: SeenKernelMap; readonly area: Area }[] = [];
  readonly held: Area[] = [];

  /** Keeps what the kernel has; returns what puts it back. */
  keep(): () => void {
    const [mapped, held] = [[...this.mapped], [...this.held]];
    return () => {
      this.clear();
      this.mapped.push(...mapped);
      this.held.push(...held);
    };
  }

  clear(): void {
    this.mapped.length = 0;
    this.held.length = 0;
  }
}

function areSame(a: SeenKernelMap, b: SeenKernelMap): boolean {
  return a.via === b.via && a.slot === b.slot && a.start === b.start && a.end === b.end;
}

/** Brings the kernel's own mappings to what is seen. */
export function followKernelMaps(side: SideState, { kernelMaps, changes }: Observed): void {
  const { mapped } = side.kernel;
  for (let at = mapped.length - 1; at >= 0; at--) {
    const known = mapped[at] as (typeof mapped)[number];
    if (kernelMaps.some((map) => areSame(map, known.map))) continue;
    mapped.splice(at, 1);
    const { start, end, unit } = known.area;
    side.units.touch(unit, side.step, UNMAP);
    side.pages.leave(start, end, known.area);
    unit.drop(start, end);
  }
  for (const map of kernelMaps) {
    if (mapped.some((known) => areSame(map, known.map))) continue;
    const { via, slot, start, end, mode } = map;
    // What was reserved may be another mode than what is mapped: memremap_pages() of write-through.
    const unit = newUnit(side, start, end, claimChange(changes, start, end)?.mode ?? null);
    const area = areaOf(start, end, unit, mode);
    side.pages.join(start, end, area);
    mapped.push({ map: { via, slot, start, end, mode }, area });
  }
}

type Hold = OpOf<"reserve-memtype-wc"> | OpOf<"free-memtype-wc"> | OpOf<"set-memory">;

/** A range that the kernel has reserved without mapping it, or gives back. */
export function followHold(side: SideState, op: Hold, { outcome, changes }: Observed): void {
  if (outcome !== null || (op.op === "set-memory" && op.ram === true)) return;
  const [start, end] = [op.pfn, op.pfn + op.pages];
  const { held } = side.kernel;
  if (op.op === "reserve-memtype-wc" || (op.op === "set-memory" && op.mode !== "wb")) {
    const claim = claimChange(changes, start, end);
    if (claim === null) return;
    const unit = newUnit(side, start, end, claim.mode);
    side.pages.joinOff(start, end);
    held.push(areaOf(start, end, unit, claim.mode));
    return;
  }
  const at = held.findIndex((area) => area.start === start && area.end === end);
  if (at < 0) return;
  const [{ unit }] = held.splice(at, 1) as [Area];
  side.units.touch(unit, side.step, UNMAP);
  side.pages.leaveOff(start, end);
  unit.drop(start, end);
}

/** The unit of a range of the kernel's; `reserved`: the mode of a reservation of just that range that came with it. */
function newUnit(side: SideState, start: number, end: number, reserved: number | null): Unit {
  const unit = side.units.create(start, end - start, false);
  unit.holder = "kernel";
  unit.isUntracked = reserved === null;
  unit.hold(start, end);
  if (reserved !== null) side.reservations.add(start, end, reserved, unit, NO_CAUSE);
  return unit;
}

function areaOf(start: number, end: number, unit: Unit, mode: number): Area {
  const area = new Area(unit);
  area.start = start;
  area.end = end;
  area.pfn = start;
  area.mode = mode;
  return area;
}
