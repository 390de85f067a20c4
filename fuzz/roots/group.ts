import { bySeverity } from "../../src/oracle/severity.ts";
import { OP_KINDS } from "../../src/trace/op.ts";
import type { Deed } from "./deeds.ts";
import type { Effect } from "./effect.ts";
import { comesTo } from "./leads.ts";
import { type Start, startOf } from "./starts.ts";
import { areAlike, type Witness } from "./witness.ts";

/** A witness and where what it shows begins. */
export interface Traced {
  readonly witness: Witness;
  readonly start: Start;
}

/** Witnesses that begin alike: the simplest first, then the gravest. */
export interface Group {
  readonly name: string;
  readonly members: readonly [Traced, ...Traced[]];
}

/** Groups witnesses by where they begin, and by the fewest features that explain all of it. */
export function groupWitnesses(witnesses: readonly Witness[]): Group[] {
  const alike = areAlike(witnesses);
  const all = witnesses.map((witness) => ({ witness, start: startOf(witness, alike) }));
  const classes = new Map<string, Traced[]>();
  for (const traced of all) {
    const name = classOf(traced);
    const known = classes.get(name);
    if (known === undefined) classes.set(name, [traced]);
    else known.push(traced);
  }
  return [...classes]
    .flatMap(([name, some]) => {
      const groups = explained(some);
      return groups.map((members) => groupOf(name, members, groups.length === 1 ? null : all));
    })
    .sort((a, b) => gravest(a, b));
}

/** What begins alike; what both sides show is nobody's doing, so it is told by what it comes to. */
function classOf({ witness, start }: Traced): string {
  const { side, kind } = start;
  if (witness.finding.verdict !== "kept") return `${side}:${kind}`;
  return `kept:${kind === "state" ? kind : comesTo(kind)}`;
}

/** A group by the name of its class; where that has several, or says little, by its feature too. */
function groupOf(
  name: string,
  members: readonly Traced[],
  siblings: readonly Traced[] | null,
): Group {
  const [first, ...others] = inOrder(members);
  if (first === undefined) throw new Error("a root has a witness");
  const { kind, effect } = first.start;
  const feature = mostTelling(members, siblings ?? members).replaceAll(" ", "-");
  const isPlain = siblings === null && kind !== "state" && kind !== "errno";
  const head = effect === null ? name : EFFECT_NAMES[effect];
  return { name: isPlain ? head : `${head}:${feature}`, members: [first, ...others] };
}

/** Where the states part: what the after side does that the before side does not. */
const EFFECT_NAMES: Readonly<Record<Effect, string>> = {
  answer: "after:answers-otherwise",
  "references more": "after:more-references",
  "references fewer": "after:fewer-references",
  "flags more": "after:more-VM_PAT",
  "flags fewer": "after:fewer-VM_PAT",
  "reserved more": "after:reserves-more",
  "reserved fewer": "after:reserves-less",
  "messages more": "after:more-messages",
  "messages fewer": "after:fewer-messages",
  other: "after:states-differ",
};

/** The simplest witness goes first: the shorter, by the commoner op, in the smaller world. */
function inOrder(members: readonly Traced[]): Traced[] {
  const byGravity = [...members].sort((a, b) => bySeverity(a.witness.finding, b.witness.finding));
  const [simplest] = [...byGravity].sort((a, b) => {
    const [one, two] = [costsOf(a), costsOf(b)];
    const at = one.findIndex((cost, index) => cost !== two[index]);
    return (one[at] ?? 0) - (two[at] ?? 0);
  });
  return byGravity.sort((a, b) => Number(b === simplest) - Number(a === simplest));
}

function costsOf({ witness: { steps, finding }, start }: Traced): number[] {
  const { pfns, vpages } = finding.trace.world;
  const kinds = steps.map(({ op }) => OP_KINDS.indexOf(op.op));
  return [steps.length, Math.max(...kinds), finding.step - start.step, pfns + vpages];
}

/** The gravest finding of a group, as its witness shows it. */
export function gravestOf({ members }: Group): Traced {
  return members.reduce((one, two) =>
    bySeverity(one.witness.finding, two.witness.finding) <= 0 ? one : two,
  );
}

function gravest(a: Group, b: Group): number {
  return bySeverity(gravestOf(a).witness.finding, gravestOf(b).witness.finding);
}

/** The fewest features that explain all starts, as near as taking what explains most comes to it. */
function explained(all: readonly Traced[]): (readonly Traced[])[] {
  const groups: (readonly Traced[])[] = [];
  for (let left = all; left.length > 0; ) {
    const feature = mostTelling(left, all);
    groups.push(...apart(left.filter(({ start }) => start.features.has(feature))));
    left = left.filter(({ start }) => !start.features.has(feature));
  }
  return groups;
}

/** The feature that the most of `some` have, and, of equal ones, that the fewest of `all` have. */
function mostTelling(some: readonly Traced[], all: readonly Traced[]): Deed {
  const count = (of: readonly Traced[], feature: Deed) =>
    of.filter(({ start }) => start.features.has(feature)).length;
  const ranked = [...featuresOf(some)].sort(
    (a, b) => count(some, b) - count(some, a) || count(all, a) - count(all, b) || (a < b ? -1 : 1),
  );
  if (ranked[0] === undefined) throw new Error("a start has a feature");
  return ranked[0];
}

function featuresOf(some: readonly Traced[]): Set<Deed> {
  return new Set(some.flatMap(({ start }) => [...start.features]));
}

/** Fewer than so many are no second fault. */
const LEAST = 2;

/**
 * Two faults that one deed explains are told apart where another deed parts them and no effect is
 * seen on both sides of it.
 */
function apart(members: readonly Traced[]): (readonly Traced[])[] {
  let best: [Traced[], Traced[]] | null = null;
  let most = LEAST - 1;
  for (const feature of featuresOf(members)) {
    const within = members.filter(({ start }) => start.features.has(feature));
    const without = members.filter(({ start }) => !start.features.has(feature));
    const effects = new Set(within.map(({ start }) => start.effect));
    const least = Math.min(within.length, without.length);
    if (least <= most || without.some(({ start }) => effects.has(start.effect))) continue;
    most = least;
    best = [within, without];
  }
  return best === null ? [members] : best.flatMap((some) => apart(some));
}
