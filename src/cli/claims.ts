import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { type ClaimsAbout, claimsMarkdown, claimsText } from "../../reports/claimstext.ts";
import { drawReplay } from "../../reports/draw.ts";
import { assertNever } from "../assertnever.ts";
import type { Claim, JudgedClaim, PairName, Witness } from "../claims/claim.ts";
import type { ClaimsDocument } from "../claims/document.ts";
import { boundsText, type Explored } from "../claims/explored.ts";
import {
  CLAIM_BOUNDS,
  CLAIM_SEED,
  type ClaimFormat,
  DEFAULT_CLAIM_DEPTH,
  DEFAULT_CLAIM_RUNS,
} from "../claims/formats.ts";
import { gather, type RecordedKernel, type Subject, type Subjects } from "../claims/gather.ts";
import { judgeClaims } from "../claims/judge.ts";
import { ModelSide } from "../engine/modelside.ts";
import type { ModelBackend } from "../model/backend.ts";
import { openBackend, openModels, modelOfRelease, withPair } from "./backends.ts";
import { replayOn } from "./bothsides.ts";
import { documentsIn, projectRoot } from "./files.ts";
import { exploreScope } from "./explorescope.ts";
import { EXIT, type Io } from "./io.ts";
import { LiveLine } from "./progress.ts";
import { legacyLaxFork } from "../../legacy/variants.ts";
import { krefEraseByEnd } from "../../modern/variants/erasebyend.ts";

export interface ClaimsOptions extends Effort {
  readonly format: ClaimFormat;
}

/** How much evidence to gather. */
export interface Effort {
  /** Traces of the campaign. */
  readonly runs: number;
  /** Ops of the sequences that are explored. */
  readonly depth: number;
}

/** The releases that the claims are about. */
const RELEASES = { before: "legacy@6.12", after: "modern@7.2" } as const;

/** How many traces are run between two looks at the clock and the signals. */
const TURN = 200;

/** Judges what the series and its discussion claimed. Every judgement is a result, none a failure. */
export async function claims(io: Io, options: ClaimsOptions): Promise<number> {
  const start = performance.now();
  const checked = await checkClaims(io, options);
  if (io.interrupted.aborted) return EXIT.interrupted;
  io.err(`evidence gathered in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  await io.out(render(checked, options.format));
  return EXIT.ok;
}

/** The claims as they were judged, and by what. */
export interface CheckedClaims {
  readonly claims: readonly Claim[];
  readonly about: ClaimsAbout & Pick<ClaimsDocument, "bounds">;
}

function documentOf({ claims, about }: CheckedClaims): ClaimsDocument {
  const judged = claims.map((claim) => ({ ...claim, evidence: [...claim.evidence] }));
  return { format: "pfndiff/claims@1", ...about, claims: judged };
}

function render(checked: CheckedClaims, format: ClaimFormat): string {
  const { claims, about } = checked;
  switch (format) {
    case "text":
      return claimsText(claims, about);
    case "markdown":
      return claimsMarkdown(claims, about);
    case "json":
      return `${JSON.stringify(documentOf(checked), null, 2)}\n`;
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
  { runs, depth }: Effort = { runs: DEFAULT_CLAIM_RUNS, depth: DEFAULT_CLAIM_DEPTH },
): Promise<CheckedClaims> {
  const models = await openModels(RELEASES);
  const line = new LiveLine(io);
  const evidence = await gather(subjectsOf(models), await recordedKernels(io), {
    runs,
    traceOf: (run) => traceOfRun(CLAIM_SEED, run),
    shrink,
    explore: (pair) => {
      line.clear();
      return explorePair(io, pair, depth);
    },
    goOn: async (run) => {
      if (run % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      line.show(() => `${run} of ${runs} traces watched`);
      return !io.interrupted.aborted;
    },
  });
  const pairs: Readonly<Record<PairName, { before: ModelBackend; after: ModelBackend }>> = {
    series: models,
    "erase-by-end": { before: models.after, after: krefEraseByEnd() },
    "lax-fork": { before: models.before, after: legacyLaxFork() },
  };
  const drawn = judgeClaims(evidence).map((claim) => drawnClaim(claim, pairs));
  const bounds = { ...CLAIM_BOUNDS, depth };
  const explored = boundsText(bounds);
  const about = { ...RELEASES, runs: evidence.runs, seed: CLAIM_SEED, bounds, explored };
  return { claims: await Promise.all(drawn), about };
}

/** Whom to explore: the designs under the oracle; a variant is only compared with its design. */
const EXPLORED: Readonly<Record<PairName, { before: string; after: string; judged: boolean }>> = {
  series: { ...RELEASES, judged: true },
  "erase-by-end": {
    before: RELEASES.after,
    after: "variant:kref-erase-by-end",
    judged: false,
  },
  "lax-fork": { before: RELEASES.before, after: "variant:legacy-lax-fork", judged: false },
};

/** Megabytes: what exploring the claims may use, as `explore` may unless told. */
const MEMORY = 1024;

function explorePair(io: Io, pair: PairName, depth: number): Promise<Explored | null> {
  const bounds = { ...CLAIM_BOUNDS, depth };
  const scope = { ...EXPLORED[pair], bounds };
  return withPair(scope, (models) => exploreScope(io, models, scope, { jobs: 1, memory: MEMORY }));
}

function subjectsOf({ before, after }: { before: ModelBackend; after: ModelBackend }): Subjects {
  const subject = (model: ModelBackend): Subject => ({ id: model.id, side: new ModelSide(model) });
  const [was, is] = [subject(before), subject(after)];
  return {
    before: was,
    after: is,
    eraseByEnd: { base: is, variant: subject(krefEraseByEnd()) },
    laxFork: { base: was, variant: subject(legacyLaxFork()) },
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
