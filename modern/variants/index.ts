import type { DesignSpec } from "../../src/model/machine.ts";
import { exactList } from "../../src/model/exactlist.ts";
import {
  type Bytes,
  type Costs,
  RESHAPING,
  reshaping,
  type Variant,
} from "../../src/model/variant.ts";
import { modernSpec } from "../index.ts";
import { sharedOf } from "./shares.ts";
import type { SharingTracking } from "./sharing.ts";
import { LocalShrinkingTracking, ShrinkingTracking } from "./shrink.ts";
import { DuplicatingTracking, HierarchyTracking, SplittingTracking } from "./splitting.ts";

const BASE = modernSpec("7.2");

/** struct pfnmap_track_ctx { struct kref; unsigned long pfn, size; } in 6.16: 4 + 4 + 8 + 8. */
const CTX = 24;
const VMA_POINTER = 8;

function sharing(
  Tracking: typeof SharingTracking,
  label: Pick<Variant, "name" | "does">,
  bytes: Bytes,
  isCounted = true,
): Variant {
  const spec = (costs: Costs): DesignSpec => ({
    ...BASE,
    parts: RESHAPING,
    tracking: (ranges, _log, kernel) => new Tracking(reshaping(ranges), kernel, costs),
    contextOf: isCounted ? sharedOf : () => null,
  });
  return { ...label, design: "kref", bytes, spec };
}

function onExactList(name: string, does: string, allocates: boolean, bytes: Bytes): Variant {
  const spec = (costs: Costs): DesignSpec => ({
    ...BASE,
    parts: { memtype: exactList(costs, allocates) },
  });
  return { name, does, design: "kref", bytes, spec };
}

/** Designs of the refcounted kind that never shipped. */
export const MODERN_VARIANTS: readonly Variant[] = [
  sharing(
    ShrinkingTracking,
    { name: "A", does: "shrinks to what is left when one VMA is, in any process" },
    {
      vma: VMA_POINTER + 8,
      context: CTX + 8,
      reservation: 0,
      source: "context pointer and page offset in the VMA; a back pointer in the context",
    },
  ),
  sharing(
    LocalShrinkingTracking,
    { name: "A-local", does: "shrinks to what is left when one VMA is, in the same process" },
    {
      vma: VMA_POINTER + 8,
      context: CTX + 8,
      reservation: 0,
      source: "as A",
    },
  ),
  sharing(
    DuplicatingTracking,
    { name: "B-i", does: "splits the tracking with the VMA; halves of a shared one reserve anew" },
    {
      vma: VMA_POINTER + 8,
      context: CTX,
      reservation: 0,
      source: "context pointer and page offset in the VMA",
    },
  ),
  sharing(
    SplittingTracking,
    { name: "B-ii", does: "splits the tracking with the VMA; halves of a shared one share on" },
    { vma: VMA_POINTER + 8, context: CTX, reservation: 0, source: "as B-i" },
  ),
  sharing(
    HierarchyTracking,
    {
      name: "B-iii",
      does: "splits the tracking with the VMA; halves of a shared one hang below it",
    },
    {
      vma: VMA_POINTER + 8,
      context: CTX + 8,
      reservation: 0,
      source: "as B-i; a parent pointer in the context",
    },
    false,
  ),
  onExactList("C1-new", "counts per page, beneath the refcounted hooks", false, {
    vma: VMA_POINTER,
    context: CTX,
    reservation: 0,
    source: "context pointer in the VMA; 4 bytes a page beside the list",
  }),
  onExactList("C2-new", "counted intervals, beneath the refcounted hooks", true, {
    vma: VMA_POINTER,
    context: CTX,
    reservation: 8,
    source: "context pointer in the VMA; a count in each reservation",
  }),
];
