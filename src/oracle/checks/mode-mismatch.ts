import { modeName, type SideState } from "../state.ts";

/**
 * mode-mismatch: a page has come to be mapped with another cache mode than is reserved for it. Told
 * once a step, and only where the side shows page tables.
 */
export function checkModeMismatch(side: SideState): void {
  const { pfn, mapped, reserved } = side.mismatch;
  side.report(
    "mode-mismatch",
    side.cause,
    () =>
      `pfn ${pfn} is mapped ${modeName(mapped)}; what is reserved for it is ${modeName(reserved)}`,
    modeName(mapped),
  );
}
