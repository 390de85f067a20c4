import type { Finding, Symptom } from "../oracle/finding.ts";
import type { PairName } from "./claim.ts";
import { invalidFrees, isCut, isExact, leftStanding } from "./facts.ts";
import { differs, type SeenStep, type SeenTrace, type Watched } from "./watch.ts";

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

/** A mapping refused or changed because of a part that is unmapped and still reserved. */
function isHarm({ symptom, cause }: Finding): boolean {
  return cause === "retained" && (symptom === "refused" || symptom === "stale-memtype");
}

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
    id: "tail-inexact",
    says: "An unmapped tail before, where the one reservation over the mapping is not its own.",
    pair: "series",
    shows: ({ before }) => some(before, (step) => isCut(step, "tail", true) && !isExact(step)),
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
    shows: ({ after }) => after.left === 0 && some(after, leftStanding),
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
      found(after, (finding) => isHarm(finding)) && !found(before, (finding) => isHarm(finding)),
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
