import { describe, expect, test } from "vitest";
import { opText } from "../../../reports/optext.ts";
import { summaryHtml } from "../../../reports/html/summary.ts";
import { readLink } from "../../../src/trace/link.ts";
import { HAS_CHROMIUM, QuietBrowser, ReportFiles, WITHOUT_CHROMIUM } from "./chromium.ts";
import { sampleReport } from "./sample.ts";

const PATIENCE = { timeout: 120_000 };

test("the summary for readers without JavaScript tells the roots before the findings", () => {
  const html = summaryHtml(sampleReport());
  expect(html).toContain("<li><b>after:over-retention</b> (8 findings) munmap p0: kept</li>");
  expect(html.indexOf("Roots, gravest first")).toBeLessThan(html.indexOf("<table>"));
});

describe.skipIf(!HAS_CHROMIUM)(`the front page in Chromium${WITHOUT_CHROMIUM}`, () => {
  test("links each root to its simplest witness, and folds what follows", async () => {
    const files = new ReportFiles();
    const browser = await QuietBrowser.launch();
    try {
      const page = await browser.open(files.write("roots", sampleReport()));
      expect(await page.locator("[data-root]").count()).toBe(2);
      expect(await page.locator(".follows:visible").count()).toBe(0);
      const said = await page.locator(".roots li").first().innerText();
      const { trace, reason } = sampleReport().findings[0] ?? expect.fail();
      const command = /npx pfndiff replay '(#\/try\/[^']+)'/.exec(said)?.[1] ?? "";
      expect(said).toContain(trace.ops.map((op, step) => `${step} ${opText(op)}`).join("; "));
      expect(readLink(command)).toMatchObject({ ok: true, linked: { trace: { ops: trace.ops } } });
      expect(said).toContain(reason ?? "not accepted.");
      await page.locator(".roots summary").click();
      await expect.poll(() => page.locator(".follows:visible").count(), PATIENCE).toBe(7);
      expect(said).not.toContain("on models");
      await page.locator("[data-root]").first().click();
      await expect.poll(() => new URL(page.url()).hash, PATIENCE).toMatch(/^#\/finding\//);
      await browser.leave();
      // What a tree does a model may not: the front says with what it was found, and no path of a disk.
      const report = sampleReport();
      const tree = "tree:/home/somebody/linux@v6.15";
      const findings = report.findings.map((one) => ({
        ...one,
        before: { ...one.before, backend: tree },
      }));
      const campaign = { ...report.campaign, before: tree };
      const other = await browser.open(files.write("tree", { ...report, campaign, findings }));
      const told = await other.locator(".root-facts").first().innerText();
      expect(told).toContain("(on models; as it was found, with --before tree:PATH)");
      expect(told).not.toContain("somebody");
      await browser.leave();
    } finally {
      await browser.close();
      files.remove();
    }
  });
});

test("the summary for readers without JavaScript tells what two tasks at once gave", () => {
  const html = summaryHtml(sampleReport());
  expect(html).toContain("<h2>Two tasks at once</h2><ul><li>alias:munmap+revoke-mmap on 6.12.117.");
  expect(html).toContain("pfn 0 is mapped as WC and UC- at once");
});
