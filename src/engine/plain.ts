import { type PlainDesign, plainDesignOf } from "../flat/sides.ts";
import type { ModelBackend } from "../model/backend.ts";

/** The design of a model that is what the kernel of its release does; null for any other. */
export function plainDesign({ plain, design }: ModelBackend): PlainDesign | null {
  return plain === undefined ? null : plainDesignOf(plain, design);
}
