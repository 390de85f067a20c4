import { counted, plural } from "../counted.ts";
import type { JudgedClaim } from "./claim.ts";
import { shownFrom, symptomsText, witnessAfter } from "./explored.ts";
import { cleanUps, cost, fewCare, louder } from "./judgelater.ts";
import type { Evidence } from "./gather.ts";
import { addCuts, kernelsText, orWitness, share, witnessOf } from "./words.ts";
import { CUT_KINDS, type CutCount, type Facts } from "./facts.ts";
import type { Symptom } from "../oracle/finding.ts";

/** Judges the nine claims, in their order. */
export function judgeClaims(evidence: Evidence): JudgedClaim[] {
  return [
    shrinkWorked(evidence),
    partialUnmapBroken(evidence),
    wholeRangeUntilLast(evidence),
    fewCare(evidence),
    movesAndForksBetter(evidence),
    coverageAsGood(evidence),
    cleanUps(evidence),
    louder(evidence),
    cost(evidence),
  ];
}

function cutText(what: string, { all, exact }: CutCount): string {
  return counted`${what}: ${exact} of ${all} gave back exactly what they cut off, without a word.`;
}

function shrinkWorked(evidence: Evidence): JudgedClaim {
  const { facts } = evidence.before;
  const [sole, shared] = [facts.sole.shrink, facts.shared.shrink];
  const all = addCuts(sole, shared);
  return {
    number: 1,
    claim:
      "Before the series, shrinking a mapping with mremap() worked: the reservation was cut back with it.",
    judgement: all.exact === all.all ? "holds" : sole.exact === sole.all ? "partly" : "fails",
    evidence: [
      cutText("Shrinks of a mapping that was the only one over its pages, and whole", sole),
      cutText("Shrinks of a piece, or of pages that others had reserved too", shared),
      ...kernelsText(
        evidence,
        "before",
        ({ sole: cuts }) => counted`${cuts.shrink.exact} of ${cuts.shrink.all} sole shrinks`,
      ),
    ],
    ...witnessOf(evidence, "shrink-inexact", "shrink-exact"),
  };
}

function partialUnmapBroken(evidence: Evidence): JudgedClaim {
  const { head, middle, tail } = evidence.before.facts.sole;
  const broken = head.exact === 0 && middle.exact === 0;
  const asClaimed = broken && tail.exact === tail.all;
  return {
    number: 2,
    claim:
      "Before, every other partial unmap was broken, but for the one that takes the end of a mapping.",
    judgement: asClaimed ? "holds" : broken ? "partly" : "fails",
    evidence: [
      cutText("Unmaps of the head of a whole, sole mapping", head),
      cutText("Unmaps of the middle of one", middle),
      cutText("Unmaps of its tail", tail),
      ...kernelsText(evidence, "before", ({ sole }) =>
        [
          counted`head ${sole.head.exact} of ${sole.head.all}`,
          counted`middle ${sole.middle.exact} of ${sole.middle.all}`,
          counted`tail ${sole.tail.exact} of ${sole.tail.all}`,
        ].join(", "),
      ),
    ],
    ...witnessOf(evidence, "tail-inexact", "partial-broken"),
  };
}

/** Partial unmaps of mappings that nothing else covered, of every kind. */
function soleCuts({ sole }: Facts): number {
  return CUT_KINDS.reduce((sum, kind) => sum + sole[kind].all, 0);
}

/** A range that is not given back, a piece of it without reservation, an owner that is lost. */
const LOST: readonly Symptom[] = ["leak", "untracked-mapping", "refcount"];

function wholeRangeUntilLast(evidence: Evidence): JudgedClaim {
  const { facts } = evidence.after;
  const { series } = evidence.explored;
  const cuts = soleCuts(facts);
  const against = witnessAfter(series, LOST);
  const kept = facts.stood === cuts && facts.left === 0 && facts.invalidFrees === 0;
  const asClaimed = kept && against === undefined;
  const isFreed =
    facts.left === 0 && (series === null || shownFrom(series, "after", "leak") === undefined);
  return {
    number: 3,
    claim:
      "After, a partial unmap keeps the whole range reserved until the last piece is gone, and then it is always freed.",
    judgement: asClaimed ? "holds" : isFreed ? "partly" : "fails",
    evidence: [
      counted`The whole reservation stood after ${facts.stood} of ${cuts} partial unmaps.`,
      counted`${plural(facts.left, "reservation")} left at the end of ${plural(facts.traces, "trace")}, ` +
        counted`once every process had gone; before: ${evidence.before.facts.left}.`,
      ...symptomsText(series, [...LOST, "over-retention"]),
      ...kernelsText(
        evidence,
        "after",
        (seen) =>
          counted`stood after ${seen.stood} of ${soleCuts(seen)}, ${seen.invalidFrees} invalid frees`,
      ),
    ],
    ...orWitness(against, witnessOf(evidence, "after-left", "retained-then-freed")),
  };
}

function movesAndForksBetter(evidence: Evidence): JudgedClaim {
  const { before, after } = evidence;
  const groups = ["move", "fork", "split"] as const;
  const now = groups.map((group) => after.facts.faults[group]);
  const worse = groups.some((group) => after.facts.faults[group] > before.facts.faults[group]);
  return {
    number: 5,
    claim:
      "Duplicating, moving and forking tracked mappings is definitely better after; splitting them arguably.",
    judgement: worse ? "fails" : now.every((faults) => faults === 0) ? "holds" : "partly",
    evidence: [
      ...groups.map(
        (group) =>
          counted`Faults that a ${group} brought about: ${before.facts.faults[group]} before, ` +
          counted`${after.facts.faults[group]} after.`,
      ),
      counted`Reservations that ${plural(before.facts.forks, "fork")} made before: ` +
        counted`${before.facts.reservedByFork}; after, ${plural(after.facts.forks, "fork")}: ` +
        counted`${after.facts.reservedByFork}.`,
      `What splitting costs: pages stayed reserved past their last mapping for ` +
        counted`${after.facts.retained.pageOps} page-ops after, ${before.facts.retained.pageOps} before.`,
    ],
    ...witnessOf(evidence, "move-broken"),
  };
}

const COVERAGE: readonly Symptom[] = ["untracked-mapping", "alias", "missed-conflict"];

function coverageAsGood(evidence: Evidence): JudgedClaim {
  const counts = (facts: Facts) => COVERAGE.map((symptom) => facts.symptoms[symptom] ?? 0);
  const [was, is] = [counts(evidence.before.facts), counts(evidence.after.facts)];
  const { series } = evidence.explored;
  const against = witnessAfter(series, COVERAGE);
  const worse = is.some((count, at) => count > (was[at] ?? 0)) || against !== undefined;
  return {
    number: 6,
    claim: "After, ranges are tracked as well as they were: no mapping is less protected.",
    judgement: worse ? "fails" : "holds",
    evidence: [
      ...COVERAGE.map(
        (symptom, at) => counted`${symptom}: ${was[at] ?? 0} before, ${is[at] ?? 0} after.`,
      ),
      `Looked at after each of ${plural(evidence.after.facts.ops, "op")}, page by page; every ` +
        `mapping made was tried against those alive (${share(evidence.after.facts.mmaps, evidence.after.facts.ops)} of the ops are mmap()).`,
      ...symptomsText(series, COVERAGE),
      ...kernelsText(evidence, "after", (facts) => `${counts(facts).join(", ")} of these three`),
    ],
    ...orWitness(against, witnessOf(evidence, "coverage-lost")),
  };
}
