import { assertNever } from "../../src/assertnever.ts";
import type { CacheMode } from "../../src/pat/cachemode.ts";
import type { RegionVia } from "../../src/trace/op.ts";
import type { Memtype, Recording, Step } from "../../src/trace/recording.ts";
import type { Mtrr } from "../../src/trace/trace.ts";
import { UserError } from "../../src/usererror.ts";
import {
  countEntries,
  type Expectation,
  holds,
  isMapped,
  outcomeOf,
  type Pages,
  stepOf,
  typeAt,
} from "./expectation.ts";
import { assertRecorded, type ReproInput } from "./input.ts";

/**
 * What a reproducer checks: an expectation that fails on the side that has the symptom and, where
 * user space can see the difference, holds on the other. UserError where nothing that user space
 * can see tells the symptom.
 */
export function chooseExpectation(input: ReproInput): Expectation {
  assertRecorded(input);
  const { finding } = input;
  const own = finding.side === "before" ? input.before : input.after;
  const other = finding.side === "before" ? input.after : input.before;
  const failing = candidates(input, own, other).filter((expected) => !holds(expected, own));
  const chosen = failing.find((expected) => holds(expected, other)) ?? failing[0];
  if (chosen !== undefined) return chosen;
  throw new UserError(
    `${finding.signature}: at step ${finding.step} nothing that user space can see shows it`,
  );
}

/** The expectations that could tell the symptom, the plainest first. */
function candidates(input: ReproInput, own: Recording, other: Recording): Expectation[] {
  const { finding } = input;
  const { step } = finding;
  switch (finding.symptom) {
    case "leak":
      return leakCandidates(own, other);
    case "over-retention":
      return retentionCandidates(step, own, other);
    case "double-untrack":
      return [{ kind: "quiet", step, message: "invalid-free" }];
    case "wrong-owner-untrack":
      return ownerCandidates(step, own, other);
    case "untracked-mapping":
      return mappedPages(stepOf(own, step)).map((page) => ({ kind: "reserved", step, page }));
    case "refused":
      return [{ kind: "result", step, expected: null }];
    case "stale-memtype":
      return [...askedCandidates(step, own, "type"), ...otherTypeCandidates(step, own, other)];
    case "alias":
    case "missed-conflict":
      return [...askedCandidates(step, own, "not-type"), ...otherTypeCandidates(step, own, other)];
    case "errno":
      return [
        { kind: "result", step, expected: outcomeOf(stepOf(other, step)) },
        ...mappingCandidates(step, own, other),
      ];
    case "warning":
      return [{ kind: "quiet", step, message: "warn" }];
    case "bug":
    case "crash":
    case "hang":
    case "kernel-leak":
      throw new UserError(
        `${finding.signature}: a program cannot see what becomes of the kernel (see its console)`,
      );
    case "refcount":
      throw new UserError(`${finding.signature}: no kernel shows user space a context's count`);
    case "mode-mismatch":
      throw new UserError(`${finding.signature}: no kernel shows user space the mode of a page`);
    default:
      return assertNever(finding.symptom);
  }
}

function leakCandidates(own: Recording, other: Recording): Expectation[] {
  const step = own.steps.length - 1;
  const window = [{ start: 0, end: own.trace.world.pfns }];
  const leaked = reservedPages(stepOf(own, step));
  const only = leaked.filter((page) => typeAt(stepOf(other, step), page) === null);
  return [window, rangesOf(only)].map((pages) => ({ kind: "unreserved", step, pages }));
}

function retentionCandidates(step: number, own: Recording, other: Recording): Expectation[] {
  const state = stepOf(own, step);
  const mapped = new Set(mappedPages(state, copiedPages(own, step)));
  const retained = reservedPages(state).filter((page) => !mapped.has(page));
  const only = retained.filter((page) => typeAt(stepOf(other, step), page) === null);
  return [retained, only].map((pages) => ({ kind: "unreserved", step, pages: rangesOf(pages) }));
}

/** Virtual pages that only one side maps, as an op leaves them that failed alike on both. */
function mappingCandidates(step: number, own: Recording, other: Recording): Expectation[] {
  const there = stepOf(other, step);
  const pages = Array.from({ length: own.trace.world.vpages }, (_, page) => page);
  return Object.keys(there.vmas).flatMap((name) => {
    const proc = Number(name);
    return pages.map((page) => {
      const mapped = isMapped(there, proc, page);
      return { kind: "mapping" as const, step, proc, page, mapped };
    });
  });
}

