import { LEGACY_PROFILES } from "../../legacy/profiles.ts";
import { hasVmPat, VmPatTracking } from "../../legacy/tracking.ts";
import { MODERN_PROFILES } from "../../modern/profiles.ts";
import { ctxOf, KrefTracking } from "../../modern/tracking.ts";
import { type ModelBackend, modelBackend } from "../model/backend.ts";
import type { PfnRanges } from "../pat/pfnmap.ts";

/** The refcounted design as it was before the memtype list lost its erase by end. */
export const ERASE_BY_END: ModelBackend = modelBackend("modern@7.2 with erase by end", "kref", {
  profile: MODERN_PROFILES["7.2"],
  eraseByEnd: true,
  tracking: (ranges, _log, kernel) => new KrefTracking(ranges, kernel),
  contextOf: ctxOf,
});

/** VM_PAT with a fork that takes the cache mode it is given, as every other caller does. */
export const LAX_FORK: ModelBackend = modelBackend("legacy@6.12 with a lax fork", "vm-pat", {
  profile: LEGACY_PROFILES["6.12"],
  eraseByEnd: true,
  tracking: (ranges, _log, kernel) => new VmPatTracking(laxly(ranges), kernel),
  hasVmPat,
});

/** The same layer, for whom no caller is strict. */
function laxly(ranges: PfnRanges): PfnRanges {
  const track: PfnRanges["track"] = (start, end, wanted, _strict, granted) =>
    ranges.track(start, end, wanted, false, granted);
  const lax: PfnRanges = Object.create(ranges);
  return Object.assign(lax, { track });
}
