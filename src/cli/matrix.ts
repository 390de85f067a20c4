import { groupWitnesses } from "../../fuzz/roots/group.ts";
import {
  type Matrix,
  type MatrixCell,
  type MatrixGroup,
  matrixMarkdown,
  matrixText,
} from "../../reports/matrix.ts";
import { modelOfRelease } from "../explain/releases.ts";
import { type BaselineEntry, baselineOf } from "../gate.ts";
import type { ModelBackend } from "../model/backend.ts";
import { MODELS, NEWEST } from "../models.ts";
import type { JudgedFinding } from "../oracle/finding.ts";
import { judgeSide } from "../oracle/judge.ts";
import { replayOf } from "../replay.ts";
import type { Recording } from "../trace/recording.ts";
import { UserError } from "../usererror.ts";
import { openKernel, openModels } from "./backends.ts";
import { readBaseline } from "./baseline.ts";
import { recorderOf } from "./bothsides.ts";
import { EXIT, type Io } from "./io.ts";

export interface MatrixOptions {
  readonly releases?: readonly string[];
  /** Ask the kernels of these releases too. */
  readonly kernels?: boolean;
  readonly format: "text" | "markdown" | "json";
}

/** Prints which accepted signatures show on which releases. */
export async function matrix(io: Io, options: MatrixOptions): Promise<number> {
  const models = modelsOf(options.releases);
  const made = await releaseMatrix(models);
  const whole = options.kernels === true ? await withKernels(io, made, models) : made;
  const { format } = options;
  if (format === "json") await io.out(`${JSON.stringify(whole.matrix)}\n`);
  else await io.out(format === "text" ? matrixText(whole.matrix) : matrixMarkdown(whole.matrix));
  return EXIT.ok;
}

/** The models of releases, the older first; all there are unless some are named. */
function modelsOf(releases: readonly string[] | undefined): ModelBackend[] {
  if (releases === undefined) return MODELS.filter(isRelease).sort(byRelease);
  const models = releases.map((release) => {
    const model = modelOfRelease(release);
    if (model !== null) return model;
    throw new UserError(`--releases: there is no model of ${JSON.stringify(release)}`);
  });
  return [...new Set(models)].sort(byRelease);
}

const RELEASE = /^(?:legacy|modern)@(\d+)\.(\d+)(?:\.(\d+))?$/;
const isRelease = ({ id }: ModelBackend) => RELEASE.test(id);

/** A series without a point release is its newest. */
function byRelease(a: ModelBackend, b: ModelBackend): number {
  const numbers = ({ id }: ModelBackend) => {
    const [, major, minor, point = Infinity] = RELEASE.exec(id) ?? [];
    return [Number(major), Number(minor), Number(point)] as const;
  };
  const [left, right] = [numbers(a), numbers(b)];
  return (
    left[0] - right[0] || left[1] - right[1] || (left[2] === right[2] ? 0 : left[2] - right[2])
  );
}

/** A witness with what its own pair shows of it. */
interface Shown {
  readonly entry: BaselineEntry;
  readonly finding: JudgedFinding;
}

/** A matrix, and the witnesses of its rows, group by group. */
interface Made {
  readonly matrix: Matrix;
  readonly witnesses: readonly (readonly Shown[])[];
}

/** Every accepted signature of the newest releases by release, under the roots of that pair. */
export async function releaseMatrix(
  models: readonly ModelBackend[] = modelsOf(undefined),
): Promise<Made> {
  const sides = { before: NEWEST.legacy, after: NEWEST.modern };
  const { before, after } = await openModels(sides);
  const { entries } = baselineOf(await readBaseline(), sides);
  const replayed = await Promise.all(
    entries.map(async (entry) => ({
      entry,
      replay: replayOf(await recorderOf(before)(entry.trace), await recorderOf(after)(entry.trace)),
    })),
  );
  const byName = new Map<string, Shown>();
  const rootable = replayed.flatMap(({ entry, replay }) => {
    const finding = replay.findings.find(({ signature }) => signature === entry.signature);
    if (finding === undefined) return [];
    byName.set(entry.signature, { entry, finding });
    const { trace } = entry;
    return [{ finding: { ...finding, count: 1, firstRun: 0, trace }, steps: replay.steps }];
  });
  const grouped = groupWitnesses(rootable).map(({ name, members }) => ({
    root: name,
    shown: members.flatMap(({ witness }) => byName.get(witness.finding.signature) ?? []),
  }));
  const groups = grouped.map(
    ({ root, shown }): MatrixGroup => ({
      root,
      rows: shown.map((one) => ({
        signature: one.entry.signature,
        cells: models.map((model) => cellOf(model.recordSync(one.entry.trace, CONTEXTS), one)),
      })),
    }),
  );
  const columns = models.map(({ id }) => id);
  return {
    matrix: { format: "pfndiff/matrix@1", columns, groups },
    witnesses: grouped.map(({ shown }) => shown),
  };
}

const CONTEXTS = { contexts: true } as const;

/** What a recording alone tells: that two sides return different results takes both. */
function cellOf(recording: Recording, { finding }: Shown): MatrixCell {
  const { symptom, cause, step } = finding;
  if (symptom === "errno") {
    const result = recording.steps[step]?.result;
    if (result === undefined) return "lost";
    return { result: "errno" in result ? result.errno : "ok" };
  }
  const { findings } = judgeSide(recording, finding.side);
  return findings.some((one) => one.symptom === symptom && one.cause === cause)
    ? "shows"
    : "silent";
}

/** A column more for each series whose kernel is there; those that are not are told. */
async function withKernels(io: Io, made: Made, models: readonly ModelBackend[]): Promise<Made> {
  const series = models.flatMap(({ id }) => /@(\d+\.\d+)$/.exec(id)?.[1] ?? []);
  let grown = made;
  for (const release of series) {
    const asked = await kernelCells(io, release, made.witnesses);
    if (asked === null) continue;
    const { matrix: old, witnesses } = grown;
    const groups = old.groups.map((group, at) => ({
      ...group,
      rows: group.rows.map((row, index) => ({
        ...row,
        cells: [...row.cells, asked[at]?.[index] ?? "lost"],
      })),
    }));
    grown = {
      matrix: { ...old, columns: [...old.columns, `kernel:${release}`], groups },
      witnesses,
    };
  }
  if (grown === made)
    throw new UserError("--kernels: none of them could be asked (pfndiff kernel fetch)", 4);
  return grown;
}

async function kernelCells(
  io: Io,
  release: string,
  witnesses: Made["witnesses"],
): Promise<MatrixCell[][] | null> {
  const kernel = await openKernel(release, {});
  try {
    const { unfit } = await import("../../kernel/backend.ts");
    // Which options it lacks is known once it has booted.
    await kernel.identify();
    const isFit = ({ entry: { trace } }: Shown) =>
      unfit(trace) === null && kernel.lacking(trace) === null;
    const traces = witnesses
      .flat()
      .filter(isFit)
      .map(({ entry }) => entry.trace);
    await kernel.prepare(traces);
    const cells: MatrixCell[][] = [];
    for (const group of witnesses) {
      const row: MatrixCell[] = [];
      for (const shown of group) {
        const outcome = isFit(shown) ? await kernel.outcome(shown.entry.trace) : { failure: "" };
        row.push("failure" in outcome ? "lost" : cellOf(outcome.recording, shown));
      }
      cells.push(row);
    }
    return cells;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    io.err(`kernel:${release} is left out: ${error.message}\n`);
    return null;
  } finally {
    await kernel.close();
  }
}
