import { assertNever } from "../../src/assertnever.ts";
import type { Outcome } from "../../src/mm/errno.ts";
import type { CacheMode } from "../../src/pat/cachemode.ts";
import type { Memtype, Recording, Step } from "../../src/trace/recording.ts";

/** A half-open range of pages of the window. */
export interface Pages {
  readonly start: number;
  readonly end: number;
}

/** The kernel messages that an expectation may forbid. */
export type Message = "invalid-free" | "warn";

/**
 * What must hold after (or, for messages and results, at) a step where the symptom does not show.
 * Each is visible to user space: in a return value, the memtype list, or the kernel log.
 */
export type Expectation =
  | { readonly kind: "result"; readonly step: number; readonly expected: Outcome }
  | { readonly kind: "quiet"; readonly step: number; readonly message: Message }
  | { readonly kind: "unreserved"; readonly step: number; readonly pages: readonly Pages[] }
  | { readonly kind: "reserved"; readonly step: number; readonly page: number }
  | {
      readonly kind: "type";
      readonly step: number;
      readonly page: number;
      readonly type: CacheMode;
    }
  | {
      readonly kind: "not-type";
      readonly step: number;
      readonly page: number;
      readonly type: CacheMode;
    }
  | {
      readonly kind: "mapping";
      readonly step: number;
      readonly proc: number;
      readonly page: number;
      readonly mapped: boolean;
    }
  | {
      readonly kind: "entry";
      readonly step: number;
      readonly entry: Memtype;
      readonly count: number;
    };

/** The outcome of a step: null for success, or its errno. */
export function outcomeOf(step: Step): Outcome {
  return "errno" in step.result ? step.result.errno : null;
}

/** An outcome as a C constant: 0 or the errno's name. */
export function outcomeName(outcome: Outcome): string {
  return outcome ?? "0";
}

/** The step of a recording; a step that is not there is our own fault. */
export function stepOf(recording: Recording, index: number): Step {
  const step = recording.steps[index];
  if (step === undefined) throw new Error(`the recording has no step ${index}`);
  return step;
}

/** The type the list gives a page: that of the first reservation over it, or null. */
export function typeAt(step: Step, page: number): CacheMode | null {
  return step.memtype.find((entry) => entry.start <= page && page < entry.end)?.type ?? null;
}

/** Whether a process maps a virtual page; one that is not alive maps none. */
export function isMapped(step: Step, proc: number, page: number): boolean {
  return (step.vmas[proc] ?? []).some(({ start, end }) => start <= page && page < end);
}

/** How many reservations of exactly this range and type the list has. */
export function countEntries(step: Step, entry: Memtype): number {
  return step.memtype.filter(
    ({ start, end, type }) => start === entry.start && end === entry.end && type === entry.type,
  ).length;
}

/** Whether a recording meets an expectation; false is the symptom, a reproducer's FAIL. */
export function holds(expectation: Expectation, recording: Recording): boolean {
  const step = stepOf(recording, expectation.step);
  switch (expectation.kind) {
    case "result":
      return outcomeOf(step) === expectation.expected;
    case "quiet":
      return step.events.every((event) => event.kind !== expectation.message);
    case "unreserved":
      return expectation.pages.every(({ start, end }) =>
        step.memtype.every((entry) => entry.end <= start || end <= entry.start),
      );
    case "reserved":
      return typeAt(step, expectation.page) !== null;
    case "type":
      return typeAt(step, expectation.page) === expectation.type;
    case "not-type":
      return typeAt(step, expectation.page) !== expectation.type;
    case "mapping":
      return isMapped(step, expectation.proc, expectation.page) === expectation.mapped;
    case "entry":
      return countEntries(step, expectation.entry) >= expectation.count;
    default:
      return assertNever(expectation);
  }
}

/** The expectation in words, to stand after "after step N". */
export function expectationText(expectation: Expectation): string {
  switch (expectation.kind) {
    case "result":
      return expectation.expected === null
        ? "the call succeeds"
        : `the call fails with ${expectation.expected}`;
    case "quiet":
      return expectation.message === "warn"
        ? "the kernel has not warned"
        : 'the kernel has not logged "freeing invalid memtype" for the window';
    case "unreserved":
      return `no reservation covers ${expectation.pages.map(pagesText).join(" or ")}`;
    case "reserved":
      return `a reservation covers page ${expectation.page}`;
    case "type":
      return `page ${expectation.page} is ${expectation.type}`;
    case "not-type":
      return `page ${expectation.page} is not ${expectation.type}`;
    case "mapping": {
      const { proc, page, mapped } = expectation;
      return `virtual page ${page} of p${proc} is ${mapped ? "still mapped" : "not mapped"}`;
    }
    case "entry": {
      const { entry, count } = expectation;
      const times = count === 1 ? "" : ` ${count} times`;
      return `the list still has ${pagesText(entry)} ${entry.type}${times}`;
    }
    default:
      return assertNever(expectation);
  }
}

function pagesText({ start, end }: Pages): string {
  return end - start === 1 ? `page ${start}` : `pages [${start},${end})`;
}
