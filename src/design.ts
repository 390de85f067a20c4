import { LEGACY_PROFILES } from "../legacy/profiles.ts";
import { hasVmPat, VmPatTracking as ShippedVmPat } from "../legacy/tracking.ts";
import { MODERN_PROFILES } from "../modern/profiles.ts";
import { ctxOf, KrefTracking as ShippedKref } from "../modern/tracking.ts";
import type { PfnTracking, TrackedKernel, TrackedRanges, TrackedVma } from "./mm/tracking.ts";
import type { PatEvent } from "./pat/events.ts";

/*
 * `pfndiff/design`: what a module of one's own (`file:PATH`) may use of the project. The build makes
 * its declarations of this file; docs/DESIGNS.md tells how to write one.
 */

export { VM_PAT, hasVmPat } from "../legacy/tracking.ts";
export { ctxOf, PfnmapTrackCtx } from "../modern/tracking.ts";
export type { Errno, Outcome } from "./mm/errno.ts";
export type {
  DupReason,
  PfnTracking,
  TrackedKernel,
  TrackedMm,
  TrackedPages,
  TrackedRanges,
  TrackedVma,
  UnmapReason,
} from "./mm/tracking.ts";
export type { PageCount, Pfn, VirtualPage } from "./mm/units.ts";
export type { DeviceMapping, FaultHandler } from "./mm/vma.ts";
export { type PageCacheMode, UC, UC_MINUS, WB, WC, WP, WT } from "./pat/cachemode.ts";
export type { PatEvent } from "./pat/events.ts";
export type { AllocationSite } from "./pat/kernelstate.ts";
export type { ModeRef } from "./pat/memtype.ts";
export type { TrackError } from "./pat/pfnmap.ts";

/** A release whose mm a design can run in. */
export type Release = keyof typeof LEGACY_PROFILES | keyof typeof MODERN_PROFILES;

/** What the refcount check looks at of a context: what it covers, and how many VMAs it counts. */
export interface TrackedContext {
  readonly pfn: number;
  readonly pages: number;
  readonly kref: number;
}

/** The machine that a design runs in, as the property `machine` of its class or function. */
export interface DesignMachine {
  /** Whose mm it has: the order of checks, what is freed when; 7.2 unless told. */
  readonly release?: Release;
  /** A free that no reservation equals cuts one that ends there; as in the release unless told. */
  readonly eraseByEnd?: boolean;
  /** The context that a VMA holds: the refcount check counts holders. Without it nothing is counted. */
  readonly contextOf?: (vma: TrackedVma) => TrackedContext | null;
  /** Whether a VMA shows VM_PAT in steps. Without it none does, as from 6.16 on. */
  readonly hasVmPat?: (vma: TrackedVma) => boolean;
}

/** The refcounted design of 6.16 on, on the machine of 7.2. */
export class KrefTracking extends ShippedKref {
  static readonly machine: DesignMachine = { release: "7.2", contextOf: ctxOf };

  constructor(ranges: TrackedRanges, _log: PatEvent[], kernel: TrackedKernel) {
    super(ranges, kernel);
  }
}

/** The VM_PAT design to 6.15, on the machine of 6.12 with its list. */
export class VmPatTracking extends ShippedVmPat {
  static readonly machine: DesignMachine = { release: "6.12", hasVmPat };

  constructor(ranges: TrackedRanges, _log: PatEvent[], kernel: TrackedKernel) {
    super(ranges, kernel);
  }
}

/** How a module's default export makes its design: a class, or a function of the same arguments. */
export interface MakeTracking {
  (ranges: TrackedRanges, log: PatEvent[], kernel: TrackedKernel): PfnTracking;
  machine?: DesignMachine;
  /** All that the design remembers can be seen, so exploring may keep and put back its state. */
  restorable?: boolean;
}
