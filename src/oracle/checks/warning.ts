import type { SeenEvent } from "../observed.ts";
import type { SideState } from "../state.ts";

/** warning: the kernel warned. */
export function checkWarning(side: SideState, events: readonly SeenEvent[]): void {
  for (const event of events) {
    if (event.kind === "warn")
      side.report("warning", side.cause, () => `the kernel warned: ${event.text}`);
  }
}
