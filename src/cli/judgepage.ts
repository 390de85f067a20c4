import type { CampaignResult } from "../../fuzz/campaign.ts";
import { type Evidence, judgeText } from "../../reports/judgetext.ts";
import { citation, patchedFunctions } from "../../tree/revisions.ts";
import { passedText } from "../../tree/passed.ts";
import type { Baseline } from "../gate.ts";
import type { CampaignFinding } from "../oracle/finding.ts";
import { saveResult, saveSummary } from "../results/findings.ts";
import { bornBy, endsProcess, type Op } from "../trace/op.ts";
import { isTree, type Pair } from "./backends.ts";
import { replaysOf, viewCampaign, withRoots } from "./campaign.ts";
import { confirmedBy, UNCONFIRMED } from "./confirm.ts";
import { EXIT, type Io } from "./io.ts";
import type { Session } from "./session.ts";

/** Nothing is accepted of two revisions: what both show is shared, all else is the series'. */
export const NONE_ACCEPTED: Baseline = { format: "pfndiff/baseline@1", entries: [] };

/** Two commits of a tree. */
export interface Ends {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** Commits from one to the other. */
  readonly count: number;
}

/** What a comparison of two ends came to. */
export interface Judged {
  readonly result: CampaignResult;
  /** Signatures for whose least traces there was no time. */
  readonly rough: ReadonlySet<string>;
  /** The chance that 1,000 more runs show a signature that none has shown. */
  readonly chance: number;
  readonly confirm: string | undefined;
}

/** Saves what a comparison found and prints its page; returns 1 where anything is not shared. */
export async function tellEnds(
  io: Io,
  { path, from, to, count }: Ends,
  { pair, journal, out }: Session,
  { result, rough, chance, confirm }: Judged,
): Promise<number> {
  const folder = await saveResult(out, result);
  if (result.interrupted) return EXIT.interrupted;
  await journal.append({ kind: "end", digest: result.campaign.digest });
  const { findings } = result.campaign;
  const told = findings.filter(({ verdict }) => verdict !== "parted");
  const own = told.filter(({ verdict }) => verdict !== "kept");
  const shown = shownOf(own, rough);
  const campaign = { ...result.campaign, findings: shown };
  const replays = await replaysOf(campaign, pair);
  const rooted = await withRoots(campaign, replays, pair);
  await saveSummary(folder, { ...rooted, findings });
  const patched = await patchedFunctions(path, from, to);
  const series = {
    base: await citation(path, from),
    head: await citation(path, to),
    commits: count,
    shared: told.length - own.length,
    chance,
    patched,
    rough: own.filter((one) => !shown.includes(one)).map(({ signature }) => signature),
  };
  const words = confirm === undefined ? null : await confirmedBy(confirm, pair, shown);
  const evidence = (finding: CampaignFinding): Evidence => ({
    standing: words?.get(finding.signature) ?? UNCONFIRMED,
    passed: passedIn(finding, pair, patched),
  });
  await io.out(judgeText(series, viewCampaign(rooted, replays, NONE_ACCEPTED, folder), evidence));
  return own.some(({ verdict }) => verdict !== "fixed") ? EXIT.divergence : EXIT.ok;
}

/** What has its least trace; where nothing has, the shortest of all. */
function shownOf(own: readonly CampaignFinding[], rough: ReadonlySet<string>): CampaignFinding[] {
  const least = own.filter(({ signature }) => !rough.has(signature));
  if (least.length > 0) return least;
  return [...own].sort((a, b) => a.trace.ops.length - b.trace.ops.length).slice(0, 1);
}

/** The exits of the processes that a trace leaves alive. */
function exitsAfter(ops: readonly Op[]): Op[] {
  const alive = new Set<number>();
  for (const op of ops) {
    const born = bornBy(op);
    if (born !== null) alive.add(born);
    if (endsProcess(op)) alive.delete(op.proc);
  }
  return [...alive].map((proc) => ({ op: "exit", proc }));
}

/**
 * By op of a finding's trace, the functions that tell most of those which it passes on the side that shows it; then,
 * as one, those of the exits that are left when it ends.
 */
function passedIn(
  { side, trace }: CampaignFinding,
  pair: Pair,
  patched: readonly string[],
): string[] {
  const backend = pair[side];
  if (!isTree(backend)) return [];
  const { world, ops } = trace;
  const exits = exitsAfter(ops);
  const passed = backend.passedBy(world, [...ops, ...exits]);
  const atEnd = passed.slice(ops.length).flat();
  return [...passed.slice(0, ops.length), atEnd].map((one) => passedText(one, patched));
}
