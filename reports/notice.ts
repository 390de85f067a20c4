import { type Group, gravestOf, type Traced } from "../fuzz/roots/group.ts";
import { mappedPfns } from "../fuzz/roots/deeds.ts";
import type { WitnessStep } from "../fuzz/roots/witness.ts";
import { type JudgedFinding, type Side, SIDES } from "../src/oracle/finding.ts";
import { SHORT_MODE } from "../src/pat/cachemode.ts";
import type { Step } from "../src/trace/recording.ts";
import { type Noticed, plainClause, simplestClause } from "./noticeplain.ts";
import { eventText, opText, resultText } from "./optext.ts";

/** What stays reserved after the last step of a trace and after every process has exited as well. */
export interface Ending {
  readonly before: Step;
  readonly after: Step;
  /** Leaks that the oracle finds by then: what the kernel holds for itself is still reserved too, and is none. */
  readonly leaks: readonly Pick<JudgedFinding, "side" | "verdict">[];
}

/**
 * What a user notices: in plain words (reports/noticeplain.ts) by the gravest finding, then, where that is of another
 * symptom, by the simplest witness, and what exactly shows in that one. Each ending is the state after a witness and
 * the exits of all its processes.
 */
export function noticeOf(group: Group, ending: Ending, gravestEnding: Ending): string {
  const [simplest] = group.members;
  const gravest = gravestOf(group);
  const led = noticedOf(gravest, gravestEnding);
  const own = noticedOf(simplest, ending);
  const isSame =
    led.finding.symptom === own.finding.symptom && led.finding.verdict === own.finding.verdict;
  const clause = isSame ? plainClause(own) : `${plainClause(led)}. ${simplestClause(own, led)}`;
  return `${clause}. ${detailOf(group, ending)}`;
}

function noticedOf({ witness: { finding, steps } }: Traced, ending: Ending): Noticed {
  const staysForGood = ending.leaks.some(({ verdict }) => verdict === finding.verdict);
  return { finding, step: steps[finding.step], staysForGood };
}

/**
 * What the first differing step of the simplest witness and the step of the finding show on each side,
 * and until when.
 */
function detailOf({ members: [{ witness, start }] }: Group, ending: Ending): string {
  const { finding, steps } = witness;
  const isKept = finding.verdict === "kept";
  const told = new Set<string>();
  const clauses: string[] = [];
  for (const index of new Set([start.step, finding.step])) {
    const step = steps[index];
    if (step === undefined) continue;
    const differences = isKept ? [] : differencesAt(steps, index);
    const fresh = differences.filter((text) => !told.has(text));
    for (const text of fresh) told.add(text);
    if (index === finding.step && fresh.length === 0) fresh.push(finding.detail);
    if (fresh.length > 0) clauses.push(`${opText(step.op)}: ${fresh.join(", ")}`);
  }
  const last = steps[finding.step];
  const keeps =
    finding.symptom === "over-retention" || [...told].some((text) => / keeps /.test(text));
  const until =
    last === undefined || start.kind === "errno" ? "" : untilText(last, ending, isKept, keeps);
  return `${clauses.join("; then ")}${until}`;
}

/** What a reader of results, log and state sees different, in words. */
function differencesAt(steps: readonly WitnessStep[], index: number): string[] {
  const { before, after } = steps[index] as WitnessStep;
  const was = steps[index - 1];
  return [
    ...resultWords(before, after),
    ...SIDES.flatMap((side) => logWords(side, before, after)),
    ...modeWords(before, after),
    ...SIDES.flatMap((side) => mappedWords(side, before, after)),
    ...SIDES.flatMap((side) => reservedWords(side, before, after)),
    ...SIDES.flatMap((side) => untiedWords(side, before, after)),
    ...countWords(before, after, was),
  ];
}

function resultWords(before: Step, after: Step): string[] {
  const [was, is] = [resultText(before.result), resultText(after.result)];
  if (was !== is) return [`${was} before, ${is} after`];
  const calls = ({ calls: list = [] }: Step) =>
    list.map(({ call, errno }) => `${call} ${errno ?? "ok"}`).join(" ");
  return calls(before) === calls(after)
    ? []
    : [`its calls return ${calls(before)} before, ${calls(after)} after`];
}

/** Messages that only this side logs. */
function logWords(side: Side, before: Step, after: Step): string[] {
  const others = (side === "before" ? after : before).events.map(eventText);
  const own = (side === "before" ? before : after).events.map(eventText);
  const alone = own.filter((text) => {
    const twin = others.indexOf(text);
    if (twin >= 0) others.splice(twin, 1);
    return twin < 0;
  });
  return alone.length === 0 ? [] : [`${side} logs "${alone.join('", "')}"`];
}

/** A pfn that a process has mapped in one mode on one side and in another on the other. */
function modeWords(before: Step, after: Step): string[] {
  const others = mappedPages(after);
  for (const [page, type] of mappedPages(before)) {
    const other = others.get(page);
    if (other !== undefined && other !== type) return [`${page} is ${type} before, ${other} after`];
  }
  return [];
}

function mappedPages({ vmas }: Step): Map<string, string> {
  const modes = new Map<string, string>();
  for (const [proc, list] of Object.entries(vmas)) {
    for (const { at, pages, type } of list.flatMap(({ maps, modes: own }) => maps ?? own ?? [])) {
      for (let n = 0; n < pages; n++) modes.set(`p${proc} page ${at + n}`, SHORT_MODE[type]);
    }
  }
  return modes;
}

