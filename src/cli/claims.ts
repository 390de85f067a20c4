import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { traceOfRun } from "../../fuzz/arbitrary.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { type ClaimsAbout, claimsMarkdown, claimsText } from "../../reports/claimstext.ts";
import { drawReplay } from "../../reports/draw.ts";
import { assertNever } from "../assertnever.ts";
import type { Claim, JudgedClaim, PairName, Witness } from "../claims/claim.ts";
import { CLAIM_SEED, type ClaimFormat, DEFAULT_CLAIM_RUNS } from "../claims/formats.ts";
import { gather, type RecordedKernel, type Subject, type Subjects } from "../claims/gather.ts";
import { judgeClaims } from "../claims/judge.ts";
import { ModelSide } from "../engine/modelside.ts";
import type { ModelBackend } from "../model/backend.ts";
import { openBackend, openModels, modelOfRelease } from "./backends.ts";
import { replayOn } from "./bothsides.ts";
import { documentsIn, projectRoot } from "./files.ts";
import { EXIT, type Io } from "./io.ts";
import { ERASE_BY_END, LAX_FORK } from "./variants.ts";

export interface ClaimsOptions {
  readonly runs: number;
  readonly format: ClaimFormat;
}

/** The releases that the claims are about. */
const RELEASES = { before: "legacy@6.12", after: "modern@7.2" } as const;

/** How many traces are run between two looks at the clock and the signals. */
const TURN = 200;

/** Judges what the series and its discussion claimed. Every judgement is a result, none a failure. */
export async function claims(io: Io, options: ClaimsOptions): Promise<number> {
  const checked = await checkClaims(io, options.runs);
  if (io.interrupted.aborted) return EXIT.interrupted;
  await io.out(render(checked, options.format));
  return EXIT.ok;
}

/** The claims as they were judged, and by what. */
export interface CheckedClaims {
  readonly claims: readonly Claim[];
  readonly about: ClaimsAbout;
}

function render({ claims, about }: CheckedClaims, format: ClaimFormat): string {
  switch (format) {
    case "text":
      return claimsText(claims, about);
    case "markdown":
      return claimsMarkdown(claims, about);
    case "json":
      return `${JSON.stringify({ format: "pfndiff/claims@1", ...about, claims }, null, 2)}\n`;
    default:
      return assertNever(format);
  }
}

/** The claims as a part of a markdown report. */
export function claimsAsMarkdown(checked: CheckedClaims): string {
  return render(checked, "markdown");
}

/** Gathers the evidence anew and judges the claims by it. */
export async function checkClaims(
  io: Io,
  runs: number = DEFAULT_CLAIM_RUNS,
): Promise<CheckedClaims> {
  const models = await openModels(RELEASES);
  const evidence = await gather(subjectsOf(models), await recordedKernels(io), {
    runs,
    traceOf: (run) => traceOfRun(CLAIM_SEED, run),
    shrink,
    goOn: async (run) => {
      if (run % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      return !io.interrupted.aborted;
    },
  });
  const pairs: Readonly<Record<PairName, { before: ModelBackend; after: ModelBackend }>> = {
    series: models,
    "erase-by-end": { before: models.after, after: ERASE_BY_END },
    "lax-fork": { before: models.before, after: LAX_FORK },
  };
  const drawn = judgeClaims(evidence).map((claim) => drawnClaim(claim, pairs));
  const about = { ...RELEASES, runs: evidence.runs, seed: CLAIM_SEED };
  return { claims: await Promise.all(drawn), about };
}

function subjectsOf({ before, after }: { before: ModelBackend; after: ModelBackend }): Subjects {
  const subject = (model: ModelBackend): Subject => ({ id: model.id, side: new ModelSide(model) });
  const [was, is] = [subject(before), subject(after)];
  return {
    before: was,
    after: is,
    eraseByEnd: { base: is, variant: subject(ERASE_BY_END) },
    laxFork: { base: was, variant: subject(LAX_FORK) },
  };
}

/** The recordings of real kernels that the project has here, if any. */
async function recordedKernels(io: Io): Promise<RecordedKernel[]> {
  const directory = join(projectRoot(), "tests", "data", "recordings");
  const kernels: RecordedKernel[] = [];
  for (const name of await namesIn(directory)) {
    const recordings = [];
    for await (const document of documentsIn(io, join(directory, name))) {
      if (document.kind === "recording") recordings.push(document.recording);
    }
    const release = recordings[0]?.kernel?.release;
    const model = release === undefined ? null : modelOfRelease(release);
    if (release === undefined || model === null) continue;
    const { design } = await openBackend(model);
    kernels.push({ release, side: design === "kref" ? "after" : "before", recordings });
  }
  return kernels;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl.gz"));
    return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  } catch (error) {
    // An installation without its tests has no recordings, and the claims say so.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

async function drawnClaim(
  { witness, ...claim }: JudgedClaim,
  pairs: Readonly<Record<PairName, { before: ModelBackend; after: ModelBackend }>>,
): Promise<Claim> {
  return witness === undefined ? claim : { ...claim, witness: await drawn(witness, pairs) };
}

async function drawn(
  { says, trace, pair }: Witness,
  pairs: Readonly<Record<PairName, { before: ModelBackend; after: ModelBackend }>>,
): Promise<NonNullable<Claim["witness"]>> {
  const replay = await replayOn(pairs[pair], trace);
  const sides = `before is ${replay.before}, after is ${replay.after}`;
  const text = [`${says} (${sides})`, ...drawReplay(replay)].join("\n");
  const signature = replay.findings.find(({ symptom }) => symptom !== "over-retention")?.signature;
  return signature === undefined ? { text } : { text, signature };
}
