import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type CampaignFinding, campaignFindingSchema } from "../src/oracle/finding.ts";
import { explain } from "../src/trace/read.ts";
import { UserError } from "../src/usererror.ts";
import type { CampaignResult } from "./campaign.ts";
import { type Campaign, campaignSchema } from "./summary.ts";

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
  const identity = JSON.stringify([before, after, finding.signature]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
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
    (await listJson(folder)).map((name) => readJson(join(folder, name), findingFileSchema)),
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
  const stale = new Set(await listJson(join(dir, LATEST)));
  stale.delete(SUMMARY);
  const known = new Set(await listJson(join(dir, SAVED)));
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
    await onDisk(join(dir, SAVED, name), (path) => rename(path, join(dir, GONE, name)));
  }
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await onDisk(path, (file) => readFile(file, "utf8"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: not JSON (remove the file, or restore it)`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [place, message] = explain(parsed.error, value);
  throw new UserError(`${path}: ${place === "" ? "" : `${place}: `}${message}`);
}

/** Writes to a name of its own beside the target, then renames: a reader never sees half a file. */
async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await onDisk(path, async () => {
    try {
      const file = await open(temporary, "w");
      try {
        await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** The names of a folder's JSON files, in order; none when there is no folder. */
async function listJson(folder: string): Promise<string[]> {
  const names = await onDisk(folder, async (path) => {
    try {
      return await readdir(path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  });
  return names.filter((name) => name.endsWith(".json")).sort();
}

const makeFolder = (path: string) => onDisk(path, (folder) => mkdir(folder, { recursive: true }));
const removeFile = (path: string) => onDisk(path, (file) => rm(file, { force: true }));

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EISDIR: "is a directory, not a file",
  ENOTDIR: "a part of the path is not a directory",
  EEXIST: "is in the way: a file where a directory is needed",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
};

/** Does something with a path; what the disk refuses becomes one line for the user. */
async function onDisk<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(path);
  } catch (error) {
    const words = DISK_FAULTS[codeOf(error)];
    throw words === undefined ? error : new UserError(`${path}: ${words}`);
  }
}
