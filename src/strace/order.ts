import { failed } from "./args.ts";
import type { CallLine, LogLine } from "./lines.ts";

const FORKS: ReadonlySet<string> = new Set(["fork", "vfork", "clone", "clone3"]);

/** Whether a call of this name makes a process or a thread. */
export function isFork(name: string): boolean {
  return FORKS.has(name);
}

/** The process that a successful fork returned. */
export function childOf(call: CallLine): string {
  return /^\d+/.exec(call.returned)?.[0] ?? "";
}

/**
 * Calls in the order in which they took effect, as far as a log tells: that in which they
 * finished, but a fork comes before the first line of its child, which may well run before its
 * parent returns.
 */
export function inEffect(lines: readonly LogLine[]): LogLine[] {
  const ordered = [...lines];
  lines.forEach((line) => {
    if (line.kind !== "call" || !isFork(line.name) || failed(line)) return;
    const child = childOf(line);
    const own = ordered.indexOf(line);
    const first = ordered.findIndex(
      (other, at) =>
        at < own && other.pid === child && other.line > line.from && other.kind !== "attached",
    );
    if (first < 0) return;
    ordered.splice(own, 1);
    ordered.splice(first, 0, line);
  });
  return ordered;
}
