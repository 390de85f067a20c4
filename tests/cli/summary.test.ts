import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadCampaign } from "../../src/results/findings.ts";
import { run } from "./run.ts";

test("a campaign ends in a screen of text: what ran, the verdict, the roots, where the rest is", async () => {
  const dir = mkdtempSync(join(tmpdir(), "pfndiff-summary-"));
  try {
    const { out } = await run(["fuzz", "--runs", "120", "--seed", "3", "--out", dir]);
    const { campaign } = await loadCampaign(dir);
    const told = campaign.findings.filter(({ verdict }) => verdict !== "parted");
    expect(out.split("\n").length).toBeLessThanOrEqual(34);
    expect(out).toMatch(/^legacy@6\.12 against modern@7\.2: \d+ runs, [\d,]+ ops, [\d,]+ ops\/s$/m);
    expect(out).toContain(`${told.length} findings`);
    for (const { name, findings } of campaign.roots ?? []) {
      expect(out.replaceAll(/\s+/g, " ")).toContain(`${name} ${findings.length}`);
    }
    expect(campaign.roots?.flatMap(({ findings }) => findings)).toHaveLength(told.length);
    expect(out.match(/^ {2}npx pfndiff replay/gm)).toHaveLength(1);
    expect(out).toMatch(/^ {2}step .* 0 .* 1[^]*^ {2}before {2}pfn[^]*^ {2}after {3}pfn/m);
    expect(out).toContain(`npx pfndiff report ${dir}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
