import { compactTrace, compactValue } from "./compact.ts";
import { explain, type Sides } from "./read.ts";
import { type Trace, traceSchema } from "./trace.ts";

/** A trace, the two backends to run it on, and the step to look at: what a link of the sandbox says. */
export interface Linked extends Sides {
  readonly trace: Trace;
  readonly step: number;
}

/** What a link may carry: a page has to run and draw it while somebody waits. */
export const LINK_LIMITS = { characters: 65_536, ops: 400, opsTimesPages: 131_072 } as const;

const START = "#/try/";

/** Whether an address leads to the sandbox. */
export const isLink = (text: string): boolean => text.includes(START);

/** The fragment of an address of the sandbox. */
export function linkTo({ before, after, step, trace }: Linked): string {
  const { world, ops } = compactTrace(trace);
  const plain = (text: string) => encodeURIComponent(text).replace(/%3A|%40/g, decodeURIComponent);
  return START + [plain(before), plain(after), step, world, plain(trace.name), ops].join("/");
}

/** What is wrong with a trace of a link, or null; larger ones are for the command line. */
export function linkFault({ world, ops }: Trace): string | null {
  const { ops: most, opsTimesPages } = LINK_LIMITS;
  if (ops.length > most) return `the trace has ${ops.length} ops (the page takes up to ${most})`;
  const cells = ops.length * Math.max(world.pfns, world.vpages);
  return cells > opsTimesPages
    ? `${ops.length} ops in a world of so many pages are more than the page draws`
    : null;
}

/** What an address of the sandbox says; it may be anybody's, so the trace is parsed like a file. */
export function readLink(
  text: string,
): { readonly ok: true; readonly linked: Linked } | { readonly ok: false; readonly fault: string } {
  const fault = (said: string) => ({ ok: false, fault: said }) as const;
  if (text.length > LINK_LIMITS.characters) {
    return fault(`the address is longer than ${LINK_LIMITS.characters} characters`);
  }
  const parts = text.slice(text.indexOf(START) + START.length).split("/");
  const [before = "", after = "", step = "", world = "", name = "", ops = "", ...more] =
    parts.map(decoded);
  if (parts.length !== 6 || more.length > 0) {
    return fault("the address is cut short, or has parts of another one");
  }
  const value = compactValue(name, { world, ops });
  const parsed = traceSchema.safeParse(value);
  if (!parsed.success) return fault(explain(parsed.error, value).join(" "));
  const tooLarge = linkFault(parsed.data);
  if (tooLarge !== null) return fault(tooLarge);
  const last = Math.max(0, parsed.data.ops.length - 1);
  const at = /^\d{1,6}$/.test(step) ? Math.min(Number(step), last) : 0;
  return { ok: true, linked: { before, after, step: at, trace: parsed.data } };
}

/** A part of an address; what is no valid escape stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
