import type { Symptom } from "../src/oracle/finding.ts";
import type { Arena, ArenaResult } from "./arena.ts";
import { grouped, plural } from "./numbers.ts";
import { table } from "./plaintable.ts";

/** Symptoms by column; alias and missed-conflict are the same danger seen twice. */
export const FAULT_COLUMNS: readonly (readonly [head: string, symptoms: readonly Symptom[]])[] = [
  ["leak", ["leak"]],
  ["kept", ["over-retention"]],
  ["double", ["double-untrack"]],
  ["owner", ["wrong-owner-untrack"]],
  ["hole", ["untracked-mapping"]],
  ["alias", ["alias", "missed-conflict", "mode-mismatch"]],
  ["stale", ["stale-memtype"]],
  ["refused", ["refused"]],
  ["warn", ["warning"]],
  ["other", ["errno", "refcount"]],
];

const HEADS = FAULT_COLUMNS.map(([head]) => head);

/** Findings of these symptoms in 10,000 ops. */
export function rateOf({ faults, ops }: ArenaResult, symptoms: readonly Symptom[]): number {
  return perOps({ ops }, sum(symptoms.map((symptom) => faults[symptom])));
}

export function perOps({ ops }: Pick<ArenaResult, "ops">, count: number): number {
  return ops === 0 ? 0 : (count * 10_000) / ops;
}

/** What the shortest sequence of the small scope shows of any of these; its `fewest` is null where none does. */
export function shortestOf({ scope }: ArenaResult, symptoms: readonly Symptom[]) {
  return symptoms
    .map((symptom) => scope.shown[symptom])
    .reduce((best, one) => ((one.fewest ?? Infinity) < (best.fewest ?? Infinity) ? one : best));
}

/** Ops of that sequence, or null. */
export function fewestOf(result: ArenaResult, symptoms: readonly Symptom[]): number | null {
  return shortestOf(result, symptoms).fewest;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** A rate of thousands needs no tenth, and has no room for one in 80 columns. */
const rate = (value: number) => value.toFixed(value < 999.95 ? 1 : 0);

function faultTable(designs: readonly ArenaResult[]): string {
  const rows = designs.map((result) => [
    result.design,
    ...FAULT_COLUMNS.map(([, symptoms]) => rate(rateOf(result, symptoms))),
  ]);
  return table(["design", ...HEADS], rows);
}

function retentionTable(designs: readonly ArenaResult[]): string {
  const head = ["design", "page-ops", "refused", "changed", "VMAs", "entries", "contexts"];
  const rows = designs.map((result) => [
    result.design,
    ...[result.pageOps, result.refused, result.changed].map((n) => rate(perOps(result, n))),
    result.meanVmas.toFixed(2),
    result.meanReservations.toFixed(2),
    result.meanContexts?.toFixed(2) ?? "",
  ]);
  return table(head, rows);
}

function costTable(designs: readonly ArenaResult[]): string {
  const head = ["design", "VMA +", "ctx", "B/VMA", "in free", "in split", "foreign", "ops/s"];
  const rows = designs.map((result) => [
    result.design,
    String(result.bytes.vma),
    String(result.bytes.context),
    result.bytesPerVma?.toFixed(0) ?? "",
    grouped(result.allocationsInFree),
    grouped(result.allocationsInSplit),
    grouped(result.foreignVmas),
    grouped(result.opsPerSecond),
  ]);
  return table(head, rows);
}

/** Columns that some design has something in, and the others. */
export function scopeColumns(designs: readonly ArenaResult[]): {
  shown: typeof FAULT_COLUMNS;
  empty: typeof FAULT_COLUMNS;
} {
  const isShown = ([, symptoms]: (typeof FAULT_COLUMNS)[number]) =>
    designs.some((result) => fewestOf(result, symptoms) !== null);
  return {
    shown: FAULT_COLUMNS.filter(isShown),
    empty: FAULT_COLUMNS.filter((column) => !isShown(column)),
  };
}

function scopeTable(designs: readonly ArenaResult[]): string {
  const { shown, empty } = scopeColumns(designs);
  const rows = designs.map((result) => [
    result.design,
    ...shown.map(([, symptoms]) => String(fewestOf(result, symptoms) ?? "-")),
    grouped(result.scope.pageOps),
  ]);
  const text = table(["design", ...shown.map(([head]) => head), "page-ops"], rows);
  if (empty.length === 0) return text;
  return `${text}\nNo design shows any: ${empty.map(([head]) => head).join(", ")}\n`;
}

/** All figures as plain tables of at most 80 columns. */
export function arenaText({ runs, seed, vmaBudget, bounds, designs }: Arena): string {
  const { procs, slots, pages, depth } = bounds;
  const [first] = designs;
  return [
    `${plural(runs, "trace")} of seed ${seed}, ${plural(first?.ops ?? 0, "op")}, the same for every design\n`,
    "Faults in 10,000 ops\n",
    faultTable(designs),
    "Over-retention in 10,000 ops (page-ops: pages kept past their last mapping,",
    "summed over the ops), and what stands after an op (means)\n",
    retentionTable(designs),
    `Costs: bytes of x86-64 (a VMA is kept within ${vmaBudget}), allocations in paths that`,
    "must not fail and in splits, VMAs of other processes changed without a lock\n",
    costTable(designs),
    `Every sequence of up to ${depth} ops on ${procs} processes with ${slots} areas of ${pages} pages (${grouped(first?.scope.sequences ?? 0)}):`,
    "ops of the shortest that shows it (-: none does); page-ops: over all of them\n",
    scopeTable(designs),
    table(
      ["design", "what it does"],
      designs.map(({ design, does }) => [design, does]),
    ),
  ].join("\n");
}