/** Pages that a process maps on this side only. */
function mappedWords(side: Side, before: Step, after: Step): string[] {
  const [own, other] = side === "before" ? [before, after] : [after, before];
  const elsewhere = mappedPages(other);
  const alone = [...mappedPages(own).keys()].filter((page) => !elsewhere.has(page));
  return alone.length === 0 ? [] : [`${alone.join(", ")} is mapped ${side} only`];
}

/** Pages that are reserved on this side only: kept past their use, or lost by the other side. */
function reservedWords(side: Side, before: Step, after: Step): string[] {
  const [own, other] = side === "before" ? [before, after] : [after, before];
  const elsewhere = reservedPfns(other);
  const alone = [...reservedPfns(own)]
    .filter(([pfn]) => !elsewhere.has(pfn))
    .sort(([a], [b]) => a - b);
  const [mine, mapped] = [mappedPfns(own), mappedPfns(other)];
  const lost = alone.filter(([pfn]) => mapped.has(pfn));
  const kept = alone.filter(([pfn]) => !mapped.has(pfn) && !mine.has(pfn));
  return [
    ...(kept.length === 0 ? [] : [`${side} keeps ${pfnsText(kept)} reserved`]),
    ...(lost.length === 0 ? [] : [`${otherOf(side)} maps ${pfnsText(lost)} unreserved`]),
  ];
}

const otherOf = (side: Side): Side => (side === "before" ? "after" : "before");

function reservedPfns({ memtype }: Step): Map<number, string> {
  const pfns = new Map<number, string>();
  for (const { start, end, type } of memtype) {
    for (let pfn = start; pfn < end; pfn++) if (!pfns.has(pfn)) pfns.set(pfn, SHORT_MODE[type]);
  }
  return pfns;
}

/** `pfn [0,2) UC-`: ascending pfns, as runs of one mode. */
function pfnsText(pfns: readonly (readonly [number, string])[]): string {
  const runs: { start: number; end: number; mode: string }[] = [];
  for (const [pfn, mode] of pfns) {
    const last = runs.at(-1);
    if (last !== undefined && last.end === pfn && last.mode === mode) last.end++;
    else runs.push({ start: pfn, end: pfn + 1, mode });
  }
  return `pfn ${runs.map(({ start, end, mode }) => `[${start},${end}) ${mode}`).join(", ")}`;
}

/** VMAs that have lost VM_PAT on this side only and map pages still: nobody sees it yet. */
function untiedWords(side: Side, before: Step, after: Step): string[] {
  const [own, other] = side === "before" ? [before, after] : [after, before];
  const elsewhere = untiedVmas(other);
  const alone = untiedVmas(own).filter((text) => !elsewhere.includes(text));
  return alone.length === 0
    ? []
    : [`${side} has taken VM_PAT off ${alone.join(", ")}, still mapped`];
}

function untiedVmas({ vmas }: Step): string[] {
  return Object.entries(vmas).flatMap(([proc, list]) =>
    list
      .filter(({ pat, maps, modes }) => pat === false && (maps ?? modes ?? []).length > 0)
      .map(({ start, end }) => `p${proc} [${start},${end})`),
  );
}

/** Contexts whose count is another than that of their holders, on one side. */
function countWords(before: Step, after: Step, was: WitnessStep | undefined): string[] {
  return SIDES.flatMap((side) => {
    const bad = badContexts(side === "before" ? before : after);
    const known = was === undefined ? [] : badContexts(was[side]);
    const fresh = bad.filter((text) => !known.includes(text));
    return fresh.length === 0 ? [] : [`${side} has ${fresh.join(", ")}`];
  });
}

function badContexts({ contexts = [] }: Step): string[] {
  return contexts
    .filter(({ refs, holders }) => refs !== holders)
    .map(
      ({ pfn, pages, refs, holders }) =>
        `a context of pfn [${pfn},${pfn + pages}) that counts ${refs} for ${holders} VMAs`,
    );
}

/**
 * Until when: what is reserved still when every process has exited stays until reboot; what a side
 * keeps that nobody maps, and gives back by then, stays until the last VMA that holds it is gone.
 */
function untilText(
  { before, after }: WitnessStep,
  ending: Ending,
  isAlike: boolean,
  keeps: boolean,
): string {
  const leaksOn = (side: Side) =>
    ending.leaks.some(
      (leak) => leak.side === side || leak.verdict === "kept" || leak.verdict === "changed",
    );
  const left = (side: Side) => (leaksOn(side) ? [...reservedPfns(ending[side])] : []);
  const [was, is] = [left("before"), left("after")];
  if (isAlike && was.length > 0 && is.length > 0) return `; ${pfnsText(is)} stays until reboot`;
  for (const side of isAlike ? [] : SIDES) {
    const [own, other] = side === "before" ? [was, is] : [is, was];
    const alone = own.filter(([pfn]) => !other.some(([twin]) => twin === pfn));
    if (alone.length > 0) return `; ${side}, ${pfnsText(alone)} stays until reboot`;
  }
  const who = SIDES.filter((side) => unusedPfns(side === "before" ? before : after).length > 0);
  const [side] = who;
  if (side === undefined || !keeps) return "";
  const name = who.length === 2 ? "on both sides" : side;
  return `; ${name}, it stays until the last VMA that came of the mapping is gone`;
}

/** What is reserved and not mapped by any process. */
function unusedPfns(step: Step): (readonly [number, string])[] {
  const mapped = mappedPfns(step);
  return [...reservedPfns(step)].filter(([pfn]) => !mapped.has(pfn));
}
