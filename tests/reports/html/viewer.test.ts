import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { ReportData } from "../../../reports/data.ts";
import { IS_LONG, sampleOf } from "../../long.ts";
import {
  HAS_CHROMIUM,
  NEEDS_CHROMIUM,
  threadSeconds,
  violations,
  WITHOUT_CHROMIUM,
  BrowserPages,
  expectText,
  PATIENCE,
} from "./chromium.ts";
import { hostileReport, LEAK, largeReport, LOOKED_AT, sampleReport } from "./sample.ts";

if (!HAS_CHROMIUM) process.stderr.write(`No browser tests${WITHOUT_CHROMIUM}\n`);

test(`a Chromium is there${WITHOUT_CHROMIUM}`, () => {
  const isFine = HAS_CHROMIUM || !NEEDS_CHROMIUM;
  expect(isFine, "PFNDIFF_REQUIRE_BROWSER=1, and none is there").toBe(true);
});

describe.skipIf(!HAS_CHROMIUM)(`the viewer in Chromium${WITHOUT_CHROMIUM}`, () => {
  const pages = new BrowserPages();
  let sample: string;

  beforeAll(() => {
    sample = pages.files.write("sample", sampleReport());
  });

  const open: BrowserPages["open"] = (url, options) => pages.open(url, options);
  const hashOf = (page: Page) => new URL(page.url()).hash;

  test("a file opens with the verdict first, without an error or a request", async () => {
    const page = await open(sample);
    expect(await page.locator("h1").innerText()).toBe("Unexpected: 1 not accepted, 1 vanished");
    await expectText(page, ".verdict", "8 findings in 20,000 runs; 2 divergences");
    expect(await page.locator("[data-row]").count()).toBe(9);
    expect(await page.locator(".count").allInnerTexts()).toEqual([
      expect.stringMatching(/^1\s+▲ not accepted$/),
      expect.stringMatching(/^0\s+↔ other verdict$/),
      expect.stringMatching(/^1\s+∅ vanished$/),
      expect.stringMatching(/^7\s+• accepted$/),
    ]);
    expect(await page.locator("aside").innerText()).toContain("20,000");
  });

  test("the viewer with the models in it stays under 490 KB without data", () => {
    expect(Buffer.byteLength(pages.files.template)).toBeLessThan(490 * 1024);
  });

  test("chips and search narrow the list, and say how many are left", async () => {
    const page = await open(sample);
    await page.getByRole("button", { name: /^fixed/ }).click();
    await expectText(page, ".shown", "5 of 9 shown");
    await page.getByRole("searchbox").fill("leak");
    await expectText(page, ".shown", "2 of 9 shown");
    expect(await page.locator("[data-row]").count()).toBe(2);
    await expect.poll(() => hashOf(page), PATIENCE).toBe("#/?text=leak&verdict=fixed");
    await page.reload();
    await expectText(page, ".shown", "2 of 9 shown");
    await page.getByRole("searchbox").fill("no such thing");
    await expectText(page, ".empty", "No finding matches.");
    await page.getByRole("button", { name: "show all" }).click();
    await expectText(page, ".shown", "9 shown");
    expect(await page.locator("[data-row]").count()).toBe(9);
  });

  test("the order is in the address too, and holds after a reload", async () => {
    const page = await open(sample);
    const rows = () =>
      page.locator("[data-row]").evaluateAll((all) => all.map((row) => row.textContent));
    const gravest = await rows();
    await page.getByLabel("Order").selectOption("length");
    await expect.poll(() => hashOf(page), PATIENCE).toBe("#/?sort=length");
    const shortest = await rows();
    expect(shortest).not.toEqual(gravest);
    expect(shortest.toSorted()).toEqual(gravest.toSorted());
    await page.reload();
    await expect.poll(rows, PATIENCE).toEqual(shortest);
  });

  test("a finding opens at the first step at which the sides differ", async () => {
    const page = await open(`${sample}${LEAK}`);
    expect(await page.locator("h1").innerText()).toBe("Leak after unmapping the head of a mapping");
    expect(await page.locator(".position").innerText()).toBe("Step 2 of 4");
    expect(await page.locator(".lane.before .notes").innerText()).toContain("pfn 0 is reserved");
    expect(await page.locator(".lane.before .log").innerText()).toContain("invalid free of [0,1)");
    expect(await page.locator(".lane.after .log").innerText()).toContain("silent");
    expect(await page.locator(".lane.after .context").innerText()).toBe("count 1");
    await page.getByRole("button", { name: "Where it shows: step 3" }).click();
    await expectText(page, ".position", "Step 3 of 4");
    await expectText(page, ".lane.before .notes", "Finding:");
  });

  test("what the words mean is a click away on the front page and beside every finding", async () => {
    for (const hash of ["", LEAK]) {
      const page = await open(`${sample}${hash}`);
      await page.getByText("New to the subject?").click();
      await expectText(page, ".primer", "A pfn is the number of a physical page");
    }
  });

  test("a permalink restores the step, also after a reload", async () => {
    const page = await open(`${sample}${LEAK}/step/4`);
    expect(await page.locator(".position").innerText()).toBe("Step 4 of 4");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => hashOf(page), PATIENCE).toBe(`${LEAK}/step/3`);
    await page.reload();
    expect(await page.locator(".position").innerText()).toBe("Step 3 of 4");
    expect(await page.locator('[aria-current="step"]').innerText()).toContain("munmap p0 [1,2)");
  });

  test("a permalink to a finding that is not there says so and shows the list", async () => {
    const page = await open(`${sample}#/finding/nowhere`);
    expect(await page.getByRole("status").first().innerText()).toContain("nowhere");
    expect(await page.locator("[data-row]").count()).toBe(9);
  });

  test("the keys walk the list, open, step, search and go back", async () => {
    const page = await open(sample);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await expectText(page, ":focus", "Different result of mremap()");
    await page.keyboard.press("k");
    await expectText(page, ":focus", "Refused after unmapping the tail");
    await page.keyboard.press("Enter");
    await expect.poll(() => hashOf(page), PATIENCE).toBe("#/finding/introduced:refused:unmap-tail");
    await page.keyboard.press("ArrowRight");
    await expectText(page, ".position", "Step 3 of 4");
    await page.keyboard.press("j");
    await expect.poll(() => hashOf(page), PATIENCE).toBe("#/finding/changed:errno:mremap");
    await page.keyboard.press("n");
    await expect.poll(() => hashOf(page), PATIENCE).toBe("#/finding/introduced:refused:unmap-tail");
    await page.keyboard.press("/");
    await page.locator("#search:focus").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await expect.poll(() => hashOf(page), PATIENCE).toContain("#/finding/");
    await page.keyboard.press("u");
    await expectText(page, ":focus", "Refused after unmapping the tail");
    await page.keyboard.press("/");
    await page.keyboard.type("jn/leak");
    const searched = () => page.getByRole("searchbox").inputValue();
    await expect.poll(searched, PATIENCE).toBe("jn/leak");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await expectText(page, "dialog[open]", "next new finding");
  });

  test("keys that come faster than pages are drawn still lead back to the finding left", async () => {
    const page = await open(`${sample}${LEAK}`);
    await page.evaluate(
      `for (const key of ["j", "u"]) dispatchEvent(new KeyboardEvent("keydown", { key }))`,
    );
    await page.locator("[data-row]:focus").waitFor();
    const rows = await page.locator("[data-row]").evaluateAll((all) => ({
      left: all.findIndex((row) => row.getAttribute("href") === "#/finding/fixed:leak:unmap-head"),
      focused: all.findIndex((row) => row.matches(":focus")),
    }));
    expect(rows.focused).toBe(rows.left + 1);
  });

  test("the claims have a page, and a witness leads to its finding", async () => {
    const page = await open(sample);
    await page.getByRole("link", { name: "Claims" }).click();
    await expectText(page, "h1", "claims, checked");
    expect(await page.locator(".claimlist > li").count()).toBe(2);
    await page.getByRole("link", { name: "See it step by step" }).click();
    await expectText(page, "h1", "Leak after unmapping the head");
  });

  test("what ran of a tree has a page, by function", async () => {
    const page = await open(sample);
    await page.getByRole("link", { name: "Coverage" }).click();
    await expectText(page, "h1", "Coverage of the tracking");
    await expectText(page, "caption", "1 of 1 functions of the tracking called, 6 of 8 lines");
    await expectText(page, "tbody td:nth-child(5)", "903-904");
  });

  test("the releases have a page: a signature's cells, its turn, and the way to its finding", async () => {
    const page = await open(sample);
    await page.getByRole("link", { name: "Releases" }).click();
    await expectText(page, "h1", "By release");
    const row = page.locator("tr", { hasText: "fixed:leak:unmap-head" });
    expect((await row.innerText()).replace(/\s+/g, " ")).toBe(
      "fixed:leak:unmap-head # . 6.12 or earlier; 6.18",
    );
    await row.getByRole("link").click();
    await expectText(page, "h1", "Leak after unmapping the head");
  });

  test("markup in names, details, reasons and references stays text", async () => {
    const page = await open(pages.files.write("hostile", hostileReport()));
    expect(await page.locator("[data-row]").count()).toBe(9);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    expect(await page.locator(".lead").innerText()).toContain("</script><img src=x onerror=");
    expect(await page.locator('img, .about a:not([href^="#/"])').count()).toBe(0);
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    await page.reload();
    expect(await page.locator(".lead").innerText()).toContain("<!--");
  });

  test("without JavaScript the summary can be read", async () => {
    const page = await open(sample, { javaScriptEnabled: false });
    const text = await page.locator("main").innerText();
    expect(text).toContain("Unexpected: 1 not accepted, 1 vanished");
    expect(text).toContain("fixed:leak:unmap-head");
    expect(text).toMatch(/The arena[^]*legacy\s+450/);
  });

  test("the theme follows the system until it is chosen, and paper is light", async () => {
    const page = await open(sample, { colorScheme: "dark" });
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    await expect.poll(background, PATIENCE).toBe("rgb(18, 20, 25)");
    await page.getByRole("button", { name: /^Theme/ }).click();
    await expect.poll(background, PATIENCE).toBe("rgb(247, 247, 244)");
    await page.emulateMedia({ media: "print" });
    await expect.poll(() => page.locator(".filters").isVisible(), PATIENCE).toBe(false);
    await expect.poll(background, PATIENCE).toBe("rgb(255, 255, 255)");
  });

  test.each(sampleOf(LOOKED_AT, 4))(
    "axe finds nothing serious: %s %s at %i px, %s, forced colours %s",
    async (_, hash, width, colorScheme, forcedColors) => {
      const page = await open(`${sample}${hash}`, {
        viewport: { width, height: 900 },
        colorScheme,
        forcedColors,
      });
      expect(await violations(page)).toEqual([]);
    },
  );

  test.runIf(IS_LONG).each([390, 1400])("nothing sticks out sideways at %i px", async (width) => {
    const viewport = { width, height: 900 };
    for (const hash of [
      "",
      LEAK,
      "#/arena",
      "#/matrix",
      "#/races/0",
      "#/finding/fixed:wrong-owner-untrack:end-match",
    ]) {
      const page = await open(`${sample}${hash}`, { viewport });
      const scrollWidth = await page.evaluate("document.documentElement.scrollWidth");
      expect(scrollWidth).toBe(width);
    }
  });

  test.runIf(IS_LONG)("500 findings answer a key press in proportion to 50", async () => {
    const small = await searchSeconds(largeReport(50));
    const large = await searchSeconds(largeReport(500));
    expect(large / small).toBeLessThan(20);
  });

  /** Processor time of the page's thread for a few key presses in the search field. */
  async function searchSeconds(report: ReportData): Promise<number> {
    const page = await open(pages.files.write(`large${report.findings.length}`, report));
    expect(await page.locator("[data-row]").count()).toBe(report.findings.length);
    return threadSeconds(page, () =>
      page.evaluate(`(async () => {
      const field = document.querySelector("#search");
      const frame = () => new Promise(requestAnimationFrame);
      for (const text of ["a", "", "a", "", "a"]) {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        await frame().then(frame);
      }
    })()`),
    );
  }
});
