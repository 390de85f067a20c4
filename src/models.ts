import { HISTORIC_RELEASES, releaseSpec } from "../legacy/historic.ts";
import { legacySpec } from "../legacy/index.ts";
import { LEGACY_PROFILES } from "../legacy/profiles.ts";
import { legacyLaxFork } from "../legacy/variants.ts";
import { LEGACY_VARIANTS } from "../legacy/variants/index.ts";
import { modernSpec } from "../modern/index.ts";
import { MODERN_PROFILES } from "../modern/profiles.ts";
import { krefEraseByEnd } from "../modern/variants/erasebyend.ts";
import { MODERN_VARIANTS } from "../modern/variants/index.ts";
import type { DesignSpec } from "./model/machine.ts";
import { type ModelBackend, modelBackend } from "./model/backend.ts";
import { type Costs, noCosts, type Variant } from "./model/variant.ts";

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as K[];

/** Every design that never shipped. */
export const VARIANTS: readonly Variant[] = [...MODERN_VARIANTS, ...LEGACY_VARIANTS];

/** A variant as a backend, `variant:NAME`; what it costs is counted in `costs`. */
export function variantBackend(variant: Variant, costs: Costs = noCosts()): ModelBackend {
  return modelBackend(`variant:${variant.name}`, variant.design, variant.spec(costs));
}

/** What makes the model of each release, by its id. */
export const RELEASE_SPECS: ReadonlyMap<string, DesignSpec> = new Map([
  ...keysOf(LEGACY_PROFILES).map((name) => [`legacy@${name}`, legacySpec(name)] as const),
  ...keysOf(MODERN_PROFILES).map((name) => [`modern@${name}`, modernSpec(name)] as const),
  ...HISTORIC_RELEASES.map((name) => [`legacy@${name}`, releaseSpec(name)] as const),
]);

/** Every model: the releases that have a profile, releases as they were published, and designs that never shipped. */
export const MODELS: readonly ModelBackend[] = [
  ...[...RELEASE_SPECS].map(([id, spec]) =>
    modelBackend(id, id.startsWith("legacy@") ? "vm-pat" : "kref", spec),
  ),
  ...VARIANTS.map((variant) => variantBackend(variant)),
  krefEraseByEnd(),
  legacyLaxFork(),
];

/** The release that a design's name alone stands for: the newest one with recordings. */
export const NEWEST = { legacy: "legacy@6.12", modern: "modern@7.2" } as const;

/** The model of an id, or of a design's name. */
export function modelNamed(id: string): ModelBackend | undefined {
  const wanted = id === "legacy" || id === "modern" ? NEWEST[id] : id;
  return MODELS.find((known) => known.id === wanted);
}
