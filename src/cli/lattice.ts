import { keyOf } from "../../fuzz/trial.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { shrinkLater } from "../../fuzz/shrink.ts";
import { FIX_TEXT, FIXES, type Fix, historicSpec } from "../../legacy/historic.ts";
import { opText } from "../../reports/optext.ts";
import { wrapped } from "../../reports/folded.ts";
import { table } from "../../reports/plaintable.ts";
import { TwoSides } from "../engine/twosides.ts";
import { modelBackend } from "../model/backend.ts";
import type { Symptom } from "../oracle/finding.ts";
import type { Trace } from "../trace/trace.ts";
import { EXIT, type Io } from "./io.ts";
import { LiveLine } from "./progress.ts";

export interface LatticeOptions {
  readonly ops: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** What a subset of the fixes still breaks, or breaks anew. */
interface LatticeResult {
  readonly fixes: readonly Fix[];
  /** Symptoms that only the subset shows, with how often, beside all fixes. */
  readonly symptoms: Readonly<Record<string, number>>;
  /** The shortest trace of any of them, and its symptom and cause. */
  readonly signature: string | null;
  readonly witness: Trace | null;
}

/** Runs every subset of the fixes beside all of them. */
export async function lattice(io: Io, options: LatticeOptions): Promise<number> {
  const subsets = subsetsOf(FIXES);
  const line = new LiveLine(io);
  const results: LatticeResult[] = [];
  for (const [index, fixes] of subsets.entries()) {
    line.show(() => `${index} of ${subsets.length} subsets, now ${fixes.join(" ") || "no fix"}`);
    results.push(await behaviourOf(io, fixes, options));
    if (io.interrupted.aborted) break;
  }
  line.clear();
  const { ops, seed } = options;
  const report = { format: "pfndiff/lattice@1", ops, seed, fixes: FIXES, subsets: results };
  await io.out(options.json === true ? `${JSON.stringify(report)}\n` : text(io, results, options));
  return io.interrupted.aborted ? EXIT.interrupted : EXIT.ok;
}

/** Every subset, the empty one first and the whole last. */
function subsetsOf(fixes: readonly Fix[]): Fix[][] {
  const all = Array.from({ length: 1 << fixes.length }, (_, bits) =>
    fixes.filter((_fix, n) => (bits & (1 << n)) !== 0),
  );
  return all.sort((a, b) => a.length - b.length);
}

/** Findings that only the subset shows of a trace: the key of each. */
function onlyIn(both: TwoSides, trace: Trace): string[] {
  const { findings } = both.run(trace);
  const whole = new Set(findings.filter(({ side }) => side === "after").map(keyOf));
  return findings
    .filter((finding) => finding.side === "before" && !whole.has(keyOf(finding)))
    .map(keyOf);
}

async function behaviourOf(
  io: Io,
  fixes: readonly Fix[],
  { ops, seed }: LatticeOptions,
): Promise<LatticeResult> {
  const subset = modelBackend(`with ${fixes.length} fixes`, "vm-pat", historicSpec(fixes));
  const whole = modelBackend("with all fixes", "vm-pat", historicSpec(FIXES));
  const both = new TwoSides(subset, whole);
  const symptoms: Record<string, number> = {};
  let example: { trace: Trace; key: string } | null = null;
  for (let run = 0, done = 0; done < ops && !io.interrupted.aborted; run++) {
    const trace = anyTrace(seed, run);
    const keys = onlyIn(both, trace);
    for (const key of keys) {
      const symptom = key.replace(/:.*/, "");
      symptoms[symptom] = (symptoms[symptom] ?? 0) + 1;
    }
    const [key] = keys;
    if (key !== undefined && (example === null || trace.ops.length < example.trace.ops.length)) {
      example = { trace, key };
    }
    done += trace.ops.length;
    if (run % 64 === 63) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  if (example === null) return { fixes, symptoms, signature: null, witness: null };
  const { key } = example;
  const holds = async (trace: Trace) => onlyIn(both, trace).includes(key);
  return { fixes, symptoms, signature: key, witness: await shrinkLater(example.trace, holds) };
}

/** The columns of the table, and the symptoms that each adds up. */
const COLUMNS: readonly (readonly [head: string, symptoms: readonly Symptom[]])[] = [
  ["leak", ["leak"]],
  ["double", ["double-untrack"]],
  ["owner", ["wrong-owner-untrack"]],
  ["hole", ["untracked-mapping"]],
  ["alias", ["alias", "missed-conflict", "mode-mismatch"]],
  ["kept", ["over-retention"]],
  ["stale", ["stale-memtype"]],
  ["refused", ["refused"]],
  ["warn", ["warning"]],
  ["other", ["errno", "refcount"]],
];

/** Each fix by a letter, in the order in which they went in. */
const LETTERS = ["A", "B", "C", "D", "E"];

const lettersOf = (fixes: readonly Fix[]) =>
  FIXES.map((fix, n) => (fixes.includes(fix) ? (LETTERS[n] as string) : "."));

function text(
  { columns }: Io,
  results: readonly LatticeResult[],
  { ops, seed }: LatticeOptions,
): string {
  const rows = results.map(({ fixes, symptoms }) => [
    lettersOf(fixes).join(""),
    ...COLUMNS.map(([, of]) => of.reduce((sum, symptom) => sum + (symptoms[symptom] ?? 0), 0)).map(
      (count) => (count === 0 ? "" : String(count)),
    ),
  ]);
  const fixes = FIXES.map((fix, n) => [LETTERS[n] as string, fix, ...FIX_TEXT[fix]]);
  const witnesses = results.flatMap(({ fixes: subset, signature, witness }) => {
    if (witness === null) return [];
    const told = witness.ops.map(opText).join("; ");
    return [wrapped(`${lettersOf(subset).join("")}  ${signature}: ${told}`, columns)];
  });
  return [
    table(["fix", "commit", "since", "what it does"], fixes),
    `What ${ops} ops of seed ${seed} show with a subset of the fixes, beyond all of them\n`,
    table(["fixes", ...COLUMNS.map(([head]) => head)], rows),
    "Shortest witnesses\n",
    `${witnesses.join("\n")}\n`,
  ].join("\n");
}