/** Reservations that went with this step, those that the other side kept first. */
function ownerCandidates(step: number, own: Recording, other: Recording): Expectation[] {
  const earlier: readonly Memtype[] = step === 0 ? [] : stepOf(own, step - 1).memtype;
  const known = [...stepOf(other, step).memtype, ...earlier];
  return known.map((entry) => {
    const elsewhere = countEntries(stepOf(other, step), entry);
    return { kind: "entry", step, entry, count: Math.max(1, elsewhere) };
  });
}

/** The pages of the mapping made at or last before the step, against the mode it asked for. */
function askedCandidates(step: number, own: Recording, kind: "type" | "not-type"): Expectation[] {
  const op = own.trace.ops.slice(0, step + 1).findLast((candidate) => candidate.op === "mmap");
  if (op === undefined || op.via === "anon") return [];
  const type = askedType(op.via, own.trace.world.mtrr);
  return Array.from({ length: op.pages }, (_, page) => ({ kind, step, page: op.pfn + page, type }));
}

/** Pages that the sides list with different types. */
function otherTypeCandidates(step: number, own: Recording, other: Recording): Expectation[] {
  return Array.from({ length: own.trace.world.pfns }, (_, page) => page).flatMap((page) => {
    const type = typeAt(stepOf(other, step), page);
    return type === null ? [] : [{ kind: "type" as const, step, page, type }];
  });
}

const ASKED: Readonly<Record<RegionVia, Readonly<Record<Mtrr, CacheMode>>>> = {
  resource: { uncached: "uncached-minus", "write-back": "uncached-minus" },
  resource_wc: { uncached: "write-combining", "write-back": "write-combining" },
  devmem: { uncached: "uncached-minus", "write-back": "write-back" },
  devmem_sync: { uncached: "uncached-minus", "write-back": "uncached-minus" },
};

/** The mode a mapping asks for, the MTRR hint included. */
export function askedType(via: RegionVia, mtrr: Mtrr): CacheMode {
  return ASKED[via][mtrr];
}

function reservedPages(step: Step): number[] {
  return sortedPages(step.memtype);
}

/** Pages that a live VMA maps, less those that each process has copied for itself. */
function mappedPages(step: Step, copied: ReadonlySet<string> = new Set()): number[] {
  const ranges = Object.entries(step.vmas).flatMap(([proc, vmas]) =>
    vmas.flatMap(({ pfn, start, end, private: isPrivate }) =>
      Array.from({ length: end - start }, (_, page) => pfn + page)
        .filter((page) => !(isPrivate && copied.has(`${proc} ${page}`)))
        .map((page) => ({ start: page, end: page + 1 })),
    ),
  );
  return sortedPages(ranges);
}

/** The pages ("proc pfn") that writes to private mappings have copied, up to a step. */
function copiedPages(recording: Recording, last: number): Set<string> {
  const copied = new Set<string>();
  recording.trace.ops.slice(0, last + 1).forEach((op, index) => {
    const state = stepOf(recording, index);
    if (outcomeOf(state) !== null) return;
    if (op.op === "fork") {
      const inherited = [...copied].filter((key) => key.startsWith(`${op.proc} `));
      for (const key of inherited) copied.add(`${op.child} ${key.split(" ")[1]}`);
    }
    if (op.op !== "touch" || !op.write) return;
    const vma = state.vmas[op.proc]?.find(({ start, end }) => start <= op.at && op.at < end);
    if (vma?.private === true && vma.anon !== true)
      copied.add(`${op.proc} ${vma.pfn + op.at - vma.start}`);
  });
  return copied;
}

function sortedPages(ranges: readonly Pages[]): number[] {
  const pages = ranges.flatMap(({ start, end }) =>
    Array.from({ length: end - start }, (_, page) => start + page),
  );
  return [...new Set(pages)].sort((a, b) => a - b);
}

function rangesOf(pages: readonly number[]): Pages[] {
  const ranges: { start: number; end: number }[] = [];
  for (const page of pages) {
    const last = ranges.at(-1);
    if (last?.end === page) last.end = page + 1;
    else ranges.push({ start: page, end: page + 1 });
  }
  return ranges;
}
