import { type ModelBackend, modelBackend } from "../src/model/backend.ts";
import type { DesignSpec } from "../src/model/machine.ts";
import { MODERN_PROFILES, type ModernRelease } from "./profiles.ts";
import { ctxOf, KrefTracking } from "./tracking.ts";

/** What makes a machine the refcounted design of a release. */
export function modernSpec(release: ModernRelease): DesignSpec {
  return {
    profile: MODERN_PROFILES[release],
    eraseByEnd: false,
    tracking: (ranges, _log, kernel) => new KrefTracking(ranges, kernel),
    contextOf: ctxOf,
  };
}

/** The refcounted design as a backend: `modern@6.16` to `modern@7.3`. */
export function modernBackend(release: ModernRelease): ModelBackend {
  return modelBackend(`modern@${release}`, "kref", modernSpec(release));
}
