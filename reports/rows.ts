import type { ReplayStep } from "../src/replay.ts";
import type { Memtype, Step, VmaState } from "../src/trace/recording.ts";
import { sharedEnds } from "../src/trace/samedata.ts";
import {
  grantText,
  isAsAsked,
  kernelMapText,
  requestText,
  WORKED_OUT,
  whyText,
} from "./askedtext.ts";
import { cleaned } from "./clean.ts";
import { askedText, eventText, memtypeText, resultText, vmaText } from "./optext.ts";

/** One line of a step: the same thing on both sides, in words. */
export interface Row {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  readonly differs: boolean;
  /** A sentence: it has a line to itself however wide the terminal is. */
  readonly isSentence?: boolean;
}

/** What a side has none of. */
const NONE = "-";
const EMPTY = "(empty)";

/** Of more VMAs of a process, or reservations, only those are shown that the step has changed. */
const MOST_UNCHANGED = 32;

/**
 * A step's state as rows that put the same thing of both sides next to each other. `last` is the step
 * before it, where that has been shown.
 */
export function stepRows(step: ReplayStep, last: ReplayStep | null = null): Row[] {
  const { before, after } = step;
  return [
    row("result", resultText(before.result), resultText(after.result)),
    ...sentenceRows(refusals(before), refusals(after)),
    ...vmaRows(step, last),
    ...kernelMapRows(before, after),
    ...memtypeRows(step, last),
    ...ramRows(before.ram, after.ram),
    ...eventRows(before, after),
  ];
}

/** Requests for a cache mode that were refused, and why. */
function refusals({ requests = [] }: Step): string[] {
  const refused = requests.filter(({ got, by }) => got === undefined && by !== "unknown");
  return refused.map(requestText);
}

function row(label: string, before: string, after: string): Row {
  return { label, before: cleaned(before), after: cleaned(after), differs: before !== after };
}

/** Two lists of one thing, and what of them is shown. */
interface Sides<T> {
  readonly before: readonly T[];
  readonly after: readonly T[];
  /** So many others are as they were. */
  readonly others: number;
}

/** What of two lists is new, where they are long; items are the same objects as long as they stay. */
function changed<T extends { readonly start: number }>(
  before: readonly T[] = [],
  after: readonly T[] = [],
  wasBefore: readonly T[] | undefined,
  wasAfter: readonly T[] | undefined,
): Sides<T> {
  const most = Math.max(before.length, after.length);
  if (most <= MOST_UNCHANGED || wasBefore === undefined || wasAfter === undefined) {
    return { before, after, others: 0 };
  }
  const starts = new Set([...newStarts(before, wasBefore), ...newStarts(after, wasAfter)]);
  const inOrder = [...starts].sort((a, b) => a - b);
  const [left, right] = [before, after].map((list) => inOrder.flatMap((at) => itemsFrom(list, at)));
  const shown = Math.max(left?.length ?? 0, right?.length ?? 0);
  return { before: left ?? [], after: right ?? [], others: most - shown };
}

/** Where items of a list begin that another list has not, but for a common head and tail. */
function newStarts<T extends { readonly start: number }>(
  list: readonly T[],
  was: readonly T[],
): number[] {
  const { head, tail } = sharedEnds(list, was);
  return list.slice(head, list.length - tail).map(({ start }) => start);
}

/** The items of a list, which rises by start, that begin at one page. */
function itemsFrom<T extends { readonly start: number }>(list: readonly T[], start: number): T[] {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as T).start >= start) high = middle;
    else low = middle + 1;
  }
  let end = low;
  while (list[end]?.start === start) end++;
  return list.slice(low, end);
}

/** Says that more of something is there than is shown. */
function othersRow(label: string, others: number): Row[] {
  const text = `(${others} others, as they were)`;
  return others === 0 ? [] : [row(label, text, text)];
}

function vmaRows({ before, after }: ReplayStep, last: ReplayStep | null): Row[] {
  const procs = [...new Set([...Object.keys(before.vmas), ...Object.keys(after.vmas)])];
  return procs
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((proc) => {
      const [left, right] = [before.vmas[proc], after.vmas[proc]];
      const shown = changed(left, right, last?.before.vmas[proc], last?.after.vmas[proc]);
      const rows = procRows(`p${proc}`, left && shown.before, right && shown.after, shown.others);
      const reasons = sentenceRows(vmaReasons(shown.before), vmaReasons(shown.after));
      return [...rows, ...reasons];
    });
}

/** Why mappings have another mode than they asked for, each reason once. */
function vmaReasons(vmas: readonly VmaState[] = []): string[] {
  const grants = vmas.flatMap(({ asked = [] }) => asked.filter((grant) => !isAsAsked(grant)));
  return [...new Set(grants.map((grant) => `${grantText(grant)}: ${whyText(grant)}`))];
}

/**
 * Sentences of both sides; what both say stands once, also where one has it from the list alone: the other side's
 * own word confirms it.
 */
