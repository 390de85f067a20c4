import { legacyBackend } from "../../legacy/index.ts";
import { modernBackend } from "../../modern/index.ts";
import type { Arena, ArenaResult } from "../../reports/arena.ts";
import { arenaText } from "../../reports/arenatext.ts";
import { type Entrant, runEntrant, speedsOf } from "./arenarun.ts";
import { saveArena } from "./arenafile.ts";
import { EXIT, type Io } from "./io.ts";
import { chosen } from "./options.ts";
import { LiveLine } from "./progress.ts";
import { VARIANTS, variantBackend } from "../models.ts";

export interface ArenaOptions {
  readonly runs: number;
  readonly seed: number;
  /** Only designs whose name contains this. */
  readonly only?: string;
  /** Most ops of the sequences of the small scope. */
  readonly depth: number;
  /** Directory to save the figures in, where `pfndiff report` looks for them. */
  readonly out?: string;
  readonly json?: boolean;
}

/** Bytes that struct vm_area_struct is kept within: three cache lines. */
const VMA_BUDGET = 192;

/** The small scope, its depth aside: enough to split, move and share a mapping of three pages. */
const SCOPE = { procs: 2, slots: 2, pages: 3 } as const;

const SHIPPED: readonly Entrant[] = [
  {
    name: "legacy",
    does: "VM_PAT, as of 6.12",
    bytes: { vma: 0, context: 0, reservation: 0, source: "one flag in vm_flags" },
    showsContexts: false,
    isSized: true,
    backend: () => legacyBackend("6.12"),
  },
  {
    name: "modern",
    does: "refcounted contexts, as of 7.2",
    bytes: { vma: 8, context: 24, reservation: 0, source: "context pointer in the VMA" },
    showsContexts: true,
    isSized: true,
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
      // Contexts below contexts, and counts beside the list, are not what a step shows.
      isSized: name !== "B-iii" && !name.startsWith("C1"),
      backend: (costs) => variantBackend(variant, costs),
    };
  }),
];

/** Runs every design on the same traces and lays faults and costs side by side. */
export async function arena(io: Io, options: ArenaOptions): Promise<number> {
  const entrants = chosen(ENTRANTS, ({ name }) => name, options.only);
  const line = new LiveLine(io);
  const isStopped = () => io.interrupted.aborted;
  const { runs, seed, depth } = options;
  const bounds = { ...SCOPE, depth };
  const results: Omit<ArenaResult, "opsPerSecond">[] = [];
  for (const [index, entrant] of entrants.entries()) {
    line.show(() => `${index} of ${entrants.length} designs, now ${entrant.name}`);
    results.push(await runEntrant(entrant, { runs, seed, bounds, isStopped }));
    if (isStopped()) break;
  }
  const whole = isStopped() ? results.slice(0, -1) : results;
  line.show(() => "speed");
  const speeds = await speedsOf(entrants.slice(0, whole.length), seed);
  line.clear();
  const vmaBudget = VMA_BUDGET;
  const designs = whole.map((result, n) => ({ ...result, opsPerSecond: speeds[n] ?? 0 }));
  const report: Arena = { format: "pfndiff/arena@1", runs, seed, vmaBudget, bounds, designs };
  await io.out(options.json === true ? `${JSON.stringify(report)}\n` : arenaText(report));
  if (isStopped()) return EXIT.interrupted;
  if (entrants.length === 0) return EXIT.nothingRan;
  if (options.out !== undefined) await saveArena(options.out, report);
  return EXIT.ok;
}
