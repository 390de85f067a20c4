import type { MmProfile } from "../mm/profile.ts";
import { type ModelBackend, modelBackend } from "../model/backend.ts";
import type { DesignSpec } from "../model/machine.ts";
import { RELEASE_SPECS } from "../models.ts";
import type { Design, Recording } from "../trace/recording.ts";
import { performedTrace } from "../trace/performed.ts";
import type { Trace } from "../trace/trace.ts";
import { firstDisagreement } from "./disagreement.ts";

/** What a profile says besides whose it is. */
export type Fact = Exclude<keyof MmProfile, "release">;

/** A row that a kernel may fit: a release's, or one with some facts changed. */
export interface Row {
  /** The id of the release's model. */
  readonly id: string;
  readonly spec: DesignSpec;
  /** Facts that are not as in the release's row. */
  readonly changed: ReadonlySet<Fact>;
  readonly model: ModelBackend;
}

function rowOf(id: string, design: Design, spec: DesignSpec, changed: ReadonlySet<Fact>): Row {
  return { id, spec, changed, model: modelBackend(id, design, spec) };
}

/** The rows of a design's releases. */
export function rowsOf(design: Design): Row[] {
  const kind = design === "vm-pat" ? "legacy@" : "modern@";
  return [...RELEASE_SPECS]
    .filter(([id]) => id.startsWith(kind))
    .map(([id, spec]) => rowOf(id, design, spec, new Set()));
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** The values that any release has of a fact. */
function valuesOf(fact: Fact): MmProfile[Fact][] {
  const known = [...RELEASE_SPECS.values()].map(({ profile }) => profile[fact]);
  const all = known.some((value) => typeof value === "boolean") ? [true, false] : known;
  return all.filter((value, at) => all.findIndex((other) => isSame(value, other)) === at);
}

export const FACTS = Object.keys([...RELEASE_SPECS.values()][0]?.profile ?? {}).filter(
  (name): name is Fact => name !== "release",
);

/** A row with one fact changed, in every way there is. */
export function neighboursOf(row: Row): { fact: Fact; row: Row }[] {
  const { id, spec, model, changed } = row;
  return FACTS.flatMap((fact) =>
    valuesOf(fact)
      .filter((value) => !isSame(value, spec.profile[fact]))
      .map((value) => {
        const profile = { ...spec.profile, [fact]: value };
        const made = rowOf(id, model.design, { ...spec, profile }, new Set([...changed, fact]));
        return { fact, row: made };
      }),
  );
}

/** Whether a trace tells two rows apart. */
export function tells(trace: Trace, one: Row, other: Row): boolean {
  const [left, right] = [one, other].map(({ model }) => model.recordSync(trace).steps);
  return !isSame(left, right);
}

/** The facts of a row that some of the traces tell of. */
export function factsTold(row: Row, traces: readonly Trace[]): Set<Fact> {
  const told = neighboursOf(row).filter(({ row: other }) =>
    traces.some((trace) => tells(trace, row, other)),
  );
  return new Set(told.map(({ fact }) => fact));
}

/** The recordings that a row does not explain. */
export function unexplained({ model }: Row, recordings: readonly Recording[]): Recording[] {
  return recordings.filter(
    (recording) =>
      firstDisagreement(recording, model.recordSync(performedTrace(recording))) !== null,
  );
}

/** The row that explains most: the best of the releases', then with one fact changed after the other while that helps. */
export function fittingRow(rows: readonly Row[], recordings: readonly Recording[]): Row {
  const score = (row: Row) => unexplained(row, recordings).length;
  const least = (some: readonly Row[]) =>
    some
      .map((row) => ({ row, left: score(row) }))
      .reduce((best, each) => (each.left < best.left ? each : best));
  let best = least(rows);
  while (best.left > 0) {
    const next = least(neighboursOf(best.row).map(({ row }) => row));
    if (next.left >= best.left) break;
    best = next;
  }
  return best.row;
}
