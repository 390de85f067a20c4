import { appendFile, readFile } from "node:fs/promises";
import { loadCampaign } from "../results/findings.ts";
import { version } from "../../package.json";
import { githubSummary } from "../../reports/formats/github.ts";
import { signatureLines } from "../../reports/formats/sarif.ts";
import { type JudgedReport, judgedReport } from "../../reports/formats/report.ts";
import { coverageMarkdown } from "../../reports/coveragetext.ts";
import type { ReportFormat } from "../../reports/formats.ts";
import { matrixMarkdown } from "../../reports/matrix.ts";
import { RENDERERS } from "../../reports/renderers.ts";
import { sinceMarkdown } from "../../reports/since.ts";
import { coverageSchema } from "../trace/coverage.ts";
import { UserError } from "../usererror.ts";
import { savedArena } from "./arenafile.ts";
import { withPair } from "./backends.ts";
import { ownBaseline } from "./baseline.ts";
import { replaysOf, viewCampaign } from "./campaign.ts";
import { checkClaims, claimsAsMarkdown } from "./claims.ts";
import { systemFault } from "../results/disk.ts";
import { readJson } from "../results/json.ts";
import { htmlReport } from "./htmlreport.ts";
import { EXIT, type Io } from "./io.ts";
import { judgeByBaseline } from "./judged.ts";
import { releaseMatrix } from "./matrix.ts";
import { savedRaces } from "./racefiles.ts";

export interface ReportOptions {
  readonly format: ReportFormat;
  /** The file that SARIF results and GitHub annotations are pinned to. */
  readonly file: string;
  /** Check the series' claims too: in html on a page of their own, in markdown at the end. */
  readonly claims?: boolean;
  /** Tell the accepted signatures by release too: in html on a page, in markdown at the end. */
  readonly matrix?: boolean;
  /** Tell instead what came, went and changed since the campaign of this directory; in markdown. */
  readonly since?: string;
  /** What --coverage of a campaign wrote, to be told too: in html on a page, in markdown at the end. */
  readonly coverage?: string;
}

/** Renders a saved campaign. `directory` is a results directory, its `latest`, or a campaign's own. */
export async function report(io: Io, directory: string, options: ReportOptions): Promise<number> {
  const { format, file } = options;
  requirePlaces(options);
  const { campaign, folder, results } = await loadCampaign(directory);
  if (options.since !== undefined) {
    const old = await loadCampaign(options.since);
    await io.out(sinceMarkdown(old.campaign, campaign));
    return EXIT.ok;
  }
  const { gate, replays } = await withPair(campaign, async (pair) => ({
    gate: await judgeByBaseline(campaign, pair, io),
    replays: await replaysOf(campaign, pair),
  }));
  const view = viewCampaign(campaign, replays, gate.baseline, folder);
  const claims = options.claims === true ? await checkClaims(io) : null;
  const matrix = options.matrix === true ? (await releaseMatrix()).matrix : null;
  const { coverage: path } = options;
  const coverage = path === undefined ? null : await readJson(path, coverageSchema);
  if (format === "html") {
    const arena = await savedArena(results);
    const races = await savedRaces(results);
    const extras = {
      ...(claims && { claims: claims.claims }),
      ...(arena && { arena }),
      ...(matrix && { matrix }),
      ...(coverage && { coverage }),
      ...(races.length > 0 && { races }),
    };
    await io.out(await htmlReport(io, view, gate, extras));
    return EXIT.ok;
  }
  const judged = judgedReport(campaign, gate.baseline, gate.outcome);
  const lines = signatureLines(await baselineText());
  await io.out(RENDERERS[format]({ view, judged, version, file, lines }));
  if (claims !== null) await io.out(`\n${claimsAsMarkdown(claims)}`);
  if (matrix !== null) await io.out(`\n${matrixMarkdown(matrix)}`);
  if (coverage !== null) await io.out(`\n${coverageMarkdown(coverage)}`);
  if (format === "github") await writeSummary(io, judged);
  return EXIT.ok;
}

/** Refuses what the format has no place for. */
function requirePlaces({ format, claims, matrix, coverage, since }: ReportOptions): void {
  const isPage = format === "html" || format === "markdown";
  const asked = {
    "--claims": claims === true,
    "--matrix": matrix === true,
    "--coverage": coverage !== undefined,
  };
  for (const [option, isAsked] of Object.entries(asked)) {
    if (isAsked && !isPage) {
      throw new UserError(
        `${option}: ${format} has no place for ${option.slice(2)} (html and markdown have)`,
      );
    }
  }
  if (since !== undefined && format !== "markdown") {
    throw new UserError(`--since: ${format} has no place for it (markdown has)`);
  }
}

/** Results are pinned to the lines of the project's own baseline, wherever a repository keeps it. */
function baselineText(): Promise<string> {
  return readFile(ownBaseline(), "utf8");
}

/** A step's summary is a file that GitHub names in the environment. */
async function writeSummary(io: Io, judged: JudgedReport): Promise<void> {
  const path = io.env["GITHUB_STEP_SUMMARY"] ?? "";
  if (path === "") return;
  try {
    await appendFile(path, githubSummary(judged));
  } catch (error) {
    throw systemFault(path, error);
  }
}
