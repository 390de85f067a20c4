import type { Unit } from "../oracle/unit.ts";
import type { SideState } from "../oracle/state.ts";
import { CACHE_MODES, type CacheMode } from "../pat/cachemode.ts";
import type { Op } from "../trace/op.ts";
import type { Memtype, Standing } from "../trace/recording.ts";

/** Who has the pages of a unit in a VMA, or mapped for the kernel. */
interface Hold {
  readonly procs: Set<number>;
  readonly ranges: { readonly first: number; readonly end: number }[];
}

/** A reservation before a step. */
interface Known extends Memtype {
  /** The step that made it. */
  readonly step: number;
  readonly owner: Unit | null;
  readonly isDriver: boolean;
}

/** The printed name of a mode that the oracle has by index. */
export function modeOf(index: number): CacheMode {
  return CACHE_MODES[index] as CacheMode;
}

/** Whose mapping an op makes a reservation for. */
function makerOf(op: Op, isDriver: boolean): Pick<Standing, "of" | "proc"> {
  const { proc } = op;
  switch (op.op) {
    case "mmap":
      return { of: "process", proc };
    case "fork":
      return { of: isDriver ? "driver" : "process", proc: op.child };
    case "drv-mmap":
    case "drv-run":
    case "touch":
      return { of: "driver", proc };
    default:
      return { of: "kernel", proc };
  }
}

/** Reservations as they stood before a step, and who held them, as the ledger has it. */
export class Before {
  private readonly known: Known[] = [];
  private readonly holds = new Map<Unit, Hold>();

  /** `entries` are those that will be asked for. */
  constructor(
    side: SideState,
    private readonly ops: readonly Op[],
    entries: readonly Memtype[],
  ) {
    if (entries.length === 0) return;
    const { rows, count } = side.reservations;
    const owners = new Set<Unit>();
    for (let row = 0; row < count; row++) {
      const { start, end, mode, step, owner } = rows[row] as (typeof rows)[number];
      if (!entries.some((entry) => entry.start === start && entry.end === end)) continue;
      if (owner !== null) owners.add(owner);
      const isDriver = owner?.holder === "driver";
      this.known.push({ start, end, type: modeOf(mode), step, owner, isDriver });
    }
    if (owners.size === 0) return;
    for (const [id, proc] of side.procs.everyLiving()) {
      for (const area of proc.every()) {
        if (!owners.has(area.unit)) continue;
        const first = area.pfnAt(area.start);
        this.hold(area.unit, id, first, first + area.end - area.start);
      }
    }
    const kernel = [...side.kernel.mapped.map(({ area }) => area), ...side.kernel.held];
    for (const { unit, start, end } of kernel) this.hold(unit, null, start, end);
  }

  private hold(unit: Unit, proc: number | null, first: number, end: number): void {
    const hold = this.holds.get(unit) ?? { procs: new Set(), ranges: [] };
    this.holds.set(unit, hold);
    if (proc !== null) hold.procs.add(proc);
    hold.ranges.push({ first, end });
  }

  /**
   * Tells of a reservation that decided a request for [start, end) whose it is and since when. Of
   * equal ones it is the oldest; what was not there before the step has been made in it, by `op`.
   */
  whose(entry: Memtype, start: number, end: number, step: number): Standing {
    const { start: from, end: to, type } = entry;
    const equal = this.known.filter((one) => one.start === from && one.end === to);
    const known = equal
      .filter((one) => one.type === type)
      .reduce<Known | null>((old, one) => (old === null || one.step < old.step ? one : old), null);
    const made = known?.step ?? step;
    const op = this.ops[made];
    const maker = op === undefined ? {} : { op: op.op, ...makerOf(op, known?.isDriver === true) };
    const value = { start: from, end: to, type, step: made, ...maker };
    if (known === null) return value;
    const hold = known.owner === null ? undefined : this.holds.get(known.owner);
    const [low, high] = [Math.max(start, from), Math.min(end, to)];
    const isHeld = hold?.ranges.some((range) => range.first < high && range.end > low) === true;
    return {
      ...value,
      holders: [...(hold?.procs ?? [])],
      ...(isHeld ? {} : { idle: true as const }),
    };
  }
}
