import { FIX_TEXT, FIXES } from "../../legacy/historic.ts";
import { BY_FIX, RELEASES } from "./releases.ts";

/** What began or ended with a change of the kernel's, and which change that was. */
export interface Change {
  readonly how: "began" | "ended";
  readonly by: string;
}

/** The series that took VM_PAT's place, merged for 6.16. */
const SERIES = "the series 20250512123424.637989-1-david@redhat.com (6.16)";

/** How the tracking changed, one stage after the other: models alike in it, and what made them so. */
const STAGES: readonly { readonly models: readonly string[]; readonly by: string }[] = [
  ...FIXES.map((fix) => ({
    models: modelsWith(BY_FIX[fix]),
    by: `${fix} (${FIX_TEXT[fix][1]})`,
  })),
  { models: RELEASES.map(({ id }) => id).filter((id) => id.startsWith("modern@")), by: SERIES },
];

/** The model of a stage, and of the last one before 6.16 those of other mm code too. */
function modelsWith(model: string): string[] {
  const isWhole = model === BY_FIX[FIXES.at(-1) as keyof typeof BY_FIX];
  return isWhole ? [model, "legacy@6.1", "legacy@6.15"] : [model];
}

/** With which changes that began or ended which these models show; nothing where a stage is not of one mind. */
export function changesOf(shows: readonly string[]): Change[] {
  const shown = STAGES.map(({ models }) => {
    const count = models.filter((id) => shows.includes(id)).length;
    return count === 0 ? false : count === models.length ? true : null;
  });
  return STAGES.flatMap(({ by }, at): Change[] => {
    const [before, after] = [shown[at - 1], shown[at]];
    if (typeof before !== "boolean" || typeof after !== "boolean" || before === after) return [];
    return [{ how: after ? "began" : "ended", by }];
  });
}
