import { randomUUID } from "node:crypto";
import { readlink, rename, symlink } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { type CampaignFinding, campaignFindingSchema } from "../oracle/finding.ts";
import type { CampaignResult } from "../../fuzz/campaign.ts";
import { listFiles, makeFolder, moveFile, onDisk, unless, writeJson } from "./disk.ts";
import { isThere, readJson, readJsonLeft } from "./json.ts";
import { shortHash } from "../../fuzz/plan.ts";
import { type Campaign, campaignSchema } from "../../fuzz/summary.ts";

/** Where results go unless the user says otherwise. */
export const RESULTS_DIR = ".pfndiff";

/** Campaigns, a folder each, named by their digests: its summary and one file a finding. */
const CAMPAIGNS = "campaigns";
/** A link to the folder of the campaign that ended last. */
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
      readJsonLeft(join(folder, name), findingFileSchema),
    ),
  );
  return files
    .filter((file) => file !== null)
    .filter((file) => file.before === before && file.after === after)
    .map((file) => file.finding)
    .sort((a, b) => (a.signature < b.signature ? -1 : 1));
}

/** A saved campaign and where its files are. */
export interface SavedCampaign {
  readonly campaign: Campaign;
  /** The campaign's own folder, which no later campaign writes. */
  readonly folder: string;
  /** The results folder that it is in. */
  readonly results: string;
}

/** The last campaign of a results folder, or the one of that folder of its own. */
export async function loadCampaign(dir: string): Promise<SavedCampaign> {
  const isOwn = await isThere(join(dir, SUMMARY));
  const folder = await ownFolder(isOwn ? dir.replace(/\/+$/, "") : join(dir, LATEST));
  const campaign = await readJson(join(folder, SUMMARY), campaignSchema);
  const parent = dirname(folder);
  return { campaign, folder, results: basename(parent) === CAMPAIGNS ? dirname(parent) : parent };
}

/** Where a link leads, named through the same parents; what is no link is returned as it is. */
async function ownFolder(path: string): Promise<string> {
  const target = await onDisk(path, () => unless(["EINVAL", "ENOENT"], () => readlink(path)));
  if (target === null) return path;
  return isAbsolute(target) ? target : join(dirname(path), target);
}

/**
 * Saves a campaign and what it found, makes it the latest, and sets aside what is gone. Every file
 * appears whole or not at all, and the link to them comes last. Returns the campaign's folder.
 */
export async function saveResult(
  dir: string,
  { campaign, gone }: Pick<CampaignResult, "campaign" | "gone">,
): Promise<string> {
  const { before, after, findings, digest } = campaign;
  const name = digest.slice(0, 16);
  const folder = join(dir, CAMPAIGNS, name);
  for (const needed of [folder, join(dir, SAVED)]) await makeFolder(needed);
  const known = new Set(await listFiles(join(dir, SAVED), ".json"));
  for (const finding of findings) {
    const fileName = findingFileName(before, after, finding);
    const file: FindingFile = { format: "pfndiff/finding@1", before, after, finding };
    // A rough trace of a campaign that was cut short must not replace a minimal one.
    if (campaign.interrupted !== true || !known.has(fileName)) {
      await writeJson(join(dir, SAVED, fileName), file);
    }
    await writeJson(join(folder, fileName), file);
  }
  const found = new Set(findings.map(({ signature }) => signature));
  await retire(
    dir,
    before,
    after,
    gone.map(({ signature }) => signature).filter((signature) => !found.has(signature)),
  );
  await saveSummary(folder, campaign);
  await pointTo(join(dir, LATEST), join(CAMPAIGNS, name));
  return folder;
}

/** Puts a saved campaign's summary anew, with what was found out about it since. */
export async function saveSummary(folder: string, campaign: Campaign): Promise<void> {
  await writeJson(join(folder, SUMMARY), campaign);
}

/** Makes a link lead elsewhere at once. A folder of that name, of an older pfndiff, is kept. */
async function pointTo(path: string, target: string): Promise<void> {
  const fresh = `${path}.${randomUUID()}.tmp`;
  await onDisk(path, async () => {
    await symlink(target, fresh);
    if ((await unless(["ENOENT", "EINVAL"], () => readlink(path))) === null) {
      await unless(["ENOENT"], () => rename(path, join(dirname(path), `${target}-${Date.now()}`)));
    }
    await rename(fresh, path);
  });
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
