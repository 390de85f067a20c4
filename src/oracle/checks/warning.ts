import { endsTask, type SeenEvent } from "../observed.ts";
import type { SideState } from "../state.ts";

/**
 * warning: the kernel warned, or a kernel BUG has ended a model's task. crash, bug, hang, kernel-leak:
 * what a kernel's own code has met.
 */
export function checkWarning(side: SideState, events: readonly SeenEvent[]): void {
  if (events.length > 0) reportBadPages(side, events);
  for (const event of events) {
    switch (event.kind) {
      case "warn":
        side.report("warning", side.cause, () => `the kernel warned: ${event.text}`);
        break;
      case "bug":
        if (endsTask(event)) side.hasDied = true;
        if ("backtrace" in event && event.backtrace !== undefined) reportEnd(side, event);
        else side.report("warning", side.cause, () => `the kernel died: ${event.text}`, event.kind);
        break;
      case "crash":
      case "hang":
        side.hasDied = true;
        reportEnd(side, event);
        break;
      case "kernel-leak":
        side.report("kernel-leak", side.cause, () => `not given back at the end: ${event.text}`);
        break;
      default:
    }
  }
}

/** Told once a step: a mapping of many pages has a line for each. */
function reportBadPages(side: SideState, events: readonly SeenEvent[]): void {
  const count = events.filter(({ kind }) => kind === "bad-page-map").length;
  const first = events.find(({ kind }) => kind === "bad-page-map");
  if (first === undefined) return;
  const pages = count === 1 ? "a page is" : `${count} pages are`;
  const tell = () => `${pages} mapped that no flag of the mapping tells of (Bad page map)`;
  side.report("warning", side.orOp(side.mistake), tell, first.kind);
}

interface End {
  readonly kind: "bug" | "crash" | "hang";
  readonly text: string;
  readonly backtrace?: readonly string[] | undefined;
}

function reportEnd(side: SideState, { kind, text, backtrace = [] }: End): void {
  side.report(kind, side.cause, () => [text, ...backtrace].join(" < "));
}
