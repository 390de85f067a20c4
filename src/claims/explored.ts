import { counted } from "../counted.ts";
import { type Side, SYMPTOMS, type Symptom } from "../oracle/finding.ts";
import type { Trace } from "../trace/trace.ts";
import type { PairName, Witness } from "./claim.ts";

/** Every sequence of ops up to a bound, on two sides: what showed, and first after how many ops. */
export interface Explored {
  readonly before: string;
  readonly after: string;
  readonly bounds: Bounds;
  readonly levels: readonly { readonly transitions: number; readonly states: number }[];
  /** What the oracle saw; none where the sides were only compared. */
  readonly sides: readonly {
    readonly side: Side;
    readonly shown: readonly { readonly symptom: Symptom; readonly depth: number }[];
  }[];
  /** After how many transitions the sides showed different things, with the shortest trace. */
  readonly differences: readonly {
    readonly transitions: number;
    readonly depth?: number | undefined;
    readonly trace?: Trace | undefined;
  }[];
  /** The shortest trace of each signature. */
  readonly witnesses: readonly {
    readonly signature: string;
    readonly depth: number;
    readonly trace: Trace;
  }[];
}

/** Processes alive at once, virtual areas of each, pages of an area, ops after the first process. */
interface Bounds {
  readonly procs: number;
  readonly slots: number;
  readonly pages: number;
  readonly depth: number;
}

/** The two designs and the two variants as they were explored; null where it was interrupted. */
export type ExploredPairs = Readonly<Record<PairName, Explored | null>>;

/** The bound in words. */
export function boundsText({ procs, slots, pages, depth }: Bounds): string {
  const howMany = (count: number, one: string, many: string) =>
    `${count} ${count === 1 ? one : many}`;
  return (
    `every sequence of up to ${howMany(depth, "op", "ops")} by ` +
    `${howMany(procs, "process", "processes")} in ${howMany(slots, "area", "areas")} of ` +
    howMany(pages, "page", "pages")
  );
}

/** The bound and how much there was within it, to begin a sentence. */
function scopeText({ bounds, levels }: Explored): string {
  const sum = (of: "transitions" | "states") => levels.reduce((all, level) => all + level[of], 0);
  const text = boundsText(bounds);
  const counts = counted`${sum("transitions")} transitions, ${sum("states")} states`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)} (${counts})`;
}

/** The fewest ops that show a symptom on a side; undefined where nothing within the bound does. */
export function shownFrom({ sides }: Explored, side: Side, symptom: Symptom): number | undefined {
  const shown = sides.find((one) => one.side === side)?.shown ?? [];
  return shown.find((one) => one.symptom === symptom)?.depth;
}

/** A sentence on which of these symptoms show on each side, and which do not. */
export function symptomsText(explored: Explored | null, symptoms: readonly Symptom[]): string[] {
  if (explored === null) return [];
  const said = (side: Side) =>
    symptoms
      .map((symptom) => {
        const depth = shownFrom(explored, side, symptom);
        return depth === undefined ? `no ${symptom}` : `${symptom} from ${depth} ops on`;
      })
      .join(", ");
  return [`${scopeText(explored)}: after, ${said("after")}; before, ${said("before")}.`];
}

/** A sentence on how two sides compared that may not differ. */
export function comparisonText(explored: Explored | null): string[] {
  if (explored === null) return [];
  const { before, after } = explored;
  const found = shortestDifference(explored);
  const said =
    found === undefined
      ? `${after} and ${before} show the same after each transition`
      : `${after} and ${before} differ from ${found.depth} ops on`;
  return [`${scopeText(explored)}: ${said}.`];
}

/** Whether two sides showed something different within the bound. */
export function differsWithin(explored: Explored | null): boolean {
  return explored !== null && shortestDifference(explored) !== undefined;
}

function shortestDifference({
  differences,
}: Explored): { depth: number; trace: Trace } | undefined {
  return differences
    .flatMap(({ depth, trace }) =>
      depth === undefined || trace === undefined ? [] : [{ depth, trace }],
    )
    .sort((a, b) => a.depth - b.depth)[0];
}

/** The shortest trace that shows one of these symptoms after: none within the bound is shorter. */
export function witnessAfter(
  explored: Explored | null,
  symptoms: readonly Symptom[],
): Witness | undefined {
  const found = (explored?.witnesses ?? [])
    .filter(({ signature }) => {
      const [verdict, symptom] = signature.split(":");
      return verdict !== "fixed" && symptoms.some((one) => one === symptom);
    })
    .sort((a, b) => a.depth - b.depth)[0];
  if (found === undefined) return undefined;
  const symptom = SYMPTOMS.find((one) => found.signature.split(":")[1] === one);
  return { says: `The shortest way to a ${symptom} after.`, trace: found.trace, pair: "series" };
}

/** The shortest trace after which a variant and its design differ. */
export function witnessOfDifference(
  explored: Explored | null,
  pair: PairName,
): Witness | undefined {
  const found = explored === null ? undefined : shortestDifference(explored);
  if (found === undefined) return undefined;
  return { says: "The shortest way to tell the two apart.", trace: found.trace, pair };
}
