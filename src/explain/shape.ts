import type { KernelMessage, Task } from "../../kernel/parse/message.ts";
import { Axis } from "../strace/layout.ts";
import type { Said } from "./said.ts";

/** A message of a log; of a warning or a BUG also the functions of its call trace. */
export type LoggedMessage = KernelMessage & {
  readonly trace?: readonly string[];
  readonly task?: Task;
};

/** Lines that are looked for together: their kinds and modes, and how their ranges lie to each other. */
export interface Pattern {
  readonly messages: readonly LoggedMessage[];
  readonly shape: string;
}

export function patternOf(messages: readonly LoggedMessage[]): Pattern {
  return { messages, shape: shapeOf(messages) };
}

const isOfRam = ({ kind }: KernelMessage) => kind === "ram-busy" || kind === "ram-request";

/**
 * How the ranges of messages lie to each other, whatever their addresses and lengths: both are
 * renumbered as strace's pages are, every run and every gap as one page. RAM is a line of its own.
 */
export function shapeOf(messages: readonly KernelMessage[]): string {
  const [device, ram] = [new Axis(), new Axis()];
  const axisOf = (message: KernelMessage) => (isOfRam(message) ? ram : device);
  for (const message of messages) {
    if ("start" in message) axisOf(message).use(message.start, message.end - message.start);
  }
  for (const axis of [device, ram]) axis.renumber(1);
  return messages
    .map((message) => {
      if (!("start" in message)) return "-";
      const axis = axisOf(message);
      return `${axis.at(message.start)}-${axis.at(message.end)}`;
    })
    .join(" ");
}

/** Whether two messages are of one kind and of the same modes, ranges aside. */
export function isAlike(logged: LoggedMessage, said: KernelMessage): boolean {
  switch (logged.kind) {
    case "bad-page-map":
      return said.kind === logged.kind && said.type === logged.type;
    case "invalid-free":
      return said.kind === logged.kind;
    case "conflict":
      return (
        said.kind === logged.kind && said.found === logged.found && said.other === logged.other
      );
    case "reserve-failed":
    case "ram-busy":
      return (
        said.kind === logged.kind && said.track === logged.track && said.request === logged.request
      );
    case "type-mismatch":
    case "ram-request":
    case "ioremap-refused":
      return (
        said.kind === logged.kind && said.request === logged.request && said.got === logged.got
      );
    case "ioremap-failed":
      return said.kind === logged.kind && said.error === logged.error;
    case "warn":
      return said.kind === logged.kind && warnsAlike(logged, said.where);
    case "bug":
      return said.kind === logged.kind && isBugOf(logged, said.where);
  }
}

type BugLine = Extract<LoggedMessage, { kind: "bug" }>;

/** Functions that find a VMA's range by its page table; from 6.9 on the warning is in get_pat_info(). */
const FINDS_BASE: ReadonlySet<string> = new Set(["untrack_pfn", "track_pfn_copy"]);

function warnsAlike(
  { where, trace = [] }: { readonly where: string; readonly trace?: readonly string[] },
  said: string,
): boolean {
  const named = [where, ...trace];
  if (named.includes(said)) return true;
  return where === "get_pat_info" && FINDS_BASE.has(said) && !named.some((f) => FINDS_BASE.has(f));
}

/** Functions that a compiler puts the body of one into. */
const CALLERS: Readonly<Record<string, RegExp>> = {
  remap_pte_range: /^remap_(?:pte|pmd|pud|p4d|pfn)_range/,
  vmf_insert_pfn_prot: /^vmf_insert_pfn/,
  vm_insert_page: /^vm_insert_page/,
};

/** Where no function is named, the file alone tells. */
function isBugOf({ file, trace = [] }: BugLine, said: string | null): boolean {
  const of = CALLERS[said ?? ""];
  if (of === undefined || file !== "mm/memory.c") return false;
  return trace.length === 0 || trace.some((name) => of.test(name));
}

/** The step of the last of the lines where a model says them one right after the other, or null. */
export function stepOf({ messages, shape }: Pattern, said: readonly Said[]): number | null {
  for (let at = 0; at + messages.length <= said.length; at++) {
    if (!messages.every((logged, i) => isAlike(logged, (said[at + i] as Said).message))) continue;
    const run = said.slice(at, at + messages.length);
    if (shapeOf(run.map(({ message }) => message)) === shape) return run.at(-1)?.step ?? null;
  }
  return null;
}
