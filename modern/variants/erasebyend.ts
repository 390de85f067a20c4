import { type ModelBackend, modelBackend } from "../../src/model/backend.ts";
import { modernSpec } from "../index.ts";

/**
 * The newest refcounted design over a memtype list that still cuts a reservation at its end where
 * none equals the range to free, as the list did up to 6.15.
 */
export function krefEraseByEnd(): ModelBackend {
  return modelBackend("variant:kref-erase-by-end", "kref", {
    ...modernSpec("7.2"),
    eraseByEnd: true,
  });
}
