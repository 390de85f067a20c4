import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { IS_LONG } from "../long.ts";
import { loadCampaign } from "../../src/results/findings.ts";
import { run } from "./run.ts";

test("a campaign ends in a screen of text: what ran, the verdict, the roots, where the rest is", async () => {
  const dir = mkdtempSync(join(tmpdir(), "pfndiff-summary-"));
  try {
    const { out } = await run(["fuzz", "--runs", "120", "--seed", "3", "--out", dir]);
    const { campaign } = await loadCampaign(dir);
    const told = campaign.findings.filter(({ verdict }) => verdict !== "parted");
    expect(out.trimEnd().split("\n").length).toBeLessThanOrEqual(26);
    expect(out).toMatch(
      /^legacy@6\.12 against modern@7\.2: 120 runs of seed 3, [\d,]+ ops, digest \w{16}$/m,
    );
    expect(out).toContain(`${told.length} findings`);
    for (const { name, findings } of campaign.roots ?? []) {
      const last = name.replace("both:errno:", "");
      expect(out.replaceAll(/\s+/g, " ")).toContain(`${last} ${findings.length}`);
    }
    expect(campaign.roots?.flatMap(({ findings }) => findings)).toHaveLength(told.length);
    expect(out.match(/^ {2}npx pfndiff replay/gm)).toHaveLength(1);
    expect(out).toMatch(/^ {2}step .* 0 .* 1[^]*^ {2}before {2}pfn[^]*^ {2}after {3}pfn/m);
    expect(out).toContain(`npx pfndiff report ${dir}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("a replay's head counts one of a thing as one", async () => {
  const { out } = await run(["replay", "introduced:stale-memtype:replace"]);
  expect(out.split("\n")[0]).toBe(
    "introduced:stale-memtype:replace: 3 ops; 1 pfn of a device aperture, 1 virtual page",
  );
});

test.runIf(IS_LONG)(
  "what npm start runs ends when nothing new is likely, long before its time",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "pfndiff-enough-"));
    try {
      // Were it not to end by itself, the test's own time would.
      await run(["fuzz", "--time", "3000", "--enough", "--seed", "1", "--out", dir]);
      const { campaign } = await loadCampaign(dir);
      expect(campaign.runs).toBeGreaterThanOrEqual(5000);
      // Shrinking finds a statement in some of what showed only where the sides had parted.
      expect(campaign.residual.chance).toBeLessThan(1 / 500);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
  120_000,
);
