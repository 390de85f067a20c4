import type { ReplayStep } from "../src/replay.ts";
import type { Memtype, Step, VmaState } from "../src/trace/recording.ts";
import { grantText, isAsAsked, kernelMapText, requestText, whyText } from "./askedtext.ts";
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

/** A step's state as rows that put the same thing of both sides next to each other. */
export function stepRows(step: ReplayStep): Row[] {
  const { before, after } = step;
  return [
    row("result", resultText(before.result), resultText(after.result)),
    ...sentenceRows(refusals(before), refusals(after)),
    ...vmaRows(before, after),
    ...kernelMapRows(before, after),
    ...memtypeRows(before.memtype, after.memtype),
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
  return { label, before, after, differs: before !== after };
}

function vmaRows(before: Step, after: Step): Row[] {
  const procs = [...new Set([...Object.keys(before.vmas), ...Object.keys(after.vmas)])];
  return procs
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((proc) => [
      ...procRows(`p${proc}`, before.vmas[proc], after.vmas[proc]),
      ...sentenceRows(vmaReasons(before.vmas[proc]), vmaReasons(after.vmas[proc])),
    ]);
}

/** Why mappings have another mode than they asked for, each reason once. */
function vmaReasons(vmas: readonly VmaState[] = []): string[] {
  const grants = vmas.flatMap(({ asked = [] }) => asked.filter((grant) => !isAsAsked(grant)));
  return [...new Set(grants.map((grant) => `${grantText(grant)}: ${whyText(grant)}`))];
}

/** Sentences of both sides; what both say stands once. */
function sentenceRows(before: readonly string[], after: readonly string[]): Row[] {
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

function procRows(label: string, before?: VmaState[], after?: VmaState[]): Row[] {
  const byStart = (list: VmaState[] = []) => new Map(list.map((vma) => [vma.start, vma]));
  const [lefts, rights] = [byStart(before), byStart(after)];
  const unique = [...new Set([...lefts.keys(), ...rights.keys()])].sort((a, b) => a - b);
  const absent = (list?: VmaState[]) => {
    if (list === undefined) return "(not alive)";
    return list.length === 0 ? "(no mappings)" : NONE;
  };
  if (unique.length === 0) return [row(label, absent(before), absent(after))];
  return unique.map((start, index) => {
    const left = lefts.get(start);
    const right = rights.get(start);
    const text = (vma: VmaState | undefined, list?: VmaState[]) =>
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
}

/** Whether both sides tell what a VMA asked for and got, and not the same. */
function gotOtherwise(before?: VmaState, after?: VmaState): boolean {
  if (before === undefined || after === undefined) return false;
  const isTold = ({ asked = [] }: VmaState) =>
    asked.length > 0 && asked.every((run) => run.asked !== undefined && run.got !== undefined);
  return isTold(before) && isTold(after) && askedText(before) !== askedText(after);
}

/** Both lists are sorted by start, so one walk puts what belongs together on one row. */
function memtypeRows(before: readonly Memtype[], after: readonly Memtype[]): Row[] {
  const rows: Row[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const a = before[left];
    const b = after[right];
    const takesLeft = a !== undefined && (b === undefined || a.start <= b.start);
    const takesRight = b !== undefined && (a === undefined || b.start <= a.start);
    const text = (list: readonly Memtype[], entry: Memtype | undefined, taken: boolean) => {
      if (entry !== undefined && taken) return memtypeText(entry);
      return list.length === 0 && rows.length === 0 ? EMPTY : NONE;
    };
    const label = rows.length === 0 ? "memtype" : "";
    rows.push(row(label, text(before, a, takesLeft), text(after, b, takesRight)));
    if (takesLeft) left += 1;
    if (takesRight) right += 1;
  }
  return rows.length === 0 ? [row("memtype", EMPTY, EMPTY)] : rows;
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
