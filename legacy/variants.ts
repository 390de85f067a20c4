import { type ModelBackend, modelBackend } from "../src/model/backend.ts";
import { legacySpec } from "./index.ts";
import { VmPatTracking } from "./tracking.ts";

/**
 * The newest VM_PAT design with a fork that reserves as mmap() does: any cache mode that may stand
 * for the parent's will do. The strict flag, which refuses that, had no other user.
 */
export function legacyLaxFork(): ModelBackend {
  return modelBackend("variant:legacy-lax-fork", "vm-pat", {
    ...legacySpec("6.12"),
    tracking: (ranges, _log, kernel) => new VmPatTracking(ranges, kernel, false),
  });
}
