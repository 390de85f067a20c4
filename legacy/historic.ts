import type { Outcome } from "../src/mm/errno.ts";
import type { Mm } from "../src/mm/mm.ts";
import type { DupReason } from "../src/mm/tracking.ts";
import type { Vma } from "../src/mm/vma.ts";
import type { DesignSpec } from "../src/model/machine.ts";
import { MemtypeList } from "../src/pat/memtype.ts";
import type { KernelState } from "../src/pat/kernelstate.ts";
import type { PfnRanges } from "../src/pat/pfnmap.ts";
import { legacySpec } from "./index.ts";
import type { LegacyRelease } from "./profiles.ts";
import { hasVmPat, VM_PAT, VmPatTracking } from "./tracking.ts";

/** The fixes that the VM_PAT design got, by commit, oldest first. */
export const FIXES = [
  "2039e6acaf94",
  "d155df53f310",
  "04c35ab3bdae",
  "dc84bc2aba85",
  "e9f180d7cfde",
] as const;

export type Fix = (typeof FIXES)[number];

/** The first release of each, and what it did. */
export const FIX_TEXT: Readonly<Record<Fix, readonly [since: string, does: string]>> = {
  "2039e6acaf94": ["4.5", "a reservation can be shrunk by its end"],
  d155df53f310: ["6.3", "a failed page table copy clears the child's flag"],
  "04c35ab3bdae": ["6.9", "a copied first page no longer hides the base"],
  dc84bc2aba85: ["6.15-rc1", "a failed fork cleans up; no copy has the flag"],
  e9f180d7cfde: ["6.15", "only the copies that fork makes lose the flag"],
};

/**
 * The first point release of an older series that has each fix, by the fix's CVE record, the review
 * mails of stable releases and the logs of what was pushed to their branches. A series that is not named never had it.
 */
export const BACKPORTS: Readonly<Record<Fix, Readonly<Record<string, number>>>> = {
  "2039e6acaf94": {},
  d155df53f310: { "6.1": 160 },
  "04c35ab3bdae": {
    "4.19": 312,
    "5.4": 274,
    "5.10": 215,
    "5.15": 155,
    "6.1": 85,
    "6.6": 26,
    "6.8": 5,
  },
  dc84bc2aba85: { "6.1": 160, "6.6": 87, "6.12": 23, "6.13": 11, "6.14": 2 },
  e9f180d7cfde: { "6.1": 160, "6.6": 93, "6.12": 31, "6.14": 9 },
};

/** The VM_PAT design as it was when only some of the fixes were in. */
class HistoricTracking extends VmPatTracking {
  constructor(
    ranges: PfnRanges,
    kernel: KernelState,
    private readonly fixes: ReadonlySet<Fix>,
  ) {
    super(ranges, kernel);
  }

  override dup(copy: Vma, original: Vma, reason: DupReason): void {
    const clears = this.fixes.has("dc84bc2aba85");
    const onForkOnly = this.fixes.has("e9f180d7cfde");
    copy.track = clears && (reason === "fork" || !onForkOnly) ? null : original.track;
  }

  /** A copied first page was taken for the base to 6.8: that is RAM, where nothing is reserved. */
  override copy(childVma: Vma, parent: Mm, parentVma: Vma): Outcome {
    const isHidden = !this.fixes.has("04c35ab3bdae") && parent.pageTable.isAnon(parentVma.start);
    if (!isHidden || !hasVmPat(parentVma)) return super.copy(childVma, parent, parentVma);
    childVma.track = VM_PAT;
    return null;
  }

  override copyFailed(childVma: Vma, parent: Mm, parentVma: Vma): void {
    if (this.fixes.has("dc84bc2aba85")) super.copyFailed(childVma, parent, parentVma);
    else if (this.fixes.has("d155df53f310")) childVma.track = null;
  }

  override unmap(mm: Mm, vma: Vma): void {
    const isHidden = !this.fixes.has("04c35ab3bdae") && mm.pageTable.isAnon(vma.start);
    if (isHidden) vma.track = null;
    super.unmap(mm, vma);
  }

  /** Without the page table there was no second place to look for the base. */
  protected override base(mm: Mm, vma: Vma): number | null {
    if (this.fixes.has("04c35ab3bdae")) return super.base(mm, vma);
    const pfn = mm.pageTable.pfnAt(vma.start);
    if (pfn === null) this.warn("untrack_pfn");
    return pfn;
  }
}

/** A memtype list before 4.5: what is freed must be what was reserved. */
class EqualOnlyMemtype extends MemtypeList {
  protected override firstEndingAt(): null {
    return null;
  }
}

/** The VM_PAT design with some of its fixes, over the mm of a release. */
export function historicSpec(fixes: readonly Fix[], release: LegacyRelease = "6.12"): DesignSpec {
  const set = new Set(fixes);
  return {
    ...legacySpec(release),
    ...(set.has("2039e6acaf94") ? {} : { parts: { memtype: EqualOnlyMemtype } }),
    tracking: (ranges, _log, kernel) => new HistoricTracking(ranges, kernel, set),
  };
}

/** Releases as they were published, with the bugs that they had. */
export const HISTORIC_RELEASES = ["6.1.0", "6.6.0", "6.12.0", "6.12.23", "6.15"] as const;

export type HistoricRelease = (typeof HISTORIC_RELEASES)[number];

const UNTIL: Readonly<Record<HistoricRelease, number>> = {
  "6.1.0": 1,
  "6.6.0": 2,
  "6.12.0": 3,
  "6.12.23": 4,
  "6.15": 5,
};

/** The VM_PAT design of a release as it was published. */
export function releaseSpec(release: HistoricRelease): DesignSpec {
  const early = release === "6.1.0" || release === "6.6.0";
  const spec = historicSpec(FIXES.slice(0, UNTIL[release]), early ? "6.1" : "6.12");
  if (release !== "6.15") return spec;
  return { ...spec, profile: { ...spec.profile, mremapErrorClearsSource: true } };
}
