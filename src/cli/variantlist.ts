import { LEGACY_VARIANTS } from "../../legacy/variants/index.ts";
import { MODERN_VARIANTS } from "../../modern/variants/index.ts";
import { type ModelBackend, modelBackend } from "../model/backend.ts";
import { type Costs, noCosts, type Variant } from "../model/variant.ts";

/** Every design that never shipped. */
export const VARIANTS: readonly Variant[] = [...MODERN_VARIANTS, ...LEGACY_VARIANTS];

/** A variant as a backend, `variant:NAME`; what it costs is counted in `costs`. */
export function variantBackend(variant: Variant, costs: Costs = noCosts()): ModelBackend {
  return modelBackend(`variant:${variant.name}`, variant.design, variant.spec(costs));
}
