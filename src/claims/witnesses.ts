import type { Finding, Symptom } from "../oracle/finding.ts";
import type { PairName } from "./claim.ts";
import { invalidFrees, isCut, isExact } from "./facts.ts";
import { differs, type Watched } from "./gather.ts";
import type { SeenStep, SeenTrace } from "./watch.ts";

/** A kind of trace worth showing, and how it is known. */
interface WitnessKind {
  readonly id: string;
  readonly says: string;
  readonly pair: PairName;
  readonly shows: (seen: Watched) => boolean;
}

const some = ({ steps }: SeenTrace, holds: (step: SeenStep) => boolean) => steps.some(holds);

function found({ steps }: SeenTrace, holds: (finding: Finding) => boolean): boolean {
  return steps.some(({ findings }) => findings.some(holds));
}

const COVERAGE: readonly Symptom[] = ["untracked-mapping", "alias", "missed-conflict"];

function differsSomewhere(base: SeenTrace, variant: SeenTrace): boolean {
  return base.steps.some((step, at) => differs(step, variant.steps[at]));
}

/** The traces that claims may be shown by. */
export const WITNESSES = [
  {
    id: "shrink-inexact",
    says: "A shrinking mremap() that did not work before.",
    pair: "series",
    shows: ({ before }) =>
      some(before, (step) => {
        const sole = isCut(step, "shrink", true) || isCut(step, "shrink", false);
        return sole && !isExact(step);
      }),
  },
  {
    id: "shrink-exact",
    says: "A shrinking mremap() that gave back what it cut off.",
    pair: "series",
    shows: ({ before }) => some(before, (step) => isCut(step, "shrink", true) && isExact(step)),
  },
  {
    id: "partial-broken",
    says: "A partial munmap() that went wrong before.",
    pair: "series",
    shows: ({ before }) =>
      some(before, (step) => isCut(step, "head", true) && invalidFrees(step) > 0),
  },
  {
    id: "retained-then-freed",
    says: "After, the reservation stands until the last piece goes, and then goes whole.",
    pair: "series",
    shows: ({ after }) =>
      after.left === 0 && some(after, ({ cuts }) => cuts.some((cut) => cut.sole && cut.stands)),
  },
  {
    id: "after-left",
    says: "A reservation that outlives every mapping after.",
    pair: "series",
    shows: ({ after }) => after.left > 0,
  },
  {
    id: "retention-matters",
    says: "A mapping that what stays reserved refuses or changes after, and not before.",
    pair: "series",
    shows: ({ before, after }) =>
      after.retention.refused + after.retention.changed >
        before.retention.refused + before.retention.changed &&
      found(after, ({ symptom }) => symptom === "refused" || symptom === "stale-memtype"),
  },
  {
    id: "move-broken",
    says: "Moving a piece leaves a reservation that nobody frees before, and nothing after.",
    pair: "series",
    shows: ({ before, after }) =>
      before.left > 0 &&
      after.left === 0 &&
      found(before, ({ symptom, cause }) => symptom === "leak" && cause.startsWith("move-")),
  },
  {
    id: "coverage-lost",
    says: "After, a mapping that is not covered, or not kept apart from another cache mode.",
    pair: "series",
    shows: ({ after }) => found(after, ({ symptom }) => COVERAGE.includes(symptom)),
  },
  {
    id: "erase-by-end-differs",
    says: "The refcounted design shows whether an erase may match by end.",
    pair: "erase-by-end",
    shows: ({ after, eraseByEnd }) => differsSomewhere(after, eraseByEnd),
  },
  {
    id: "lax-fork-differs",
    says: "VM_PAT shows whether fork reserves strictly.",
    pair: "lax-fork",
    shows: ({ before, laxFork }) => differsSomewhere(before, laxFork),
  },
  {
    id: "invalid-free",
    says: "The shortest way to the line before.",
    pair: "series",
    shows: ({ before }) => some(before, (step) => invalidFrees(step) > 0),
  },
  {
    id: "invalid-free-after",
    says: "The shortest way to the line after.",
    pair: "series",
    shows: ({ after }) => some(after, (step) => invalidFrees(step) > 0),
  },
] as const satisfies readonly WitnessKind[];

export type WitnessId = (typeof WITNESSES)[number]["id"];
