import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { inOrder, raceIn } from "../../../src/trace/race.ts";
import {
  HAS_CHROMIUM,
  QuietBrowser,
  ReportFiles,
  violations,
  WITHOUT_CHROMIUM,
} from "./chromium.ts";
import { sampleReport } from "./sample.ts";
import { SCHEDULE } from "./schedule.ts";

const race = raceIn(SCHEDULE.trace) ?? expect.fail();
const LINKED = { before: "legacy@6.12", after: "modern@7.2", step: 0, trace: inOrder(race, []) };

describe.skipIf(!HAS_CHROMIUM)(`two tasks at once in Chromium${WITHOUT_CHROMIUM}`, () => {
  let files: ReportFiles;
  let browser: QuietBrowser;

  beforeAll(async () => {
    files = new ReportFiles();
    browser = await QuietBrowser.launch();
  });

  afterAll(async () => {
    await browser.close();
    files.remove();
  });

  afterEach(() => browser.leave());

  const PATIENCE = { timeout: 120_000 };
  const expectText = (page: Page, selector: string, text: string) =>
    expect.poll(() => page.locator(selector).innerText(), PATIENCE).toContain(text);

  test("a race leads from the list to two lanes, in time, with what stood where a task was stopped", async () => {
    const page = await browser.open(files.write("sample", sampleReport()));
    await page.getByRole("link", { name: "Races" }).click();
    await page.getByRole("link", { name: "alias:munmap+revoke-mmap" }).click();
    await expectText(page, ".lead", "pfn 0 is mapped as WC and UC- at once");
    const lane = (task: string) => page.locator(`.point.${task} .passed`).first().boundingBox();
    const [a, b] = [await lane("a"), await lane("b")];
    expect(b?.x).toBeGreaterThan((a?.x ?? 0) + (a?.width ?? 0));
    expect(b?.y).toBeGreaterThan(a?.y ?? 0);
    expect(await page.locator(".point.stopped").innerText()).toMatch(
      /before spin_lock\(memtype_lock\) in memtype_free < untrack_pfn[^]*stopped here[^]*\[0,8\) UC-/,
    );
    expect(await page.locator(".point.b .between").innerText()).toContain("p1 [0,8) VM_PAT");
    expect(await page.locator(".point").last().innerText()).toContain("memtype list empty");
    await expectText(page, ".schedule", "No order of whole ops gives this");
  });

  test("a schedule that was saved stays as recorded, beneath models that say they cannot run it", async () => {
    const viewport = { width: 320, height: 900 };
    const page = await browser.open(files.writeSandbox(LINKED, SCHEDULE), { viewport });
    await expectText(page, "main", "Models cannot run a schedule");
    await expectText(page, ".schedule", "Recorded on tree:linux-source-6.12 (6.12.117)");
    expect(await page.locator(".point").count()).toBe(SCHEDULE.points.length);
    await page.getByRole("button", { name: "Drop" }).click();
    expect(await page.locator(".point").count()).toBe(SCHEDULE.points.length);
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  });
});
