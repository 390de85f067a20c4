import type { TraceEvent } from "../../src/trace/recording.ts";
import { PAGE_BYTES, type PhysicalWindow, shownPages, type WorldWindow } from "./memtype.ts";
import { type Bytes, parseMessage } from "./message.ts";

/** Page numbers of a range, relative to the window. */
function pagesOf({ start, end }: Bytes, { address }: PhysicalWindow): Bytes {
  return { start: (start - address) / PAGE_BYTES, end: (end - address) / PAGE_BYTES };
}

/**
 * The event that a line of the kernel log tells of, or null. A range outside the window belongs
 * to somebody else, as RAM does. A warning's text is its file and function: line numbers, addresses and pids
 * differ from run to run and would keep equal recordings from being equal. `ram`: the address where RAM begins that
 * traces name.
 */
export function parseLogLine(
  line: string,
  window: WorldWindow,
  ram: number | null = null,
): TraceEvent | null {
  const message = parseMessage(line);
  switch (message?.kind) {
    case "invalid-free":
    case "conflict":
    case "reserve-failed":
    case "type-mismatch": {
      const { task: _whose, ...told } = { task: null, ...message };
      const range = shownPages(message, window);
      return range === null ? null : { ...told, ...range };
    }
    case "ram-request":
    case "ram-busy": {
      const { task: _whose, ...told } = { task: null, ...message };
      return ram === null ? null : { ...told, ...pagesOf(message, { ...window, address: ram }) };
    }
    case "bad-page-map": {
      const { kind, type } = message;
      const range = shownPages(message, window);
      if (range !== null) return { kind, type, ...range };
      if (ram === null || message.start < ram) return null;
      return { kind, type, ...pagesOf(message, { ...window, address: ram }), ram: true };
    }
    case "warn":
      return { kind: "warn", text: [message.file ?? [], message.where].flat().join(" ") };
    default:
      return line.startsWith("WARNING: ") ? { kind: "warn", text: line } : null;
  }
}
