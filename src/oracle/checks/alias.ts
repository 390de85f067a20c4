import { CACHE_MODES } from "../../pat/cachemode.ts";
import { modeName, type SideState } from "../state.ts";

/** alias: two live mappings of one pfn have different cache modes. */
export function checkAlias(side: SideState): void {
  const pfn = side.pages.aliased;
  const bits = side.pages.modesOf(pfn, pfn + 1);
  const modes = CACHE_MODES.map((_, mode) => mode).filter((mode) => (bits & (1 << mode)) !== 0);
  if (modes.length < 2) return;
  const names = modes.map(modeName).join(" and ");
  side.report("alias", side.cause, () => `pfn ${pfn} is mapped as ${names} at once`);
}
