import type { SourceName } from "../../fuzz/sources.ts";

/** What one figure measures. Backends are ids, of which a file's is relative to the project. */
export type Workload =
  | { readonly kind: "generation" }
  | { readonly kind: "replay"; readonly backend: string }
  /** Both sides and the oracle on traces that were drawn before, in the worlds that they were drawn in or elsewhere. */
  | { readonly kind: "ready"; readonly world: "drawn" | "moved" | "stretched" }
  | {
      readonly kind: "campaign";
      readonly before: string;
      readonly after: string;
      readonly source: SourceName;
    }
  /** So many live mappings of one page, shared out among so many processes. */
  | { readonly kind: "reservations"; readonly count: number; readonly processes: number };

/** What an op costs here as often as an op of another figure. */
interface Cost {
  readonly name: string;
  readonly against: string;
}

/** One figure of `pfndiff bench`. */
export interface Figure {
  /** What `--only` takes; several figures may belong together. */
  readonly group: string;
  readonly part?: string;
  readonly about: string;
  readonly workload: Workload;
  readonly cost?: Cost;
}

const BEFORE = "legacy";
const AFTER = "modern";
const plain = { kind: "campaign", before: BEFORE, after: AFTER, source: "plain" } as const;
const ready = { kind: "ready", world: "drawn" } as const;
const against = (name: string, figure = "campaign"): Cost => ({ name, against: figure });

/** Costs are taken of neighbours: figures are measured by turns in this order. */
export const FIGURES: readonly Figure[] = [
  { group: "generation", about: "traces written", workload: { kind: "generation" } },
  {
    group: "replay",
    part: BEFORE,
    about: "one side recorded, legacy",
    workload: { kind: "replay", backend: BEFORE },
  },
  {
    group: "replay",
    part: AFTER,
    about: "one side recorded, modern",
    workload: { kind: "replay", backend: AFTER },
  },
  { group: "differential", about: "both sides and the oracle on ready traces", workload: ready },
  {
    group: "world",
    part: "moved",
    about: "the same traces at the end of 1,000 pages",
    workload: { ...ready, world: "moved" },
    cost: against("worldCost", "differential"),
  },
  {
    group: "world",
    part: "stretched",
    about: "the same traces, of each page 41",
    workload: { ...ready, world: "stretched" },
    cost: against("stretchedWorldCost", "differential"),
  },
  { group: "campaign", about: "campaign: generate, run, judge, tally", workload: plain },
  {
    group: "faults",
    about: "campaign with failing allocations",
    workload: { ...plain, source: "faults" },
    cost: against("faultsCost"),
  },
  {
    group: "variants",
    part: "D3",
    about: "campaign, before side variant:D3",
    workload: { ...plain, before: "variant:D3" },
    cost: against("variantCost"),
  },
  {
    group: "variants",
    part: "A",
    about: "campaign, after side variant:A",
    workload: { ...plain, after: "variant:A" },
    cost: against("variantCost"),
  },
  {
    group: "file",
    about: "campaign, after side a module of a file",
    workload: { ...plain, after: "file:docs/examples/forgetful.js" },
    cost: against("fileCost"),
  },
  {
    group: "idioms",
    about: "campaign of drivers' idioms",
    workload: { ...plain, source: "idioms" },
    cost: against("idiomsCost"),
  },
  {
    group: "reservations",
    part: "one",
    about: "an op beside one reservation",
    workload: { kind: "reservations", count: 1, processes: 1 },
  },
  {
    group: "reservations",
    part: "many",
    about: "an op beside 10,000 reservations",
    workload: { kind: "reservations", count: 10_000, processes: 1 },
    cost: against("reservationsCost", "reservations.one"),
  },
  {
    group: "reservations",
    part: "spread",
    about: "the same, shared out among 64 processes",
    workload: { kind: "reservations", count: 10_000, processes: 64 },
    cost: against("spreadReservationsCost", "reservations.one"),
  },
];

/** How a figure is named where its cost and its results are looked up. */
export const keyOf = ({ group, part }: Figure) => (part === undefined ? group : `${group}.${part}`);

export const FIGURE_GROUPS: readonly string[] = [...new Set(FIGURES.map(({ group }) => group))];
