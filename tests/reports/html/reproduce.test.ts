import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { HAS_CHROMIUM, QuietBrowser, ReportFiles, WITHOUT_CHROMIUM } from "./chromium.ts";
import { sampleReport } from "./sample.ts";

const LEAK = "#/finding/fixed:leak:unmap-head";
/** A page is drawn when the machine has time for it. */
const PATIENCE = { timeout: 120_000 };

describe.skipIf(!HAS_CHROMIUM)(`a finding in Chromium${WITHOUT_CHROMIUM}`, () => {
  const files = new ReportFiles();
  const sample = files.write("sample", sampleReport());
  let browser: QuietBrowser;
  const open = (url: string) => browser.open(url);
  const expectText = (page: Page, selector: string, text: string) =>
    expect.poll(() => page.locator(selector).innerText(), PATIENCE).toContain(text);

  beforeAll(async () => {
    browser = await QuietBrowser.launch();
  }, 120_000);
  afterEach(() => browser.leave());
  afterAll(async () => {
    await browser.close();
    files.remove();
  });

  test("a finding is reproduced by tabs: how to run each, what FAIL is, and who was asked", async () => {
    const page = await open(`${sample}${LEAK}`);
    const tab = (name: string) => page.getByRole("tab", { name, exact: true });
    expect(await page.getByRole("tab").allInnerTexts()).toEqual([
      "Trace",
      "C",
      "kselftest",
      "syzkaller",
      "Mail",
    ]);
    // A stranger's disk has no file of ours: the trace stands in the command.
    await expectText(
      page,
      "#way pre",
      "npx pfndiff replay - --before legacy@6.12 --after modern@6.18",
    );
    await expectText(
      page,
      "#way pre",
      '{"format":"pfndiff/trace@1", "name":"fixed:leak:unmap-head"',
    );
    for (const [name, text] of [
      ["C", "int main(int argc, char **argv)"],
      ["kselftest", "TEST(fixed_leak_unmap_head)"],
      ["syzkaller", "munmap(&(0x7f0000010000/0x1000)=nil, 0x1000)"],
      ["Mail", "Subject: "],
    ] as const) {
      await page.keyboard.press("Tab");
      await tab(name).click();
      await expectText(page, "#way pre", text);
    }
    await page.keyboard.press("ArrowRight");
    expect(await tab("Trace").getAttribute("aria-selected")).toBe("true");
    await page.getByRole("button", { name: "Copy Trace" }).click();
    await page.getByText("Copied: Trace").waitFor();
    const results = (await page.locator(".results").innerText()).replace(/\s+/g, " ");
    expect(results).toContain("the model legacy@6.12 ▲ FAIL the model modern@6.18 ✓ PASS");
    expect(results).toMatch(/models of .*legacy@6\.1, .*▲ FAIL models of modern@6\.16.* ✓ PASS/);
  });

  test("a step says what the kernel does, by its functions, as the model does it", async () => {
    const page = await open(`${sample}${LEAK}/step/3`);
    await expectText(
      page,
      ".lane.before .functions",
      "untrack_pfn() on [1,2): asks for [1,2), no entry is equal, the erase by end cuts [0,2) UC- to [0,1)",
    );
    await expectText(page, ".lane.after .functions", "vma_pfnmap_track_ctx_release()");
  });
});
