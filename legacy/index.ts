import { type ModelBackend, modelBackend } from "../src/model/backend.ts";
import { Machine } from "../src/model/machine.ts";
import type { World } from "../src/trace/trace.ts";
import { LEGACY_PROFILES, type LegacyRelease } from "./profiles.ts";
import { hasVmPat, VmPatTracking } from "./tracking.ts";

/** A machine of the VM_PAT design in a world. */
export function legacyMachine(release: LegacyRelease, world: World): Machine {
  return new Machine(world, {
    profile: LEGACY_PROFILES[release],
    eraseByEnd: true,
    tracking: (ranges, _log, kernel) => new VmPatTracking(ranges, kernel),
    hasVmPat,
  });
}

/** The VM_PAT design as a backend: `legacy@6.1`, `legacy@6.12`. */
export function legacyBackend(release: LegacyRelease): ModelBackend {
  return modelBackend(`legacy@${release}`, "vm-pat", (world) => legacyMachine(release, world));
}
