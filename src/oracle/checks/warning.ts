import type { SeenEvent } from "../observed.ts";
import type { SideState } from "../state.ts";

/** warning: the kernel warned, or a kernel BUG has ended the task. */
export function checkWarning(side: SideState, events: readonly SeenEvent[]): void {
  for (const event of events) {
    if (event.kind === "warn") {
      side.report("warning", side.cause, () => `the kernel warned: ${event.text}`);
    } else if (event.kind === "bug") {
      side.hasDied = true;
      side.report("warning", side.cause, () => `the kernel died: ${event.text}`, event.kind);
    }
  }
}
