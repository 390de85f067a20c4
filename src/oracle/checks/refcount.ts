import type { SideState } from "../state.ts";

/** refcount: more contexts than before have a count that is not the number of VMAs that hold them. */
export function checkRefcount(side: SideState, badContexts: number): void {
  if (badContexts > side.badContexts) {
    const contexts = badContexts === 1 ? "1 context" : `${badContexts} contexts`;
    side.report(
      "refcount",
      side.cause,
      () => `${contexts} with a count that its holders do not make`,
    );
  }
  side.badContexts = badContexts;
}
