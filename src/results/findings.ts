import { join } from "node:path";
import { z } from "zod";
import { type CampaignFinding, campaignFindingSchema } from "../oracle/finding.ts";
import type { CampaignResult } from "../../fuzz/campaign.ts";
import { listFiles, makeFolder, moveFile, readJson, removeFile, writeJson } from "./disk.ts";
import { shortHash } from "../../fuzz/plan.ts";
import { type Campaign, campaignSchema } from "../../fuzz/summary.ts";

/** Where results go unless the user says otherwise. */
export const RESULTS_DIR = ".pfndiff";

/** The last campaign: its summary and one file a finding. */
const LATEST = "latest";
/** Every finding that still shows, of any campaign. */
const SAVED = "saved";
/** Findings that stopped to show: announced once and kept. */
const GONE = "gone";
const SUMMARY = "campaign.json";

/** pfndiff/finding@1: one finding and the two backends that it tells apart. */
export const findingFileSchema = z.strictObject({
  format: z.literal("pfndiff/finding@1"),
  before: z.string(),
  after: z.string(),
  finding: campaignFindingSchema,
});

type FindingFile = z.infer<typeof findingFileSchema>;

/**
 * The file name of a finding. What goes into it is the symptom, which is one of a closed list,
 * and a hash: a signature could hold anything, a path included.
 */
export function findingFileName(before: string, after: string, finding: CampaignFinding): string {
  const hash = shortHash([before, after, finding.signature]);
  return `${finding.verdict}-${finding.symptom}-${hash}.json`;
}

/**
 * The findings that were saved for a pair of backends, in a fixed order. A folder that is not
 * there is an empty one; a file that cannot be read or parsed is the user's to put right.
 */
export async function loadSaved(
  dir: string,
  before: string,
  after: string,
): Promise<CampaignFinding[]> {
  const folder = join(dir, SAVED);
  const files = await Promise.all(
    (await listFiles(folder, ".json")).map((name) =>
      readJson(join(folder, name), findingFileSchema),
    ),
  );
  return files
    .filter((file) => file.before === before && file.after === after)
    .map((file) => file.finding)
    .sort((a, b) => (a.signature < b.signature ? -1 : 1));
}

/** The last campaign of a results folder. */
export async function loadLatest(dir: string): Promise<Campaign> {
  return readJson(join(dir, LATEST, SUMMARY), campaignSchema);
}

/**
 * Writes a campaign as the latest, saves what it found, and sets aside what is gone. Every file
 * appears whole or not at all, and the summary comes last: whoever can read it can read them all.
 * Returns the path of each finding's file in `latest`, by signature.
 */
export async function saveResult(
  dir: string,
  { campaign, gone }: Pick<CampaignResult, "campaign" | "gone">,
): Promise<Map<string, string>> {
  const { before, after, findings } = campaign;
  const paths = new Map<string, string>();
  for (const folder of [LATEST, SAVED]) await makeFolder(join(dir, folder));
  const stale = new Set(await listFiles(join(dir, LATEST), ".json"));
  stale.delete(SUMMARY);
  const known = new Set(await listFiles(join(dir, SAVED), ".json"));
  for (const finding of findings) {
    const name = findingFileName(before, after, finding);
    const file: FindingFile = { format: "pfndiff/finding@1", before, after, finding };
    // A rough trace of a campaign that was cut short must not replace a minimal one.
    if (campaign.interrupted !== true || !known.has(name)) {
      await writeJson(join(dir, SAVED, name), file);
    }
    await writeJson(join(dir, LATEST, name), file);
    paths.set(finding.signature, join(dir, LATEST, name));
    stale.delete(name);
  }
  const found = new Set(findings.map(({ signature }) => signature));
  await retire(
    dir,
    before,
    after,
    gone.map(({ signature }) => signature).filter((signature) => !found.has(signature)),
  );
  for (const name of stale) await removeFile(join(dir, LATEST, name));
  await writeJson(join(dir, LATEST, SUMMARY), campaign);
  return paths;
}

/** Moves saved findings that no longer show out of the way. */
async function retire(
  dir: string,
  before: string,
  after: string,
  signatures: readonly string[],
): Promise<void> {
  if (signatures.length === 0) return;
  await makeFolder(join(dir, GONE));
  for (const finding of await loadSaved(dir, before, after)) {
    if (!signatures.includes(finding.signature)) continue;
    const name = findingFileName(before, after, finding);
    await moveFile(join(dir, SAVED, name), join(dir, GONE, name));
  }
}
