import { beforeAll, describe, expect, test } from "vitest";
import { HAS_CHROMIUM, WITHOUT_CHROMIUM, BrowserPages, expectText } from "./chromium.ts";
import { sampleReport } from "./sample.ts";

describe.skipIf(!HAS_CHROMIUM)(`the arena's page in Chromium${WITHOUT_CHROMIUM}`, () => {
  const pages = new BrowserPages();
  let sample: string;

  beforeAll(() => {
    sample = pages.files.write("sample", sampleReport());
  });

  const open: BrowserPages["open"] = (url, options) => pages.open(url, options);

  test("the arena has a page: a bar for every design, numbers beside it, a table of the scope", async () => {
    const page = await open(sample);
    await page.getByRole("link", { name: "Arena" }).click();
    await expectText(page, "h1", "every design on the same traces");
    const rows = await page.locator(".figure").first().locator("tbody tr").allInnerTexts();
    expect(rows.join(";").replace(/\s+/g, " ")).toBe("legacy 450;modern 0.0;B-i 0.0");
    const bars = page.locator(".figure").nth(4).locator(".figurebar span");
    const [legacy, modern] = await bars.evaluateAll((all) => all.map((bar) => bar.clientWidth));
    expect((legacy ?? 0) / (modern ?? 1)).toBeCloseTo(0.5, 1);
    expect(await page.locator(".arena .scroll table").innerText()).toMatch(/Design\s+Leak/);
  });

  test("the arena plots leaks against over-retention, shipped designs as squares", async () => {
    const page = await open(`${sample}#/arena`);
    const plot = page.locator(".arenaplot");
    expect(await plot.locator("rect").count()).toBe(2);
    const place = async (design: string) => {
      const mark = plot.locator("g", { has: page.locator(`title:text("${design}:")`) }).last();
      const box = await mark.locator("rect, circle").boundingBox();
      if (box === null) throw new Error(`${design} is not drawn`);
      return { x: box.x, y: box.y };
    };
    const [legacy, modern] = [await place("legacy"), await place("modern")];
    // The old one leaks and the new one does not; the new one keeps twice as much.
    expect(legacy.y).toBeLessThan(modern.y - 100);
    expect(legacy.x).toBeLessThan(modern.x - 50);
    expect(await plot.locator("text.shipped").allTextContents()).toEqual(["legacy", "modern"]);
  });

  test("a shortest length of the arena opens its sequence, where it shows what it was met for", async () => {
    const page = await open(`${sample}#/arena`);
    await page.getByRole("link", { name: "legacy: Leak in 3 ops, in the sandbox" }).click();
    await expectText(page, "h1", "Sandbox");
    await expectText(page, ".run-findings", "Leak after unmapping the head");
  });
});
