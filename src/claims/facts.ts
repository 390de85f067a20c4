import type { Symptom } from "../oracle/finding.ts";
import { isShrink, type SeenStep, type SeenTrace } from "./watch.ts";

/** Partial unmaps of one kind, and how many of them left exactly what they should. */
export type CutCount = {
  readonly all: number;
  readonly exact: number;
};

/** What was counted on one side; sums over traces. */
export type Facts = {
  readonly traces: number;
  readonly ops: number;
  readonly mmaps: number;
  /** By kind: `shrink`, or the part that munmap() took; of mappings that nothing else covered. */
  readonly sole: Readonly<Record<CutKind, CutCount>>;
  /** The same of mappings that were pieces already, or whose pages others had reserved too. */
  readonly shared: Readonly<Record<CutKind, CutCount>>;
  /** Partial unmaps of sole mappings after which the whole reservation stood. */
  readonly stood: number;
  readonly invalidFrees: number;
  /** Reservations left when every process had gone. */
  readonly left: number;
  readonly symptoms: Readonly<Partial<Record<Symptom, number>>>;
  /** Faults other than over-retention by what brought them about. */
  readonly faults: Readonly<Record<FaultGroup, number>>;
  readonly forks: number;
  readonly reservedByFork: number;
  readonly retained: {
    readonly pageOps: number;
    readonly refused: number;
    readonly changed: number;
  };
};

export const CUT_KINDS = ["shrink", "head", "middle", "tail"] as const;

export type CutKind = (typeof CUT_KINDS)[number];

const FAULT_GROUPS = ["move", "fork", "split", "other"] as const;

type FaultGroup = (typeof FAULT_GROUPS)[number];

function forEach<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

/** Nothing seen yet. */
export const NO_FACTS: Facts = {
  traces: 0,
  ops: 0,
  mmaps: 0,
  sole: forEach(CUT_KINDS, () => ({ all: 0, exact: 0 })),
  shared: forEach(CUT_KINDS, () => ({ all: 0, exact: 0 })),
  stood: 0,
  invalidFrees: 0,
  left: 0,
  symptoms: {},
  faults: forEach(FAULT_GROUPS, () => 0),
  forks: 0,
  reservedByFork: 0,
  retained: { pageOps: 0, refused: 0, changed: 0 },
};

/** What one trace adds. */
export function factsOf({ steps, left, retention }: SeenTrace): Facts {
  const findings = steps.flatMap((step) => step.findings.map((finding) => ({ finding, step })));
  const symptoms: Partial<Record<Symptom, number>> = {};
  for (const { finding } of findings) {
    symptoms[finding.symptom] = (symptoms[finding.symptom] ?? 0) + 1;
  }
  const faults = findings.filter(({ finding }) => finding.symptom !== "over-retention");
  const forks = steps.filter(({ op }) => op.op === "fork");
  return {
    traces: 1,
    ops: steps.length,
    mmaps: count(steps, ({ op, outcome }) => op.op === "mmap" && outcome !== "ESRCH"),
    sole: forEach(CUT_KINDS, (kind) => cutCount(steps, kind, true)),
    shared: forEach(CUT_KINDS, (kind) => cutCount(steps, kind, false)),
    stood: count(steps, leftStanding),
    invalidFrees: sum(steps, invalidFrees),
    left,
    symptoms,
    faults: forEach(FAULT_GROUPS, (group) =>
      count(faults, ({ finding, step }) => faultGroup(finding.cause, step) === group),
    ),
    forks: count(forks, ({ outcome }) => outcome === null),
    reservedByFork: sum(forks, ({ reserved }) => reserved),
    retained: retention,
  };
}

function count<T>(list: readonly T[], holds: (one: T) => boolean): number {
  return list.filter(holds).length;
}

function sum<T>(list: readonly T[], value: (one: T) => number): number {
  return list.reduce((total, one) => total + value(one), 0);
}

/** How often a step logged that it was asked to free what is not there. */
export function invalidFrees({ events }: SeenStep): number {
  return count(events, ({ kind }) => kind === "invalid-free");
}

/** The steps of a kind that cut a mapping; `exact`: reserved is what stays mapped, without a word. */
function cutCount(steps: readonly SeenStep[], kind: CutKind, sole: boolean): CutCount {
  const hit = steps.filter((step) => isCut(step, kind, sole));
  return { all: hit.length, exact: count(hit, isExact) };
}

/** Whether a step cut exactly one mapping, in that way. */
export function isCut({ op, cut }: SeenStep, kind: CutKind, sole: boolean): boolean {
  if (cut === null || cut.sole !== sole) return false;
  // A shrink that ends inside a mapping takes its middle, as munmap() would.
  return cut.part === "tail" && isShrink(op) ? kind === "shrink" : cut.part === kind;
}

/** Whether a step cut one mapping that nothing else covered, and the whole reservation stands. */
export function leftStanding({ cut }: SeenStep): boolean {
  return cut?.sole === true && cut.stands;
}

/** Whether a cut left nothing to complain of. */
export function isExact(step: SeenStep): boolean {
  return step.findings.length === 0 && invalidFrees(step) === 0;
}

/** What brought a fault about: a piece that moved, a fork, a split. */
function faultGroup(cause: string, { op }: SeenStep): FaultGroup {
  if (cause.startsWith("move-")) return "move";
  if (cause === "split") return "split";
  return op.op === "fork" ? "fork" : "other";
}

/** Adds what two sets of traces showed. */
export function addFacts(a: Facts, b: Facts): Facts {
  return add(a, b) as Facts;
}

type Tree = number | { readonly [key: string]: Tree | undefined };

/** Sums two trees of numbers, name by name. */
function add(a: Tree | undefined, b: Tree | undefined): Tree {
  if (a === undefined || b === undefined) return a ?? b ?? 0;
  if (typeof a === "number" || typeof b === "number") return Number(a) + Number(b);
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, add(a[name], b[name])]));
}