function sentenceRows(...sides: [before: readonly string[], after: readonly string[]]): Row[] {
  const plain = sides.map((side) => side.map((sentence) => sentence.replace(WORKED_OUT, "")));
  const isTold = (sentence: string) =>
    plain.every((side) => side.includes(sentence.replace(WORKED_OUT, "")));
  const [before = [], after = []] = sides.map((side) =>
    side.map((sentence) => (isTold(sentence) ? sentence.replace(WORKED_OUT, "") : sentence)),
  );
  const all = [...new Set([...before, ...after])];
  return all.map((sentence, index) => {
    const [left, right] = [before, after].map((side) =>
      side.includes(sentence) ? sentence : NONE,
    );
    return { ...row(index === 0 ? "why" : "", left ?? NONE, right ?? NONE), isSentence: true };
  });
}

/** What the kernel has mapped for itself. */
function kernelMapRows({ kernelMaps: before = [] }: Step, { kernelMaps: after = [] }: Step): Row[] {
  const texts = [before, after].map((maps) => maps.map(kernelMapText));
  const [left = [], right = []] = texts;
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    row(index === 0 ? "kernel" : "", left[index] ?? NONE, right[index] ?? NONE),
  );
  const reasons = ({ kernelMaps = [] }: Pick<Step, "kernelMaps">) =>
    kernelMaps.flatMap(({ asked }) =>
      asked === undefined || isAsAsked(asked) ? [] : [`${grantText(asked)}: ${whyText(asked)}`],
    );
  return [
    ...rows,
    ...sentenceRows(reasons({ kernelMaps: before }), reasons({ kernelMaps: after })),
  ];
}

/** A process' VMAs; `others`: so many more are not shown. */
function procRows(
  label: string,
  before: readonly VmaState[] | undefined,
  after: readonly VmaState[] | undefined,
  others: number,
): Row[] {
  const byStart = (list: readonly VmaState[] = []) => new Map(list.map((vma) => [vma.start, vma]));
  const [lefts, rights] = [byStart(before), byStart(after)];
  const unique = [...new Set([...lefts.keys(), ...rights.keys()])].sort((a, b) => a - b);
  const absent = (list?: readonly VmaState[]) => {
    if (list === undefined) return "(not alive)";
    return list.length === 0 && others === 0 ? "(no mappings)" : NONE;
  };
  if (unique.length === 0 && others > 0) return othersRow(label, others);
  if (unique.length === 0) return [row(label, absent(before), absent(after))];
  const rows = unique.map((start, index) => {
    const left = lefts.get(start);
    const right = rights.get(start);
    const text = (vma: VmaState | undefined, list?: readonly VmaState[]) =>
      vma === undefined ? absent(list) : vmaText(vma);
    const plain = (vma?: VmaState) =>
      vma === undefined ? undefined : vmaText({ ...vma, pat: false, asked: [] });
    return {
      label: index === 0 ? label : "",
      before: text(left, before),
      after: text(right, after),
      // VM_PAT exists on one side only, so it is no difference; nor is what one side does not tell.
      differs: plain(left) !== plain(right) || gotOtherwise(left, right),
    };
  });
  return [...rows, ...othersRow("", others)];
}

/** Whether both sides tell what a VMA asked for and got, and not the same. */
function gotOtherwise(before?: VmaState, after?: VmaState): boolean {
  if (before === undefined || after === undefined) return false;
  const isTold = ({ asked = [] }: VmaState) =>
    asked.length > 0 && asked.every((run) => run.asked !== undefined && run.got !== undefined);
  return isTold(before) && isTold(after) && askedText(before) !== askedText(after);
}

/** Both lists are sorted by start, so one walk puts what belongs together on one row. */
function memtypeRows(step: ReplayStep, last: ReplayStep | null): Row[] {
  const was = [last?.before.memtype, last?.after.memtype] as const;
  const { before, after, others } = changed(step.before.memtype, step.after.memtype, ...was);
  const rows: Row[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const a = before[left];
    const b = after[right];
    const takesLeft = a !== undefined && (b === undefined || a.start <= b.start);
    const takesRight = b !== undefined && (a === undefined || b.start <= a.start);
    const text = (list: readonly Memtype[], entry: Memtype | undefined, taken: boolean) => {
      if (entry !== undefined && taken) return memtypeText(entry);
      return list.length === 0 && rows.length + others === 0 ? EMPTY : NONE;
    };
    const label = rows.length === 0 ? "memtype" : "";
    rows.push(row(label, text(before, a, takesLeft), text(after, b, takesRight)));
    if (takesLeft) left += 1;
    if (takesRight) right += 1;
  }
  if (rows.length === 0 && others === 0) return [row("memtype", EMPTY, EMPTY)];
  return [...rows, ...othersRow(rows.length === 0 ? "memtype" : "", others)];
}

/** The modes of RAM pages that are not write-back. */
function ramRows(before: Step["ram"], after: Step["ram"]): Row[] {
  if (before === undefined && after === undefined) return [];
  const text = (runs: Step["ram"]) => (runs === undefined ? NONE : runs.map(memtypeText).join(" "));
  return [row("ram", text(before), text(after))];
}

function eventRows(before: Step, after: Step): Row[] {
  const length = Math.max(before.events.length, after.events.length);
  return Array.from({ length }, (_, index) => {
    const text = (step: Step) => {
      const event = step.events[index];
      return event === undefined ? NONE : eventText(event);
    };
    return row(index === 0 ? "log" : "", text(before), text(after));
  });
}
