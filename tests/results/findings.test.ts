import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CampaignResult, runCampaign } from "../../fuzz/campaign.ts";
import {
  findingFileName,
  findingFileSchema,
  loadCampaign,
  loadSaved,
  saveResult,
} from "../../src/results/findings.ts";
import { campaignDigest } from "../../fuzz/summary.ts";
import type { CampaignFinding } from "../../src/oracle/finding.ts";
import { UserError } from "../../src/usererror.ts";
import { toyDifference } from "../fuzz/toy.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "pfndiff-corpus-"));
});
afterEach(async () => rm(dir, { recursive: true }));

const toy = { before: "a", after: "b", seed: 11, runs: 60, differential: toyDifference };
const found = (): Promise<CampaignResult> => runCampaign(toy);

describe("the results folder", () => {
  test("gives back the campaign that was saved", async () => {
    const result = await found();
    await saveResult(dir, result);
    expect(await loadCampaign(dir)).toMatchObject({ campaign: result.campaign, results: dir });
    expect(await loadSaved(dir, "a", "b")).toEqual(result.campaign.findings);
  });

  test("holds one file a finding and the summary, and nothing half written", async () => {
    const result = await found();
    const folder = await saveResult(dir, result);
    const names = result.campaign.findings.map((f) => findingFileName("a", "b", f));
    expect(await readdir(join(dir, "latest"))).toEqual([...names, "campaign.json"].sort());
    expect(await readdir(join(dir, "saved"))).toEqual(names.sort());
    for (const finding of result.campaign.findings) {
      const text = await readFile(join(folder, findingFileName("a", "b", finding)), "utf8");
      expect(findingFileSchema.parse(JSON.parse(text)).finding).toEqual(finding);
    }
  });

  test("keeps findings of earlier campaigns, but not among the latest", async () => {
    const first = await found();
    await saveResult(dir, first);
    const findings = first.campaign.findings.slice(0, 1);
    const digest = campaignDigest({ ...first.campaign, findings });
    await saveResult(dir, { campaign: { ...first.campaign, findings, digest }, gone: [] });
    expect(await readdir(join(dir, "latest"))).toHaveLength(2);
    expect(await loadSaved(dir, "a", "b")).toEqual(first.campaign.findings);
  });

  test("keeps every campaign where it was saved, whichever is the latest", async () => {
    const first = await found();
    const folder = await saveResult(dir, first);
    const files = await readdir(folder);
    await saveResult(dir, await runCampaign({ ...toy, seed: 12 }));
    expect(await readdir(folder)).toEqual(files);
    expect(await loadCampaign(folder)).toEqual({ campaign: first.campaign, folder, results: dir });
    expect((await loadCampaign(join(dir, "latest"))).campaign.seed).toBe(12);
  });

  test("puts the folder aside that an older pfndiff left as the latest", async () => {
    const { campaign } = await found();
    await mkdir(join(dir, "latest"));
    await writeFile(join(dir, "latest", "campaign.json"), JSON.stringify(campaign));
    expect((await loadCampaign(dir)).folder).toBe(join(dir, "latest"));
    await saveResult(dir, await runCampaign({ ...toy, seed: 12 }));
    const all = await readdir(join(dir, "campaigns"));
    const kept = await Promise.all(all.map((name) => loadCampaign(join(dir, "campaigns", name))));
    expect(kept.map(({ campaign: { seed } }) => seed).sort()).toEqual([11, 12]);
  });

  test("saved by many at once is whole, and the latest is one of them", async () => {
    const results = await Promise.all(
      [1, 2, 3, 4].map((seed) => runCampaign({ ...toy, seed, runs: 20 })),
    );
    await Promise.all(results.map((result) => saveResult(dir, result)));
    const { campaign } = await loadCampaign(dir);
    expect(results.map((result) => result.campaign)).toContainEqual(campaign);
  });

  test("sets aside what is gone, and keeps it", async () => {
    const first = await found();
    await saveResult(dir, first);
    const [gone, ...findings] = first.campaign.findings as [CampaignFinding, CampaignFinding];
    await saveResult(dir, { campaign: { ...first.campaign, findings }, gone: [gone] });
    expect(await loadSaved(dir, "a", "b")).toEqual(findings);
    expect(await readdir(join(dir, "gone"))).toEqual([findingFileName("a", "b", gone)]);
  });

  test("keeps what was gone from its old trace but found again by a new one", async () => {
    const first = await found();
    await saveResult(dir, first);
    await saveResult(dir, { campaign: first.campaign, gone: first.campaign.findings });
    expect(await loadSaved(dir, "a", "b")).toEqual(first.campaign.findings);
  });

  test("keeps pairs of backends apart", async () => {
    await saveResult(dir, await found());
    await saveResult(dir, await runCampaign({ ...toy, after: "c", runs: 20 }));
    expect(await loadSaved(dir, "a", "c")).not.toEqual([]);
    expect((await loadSaved(dir, "a", "c")).map((f) => f.count)).not.toEqual(
      (await loadSaved(dir, "a", "b")).map((f) => f.count),
    );
    expect(await loadSaved(dir, "c", "a")).toEqual([]);
  });

  test("that is not there yet has nothing saved", async () => {
    expect(await loadSaved(join(dir, "none"), "a", "b")).toEqual([]);
  });

  test("names files by symptom and hash, whatever a signature says", async () => {
    const [finding] = (await found()).campaign.findings as [CampaignFinding];
    const names = ["../../etc/passwd", "a/b", "a\0b", ""].map((signature) =>
      findingFileName("../x", "/y", { ...finding, signature }),
    );
    for (const name of names) expect(name).toMatch(/^fixed-leak-[0-9a-f]{16}\.json$/);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("what cannot be read or written is one line for the user", () => {
  const refusal = async (work: Promise<unknown>): Promise<UserError> => {
    const error: unknown = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw new Error("was not refused", { cause: error });
    expect(error.message).not.toContain("\n");
    expect(error.exitCode).toBe(2);
    return error;
  };

  test.each([
    ["not JSON", "{", "not JSON"],
    ["another format", '{"format": "pfndiff/finding@9"}', "format: is"],
    ["a list", "[]", "expected"],
  ])("%s", async (_, text, words) => {
    const path = join(dir, "saved", "x.json");
    await mkdir(join(dir, "saved"));
    await writeFile(path, text);
    const { message } = await refusal(loadSaved(dir, "a", "b"));
    expect(message.startsWith(`${path}: `)).toBe(true);
    expect(message).toContain(words);
  });

  test("a field too many or a wrong number is named", async () => {
    const { campaign } = await found();
    const [finding] = campaign.findings as [CampaignFinding];
    await mkdir(join(dir, "saved"));
    const write = (file: object) => writeFile(join(dir, "saved", "x.json"), JSON.stringify(file));
    const file = { format: "pfndiff/finding@1", before: "a", after: "b", finding };
    await write({ ...file, extra: 1 });
    expect((await refusal(loadSaved(dir, "a", "b"))).message).toContain("x.json: extra: ");
    await write({ ...file, finding: { ...finding, count: -1 } });
    expect((await refusal(loadSaved(dir, "a", "b"))).message).toContain("finding.count: is -1");
  });

  test("a missing summary, and a file where the folder should be", async () => {
    expect((await refusal(loadCampaign(dir))).message).toContain("no such file");
    await writeFile(join(dir, "file"), "");
    const result = await found();
    await refusal(saveResult(join(dir, "file"), result));
    await refusal(loadSaved(join(dir, "file"), "a", "b"));
  });
});
