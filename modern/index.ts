import { type ModelBackend, modelBackend } from "../src/model/backend.ts";
import { Machine } from "../src/model/machine.ts";
import type { World } from "../src/trace/trace.ts";
import { MODERN_PROFILES, type ModernRelease } from "./profiles.ts";
import { ctxOf, KrefTracking } from "./tracking.ts";

/** A machine of the refcounted design in a world. */
export function modernMachine(release: ModernRelease, world: World): Machine {
  return new Machine(world, {
    profile: MODERN_PROFILES[release],
    eraseByEnd: false,
    tracking: (ranges, _log, kernel) => new KrefTracking(ranges, kernel),
    contextOf: ctxOf,
  });
}

/** The refcounted design as a backend: `modern@6.16`, `modern@6.18`, `modern@7.2`. */
export function modernBackend(release: ModernRelease): ModelBackend {
  return modelBackend(`modern@${release}`, "kref", (world) => modernMachine(release, world));
}
