import { exactList } from "../../src/model/exactlist.ts";
import type { DesignSpec, MachineParts } from "../../src/model/machine.ts";
import {
  type Bytes,
  type Costs,
  RESHAPING,
  reshaping,
  type Variant,
} from "../../src/model/variant.ts";
import { MemtypeList } from "../../src/pat/memtype.ts";
import { legacySpec } from "../index.ts";
import { VmPatTracking } from "../tracking.ts";
import { NoCowTracking, OffsetTracking, SplitHookTracking, UnmapOnlyTracking } from "./tracking.ts";

const BASE = legacySpec("6.12");
const FLAG: Bytes = { vma: 0, context: 0, reservation: 0, source: "one flag in vm_flags" };

/** D4: a failed match by the end tries the start, and shrinks from the front. */
class StartMatchMemtype extends MemtypeList {
  protected override erase(start: number, end: number): boolean {
    if (super.erase(start, end)) return true;
    const longer = this.tree.overlapping(end, end + 1);
    const entry = longer.find((one) => one.start === start);
    if (entry === undefined) return false;
    const { end: to, mode } = entry;
    this.remove(entry);
    this.insert(end, to, mode);
    return true;
  }
}

function flagged(
  name: string,
  does: string,
  Tracking: typeof VmPatTracking,
  parts: (costs: Costs) => MachineParts = () => ({}),
  bytes: Bytes = FLAG,
): Variant {
  const spec = (costs: Costs): DesignSpec => ({
    ...BASE,
    parts: parts(costs),
    tracking: (ranges, _log, kernel) => new Tracking(ranges, kernel),
  });
  return { name, does, design: "vm-pat", bytes, spec };
}

const SPLIT_HOOK: Variant = {
  name: "D3",
  does: "cuts the reservation that equals a VMA when the VMA is split (Cao)",
  design: "vm-pat",
  bytes: FLAG,
  spec: (costs) => ({
    ...BASE,
    parts: RESHAPING,
    tracking: (ranges, _log, kernel) => new SplitHookTracking(reshaping(ranges), kernel, costs),
  }),
};

/** Designs of the VM_PAT kind that never shipped. */
export const LEGACY_VARIANTS: readonly Variant[] = [
  flagged(
    "C1-old",
    "counts per page, beneath the VM_PAT hooks",
    VmPatTracking,
    (costs) => ({ memtype: exactList(costs, false) }),
    { ...FLAG, source: "one flag in vm_flags; 4 bytes a page beside the list" },
  ),
  flagged(
    "C2-old",
    "counted intervals, beneath the VM_PAT hooks; D5 is the same",
    VmPatTracking,
    (costs) => ({ memtype: exactList(costs, true) }),
    { ...FLAG, reservation: 8, source: "one flag in vm_flags; a count in each reservation" },
  ),
  flagged("D1", "untracks only when the VMA is unmapped, by page table (Xu)", UnmapOnlyTracking),
  flagged("D2", "D1 with the base kept in vm_pgoff (Xu)", OffsetTracking),
  SPLIT_HOOK,
  flagged("D4", "a free may also shrink from the front (Howlett)", VmPatTracking, () => ({
    memtype: StartMatchMemtype,
  })),
  flagged(
    "D5",
    "counted intervals that do not overlap (Cao)",
    VmPatTracking,
    (costs) => ({ memtype: exactList(costs, true) }),
    { ...FLAG, reservation: 8, source: "one flag in vm_flags; a count in each reservation" },
  ),
  flagged("D6", "refuses private mappings, so nothing is ever copied (Wilcox)", NoCowTracking),
];
