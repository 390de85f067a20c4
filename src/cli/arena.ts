import { legacyBackend } from "../../legacy/index.ts";
import { modernBackend } from "../../modern/index.ts";
import { table } from "../../reports/plaintable.ts";
import type { Symptom } from "../oracle/finding.ts";
import { type ArenaResult, type Entrant, runEntrant } from "./arenarun.ts";
import { EXIT, type Io } from "./io.ts";
import { StepLine } from "./stepline.ts";
import { VARIANTS, variantBackend } from "./variantlist.ts";

export interface ArenaOptions {
  readonly runs: number;
  readonly seed: number;
  /** Only designs whose name contains this. */
  readonly only?: string;
  readonly json?: boolean;
}

/** Bytes that struct vm_area_struct is kept within: three cache lines. */
const VMA_BUDGET = 192;

const SHIPPED: readonly Entrant[] = [
  {
    name: "legacy",
    does: "VM_PAT, as of 6.12",
    bytes: { vma: 0, context: 0, reservation: 0, source: "one flag in vm_flags" },
    showsContexts: false,
    backend: () => legacyBackend("6.12"),
  },
  {
    name: "modern",
    does: "refcounted contexts, as of 7.2",
    bytes: { vma: 8, context: 24, reservation: 0, source: "context pointer in the VMA" },
    showsContexts: true,
    backend: () => modernBackend("7.2"),
  },
];

const ENTRANTS: readonly Entrant[] = [
  ...SHIPPED,
  ...VARIANTS.map((variant): Entrant => {
    const { name, does, bytes, design } = variant;
    return {
      name,
      does,
      bytes,
      showsContexts: design === "kref" && name !== "B-iii",
      backend: (costs) => variantBackend(variant, costs),
    };
  }),
];

/** Runs every design on the same traces and lays faults and costs side by side. */
export async function arena(io: Io, options: ArenaOptions): Promise<number> {
  const entrants = ENTRANTS.filter(({ name }) => name.includes(options.only ?? ""));
  const line = new StepLine(io);
  const isStopped = () => io.interrupted.aborted;
  const results: ArenaResult[] = [];
  for (const [index, entrant] of entrants.entries()) {
    line.show(`${index} of ${entrants.length} designs, now ${entrant.name}`);
    results.push(await runEntrant(entrant, { ...options, isStopped }));
    if (isStopped()) break;
  }
  line.clear();
  const { runs, seed } = options;
  await io.out(
    options.json === true
      ? `${JSON.stringify({ format: "pfndiff/arena@1", runs, seed, vmaBudget: VMA_BUDGET, designs: results })}\n`
      : text(results, options),
  );
  if (isStopped()) return EXIT.interrupted;
  return entrants.length === 0 ? EXIT.nothingRan : EXIT.ok;
}

/** Symptoms of the table; alias and missed-conflict are the same danger seen twice. */
const COLUMNS: readonly (readonly [head: string, symptoms: readonly Symptom[]])[] = [
  ["leak", ["leak"]],
  ["retained", ["over-retention"]],
  ["double", ["double-untrack"]],
  ["owner", ["wrong-owner-untrack"]],
  ["hole", ["untracked-mapping"]],
  ["alias", ["alias", "missed-conflict"]],
  ["stale", ["stale-memtype"]],
  ["refused", ["refused"]],
  ["warn", ["warning"]],
  ["other", ["errno", "refcount"]],
];

function faultTable(results: readonly ArenaResult[]): string {
  const rows = results.map(({ design, faults, ops, pageOps }) => {
    const per = (n: number) => ((n * 10_000) / ops).toFixed(1);
    const counts = COLUMNS.map(([, symptoms]) => symptoms.reduce((sum, s) => sum + faults[s], 0));
    return [design, ...counts.map(per), per(pageOps)];
  });
  return table(["design", ...COLUMNS.map(([head]) => head), "page-ops"], rows);
}

function costTable(results: readonly ArenaResult[]): string {
  const head = ["design", "entries", "contexts", "VMA +", "ctx", "B/VMA"];
  const rows = results.map((result) => [
    result.design,
    result.meanReservations.toFixed(2),
    result.meanContexts?.toFixed(2) ?? "",
    String(result.bytes.vma),
    String(result.bytes.context),
    result.bytesPerVma.toFixed(0),
    String(result.allocationsInFree),
    String(result.allocationsInSplit),
    String(result.foreignVmas),
    String(result.opsPerSecond),
  ]);
  return table([...head, "alloc in free", "in split", "foreign", "ops/s"], rows);
}

function text(results: readonly ArenaResult[], { runs, seed }: ArenaOptions): string {
  const legend = table(
    ["design", "what it does"],
    results.map(({ design, does }) => [design, does]),
  );
  return [
    `${runs} traces of seed ${seed}, ${results[0]?.ops ?? 0} ops, the same for every design\n`,
    `Faults in 10,000 ops (page-ops: pages kept past their last mapping, summed over the ops)\n`,
    faultTable(results),
    `Costs (means over the ops; bytes of x86-64, of a VMA budget of ${VMA_BUDGET})\n`,
    costTable(results),
    legend,
  ].join("\n");
}
