import type { Backend } from "../backend.ts";

/** Designs that no kernel shipped, by the name after `variant:`. */
export const VARIANTS: Readonly<Record<string, () => Promise<Backend>>> = {
  "kref-erase-by-end": async () =>
    (await import("../../modern/variants/erasebyend.ts")).krefEraseByEnd(),
  "legacy-lax-fork": async () => (await import("../../legacy/variants.ts")).legacyLaxFork(),
};
