import { type ModelBackend, modelBackend } from "../src/model/backend.ts";
import type { DesignSpec } from "../src/model/machine.ts";
import { LEGACY_PROFILES, type LegacyRelease } from "./profiles.ts";
import { hasVmPat, VmPatTracking } from "./tracking.ts";

/** What makes a machine the VM_PAT design of a release. */
export function legacySpec(release: LegacyRelease): DesignSpec {
  return {
    profile: LEGACY_PROFILES[release],
    eraseByEnd: true,
    tracking: (ranges, _log, kernel) => new VmPatTracking(ranges, kernel),
    hasVmPat,
  };
}

/** The VM_PAT design as a backend: `legacy@6.1`, `legacy@6.12`. */
export function legacyBackend(release: LegacyRelease): ModelBackend {
  return modelBackend(`legacy@${release}`, "vm-pat", legacySpec(release));
}
