import type { Design, Step } from "../../../src/trace/recording.ts";
import { kernelMapText } from "../../askedtext.ts";
import { eventText, memtypeText, resultText, vmaText } from "../../optext.ts";
import { plural } from "../../numbers.ts";
import { contextsKeep, type Pages, type StateMap } from "./statemap.ts";

/** One line of what a step changed: what came, or what went. */
export interface ChangeLine {
  readonly sign: "+" | "−";
  readonly text: string;
}

/** What a step changed on one side, as lines that came and went. */
export function changeLines(step: Step, previous: Step | null): ChangeLine[] {
  const now = stateLines(step);
  const old = previous === null ? [] : stateLines(previous);
  return [
    ...minus(old, now).map((text) => ({ sign: "−" as const, text })),
    ...minus(now, old).map((text) => ({ sign: "+" as const, text })),
  ];
}

function stateLines(step: Step): string[] {
  return [
    ...Object.entries(step.vmas).flatMap(([proc, vmas]) => [
      `process ${proc}`,
      ...vmas.map((vma) => `p${proc} ${vmaText(vma)}`),
    ]),
    ...(step.kernelMaps ?? []).map((map) => `kernel ${kernelMapText(map)}`),
    ...step.memtype.map((entry) => `reservation ${memtypeText(entry)}`),
    ...(step.contexts ?? []).map(
      ({ pfn, pages, refs }) => `context [${pfn},${pfn + pages}), count ${refs}`,
    ),
  ];
}

/** Lists may hold equal lines: each takes away one. */
function minus(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** What is right or wrong with a side's state, for someone who sees such a state the first time. */
export interface StateNote {
  /** `wait`: held on to by design, until a context that is still in use lets go. */
  readonly tone: "good" | "wait" | "bad";
  readonly text: string;
}

/**
 * What there is to say about a state, and about what the kernel said when it came to be; the design
 * tells what a kernel does not show.
 */
export function stateNotes(
  map: StateMap,
  design?: Design,
  events: Step["events"] = [],
): StateNote[] {
  const notes: StateNote[] = [];
  for (const event of events) {
    if (event.kind !== "invalid-free") continue;
    const text = `The kernel was to free pfns [${event.start},${event.end}), found no such reservation, and complained.`;
    notes.push({ tone: "bad", text });
  }
  if (map.held.length > 0) notes.push(heldNote(map, design));
  if (map.bare.length > 0) {
    const text = `${pfns(map.bare)} mapped without a reservation: nothing guards the cache mode.`;
    notes.push({ tone: "bad", text });
  }
  if (notes.length > 0) return notes;
  const text =
    map.mapped.length === 0
      ? "Nothing mapped, nothing reserved."
      : "Reserved is exactly what is mapped.";
  return [{ tone: "good", text }];
}

function heldNote(map: StateMap, design?: Design): StateNote {
  const { held, procs } = map;
  if (contextsKeep(map)) {
    const text = `${pfns(held)} reserved but unmapped: the context keeps ${them(held)} until its last mapping goes.`;
    return { tone: "wait", text };
  }
  if (design === "kref" && map.contexts === null && map.mapped.length > 0) {
    const text = `${pfns(held)} reserved but unmapped: this design frees a range with its last mapping.`;
    return { tone: "wait", text };
  }
  const alive = procs.some((proc) => !proc.died);
  const text = alive
    ? `${pfns(held)} reserved, yet no process maps ${them(held)}.`
    : `${pfns(held)} still reserved, and no process is left to free ${them(held)}.`;
  return { tone: "bad", text };
}

function pfns(ranges: readonly Pages[]): string {
  const one = ranges.length === 1 && isOne(ranges);
  const list = ranges.map(({ start, end }) => (end - start === 1 ? start : `${start}–${end - 1}`));
  return `${one ? "pfn" : "pfns"} ${list.join(", ")} ${one ? "is" : "are"}`;
}

function them(ranges: readonly Pages[]): string {
  return ranges.length === 1 && isOne(ranges) ? "it" : "them";
}

function isOne([first]: readonly Pages[]): boolean {
  return first !== undefined && first.end - first.start === 1;
}

/** What the kernel logged and returned at a step, in words. */
export function logLines(step: Step): string[] {
  return step.events.map(eventText);
}

/** `ok`, or `fails: EINVAL`. */
export function outcomeText(step: Step): string {
  const text = resultText(step.result);
  return text === "ok" ? text : `fails: ${text}`;
}

/** `2 VMAs`. */
export function holdersText(count: number): string {
  return plural(count, "VMA");
}
