import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { SCENARIOS } from "../../../src/scenarios/index.ts";
import type { Op } from "../../../src/trace/op.ts";
import { type Linked, linkTo } from "../../../src/trace/link.ts";
import {
  HAS_CHROMIUM,
  threadSeconds,
  violations,
  WITHOUT_CHROMIUM,
  BrowserPages,
  expectText,
  PATIENCE,
} from "./chromium.ts";
import { LEAK, sampleReport } from "./sample.ts";
import { IS_LONG } from "../../long.ts";

const leak = SCENARIOS.find(({ name }) => name === "munmap-head") ?? expect.fail();
const LINKED: Linked = { before: "legacy@6.12", after: "modern@7.2", step: 3, trace: leak.trace };

/** Maps and unmaps the head, over and over. */
function long(count: number): Linked {
  const ops = Array.from({ length: count }, (_, index): Op => {
    if (index === 0) return { op: "spawn", proc: 0 };
    const at = (index >> 1) % 6;
    return index % 2 === 1
      ? { op: "mmap", proc: 0, at, pages: 2, pfn: at, via: "resource", prot: "rw", private: false }
      : { op: "munmap", proc: 0, at, pages: 1 };
  });
  return { ...LINKED, step: 1, trace: { ...leak.trace, ops } };
}

describe.skipIf(!HAS_CHROMIUM)(`the sandbox in Chromium${WITHOUT_CHROMIUM}`, () => {
  const pages = new BrowserPages();
  let address: string;

  beforeAll(() => {
    address = pages.files.writeSandbox(LINKED);
  });

  const hash = (page: Page) => new URL(page.url()).hash;
  const rows = (page: Page) => page.locator(".oprow code").allInnerTexts();

  test("ops and sides can be changed, moved, dropped and had back, and the address keeps up", async () => {
    const page = await pages.open(address);
    await expectText(page, ".run-findings h2", "4 findings");
    await expectText(page, ".now", "munmap p0 [1,2)");
    await page.getByLabel("at", { exact: true }).fill("0");
    await page.getByLabel("pages", { exact: true }).fill("2");
    await page.getByLabel("pages", { exact: true }).blur();
    await expect.poll(() => hash(page), PATIENCE).toContain("~munmap.0.0.1~munmap.0.0.2~exit.0");
    await page.getByRole("button", { name: "Earlier" }).click();
    await expectText(page, ".run-findings h2", "No finding");
    await expectText(page, ".now", "Step 2 munmap p0 [0,2)");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await expectText(page, ".run-findings h2", "4 findings");
    await page.keyboard.press("Control+Shift+z");
    await page.getByRole("button", { name: "Drop" }).click();
    expect(await rows(page)).not.toContain("munmap p0 [1,2)");
    await page.getByRole("combobox", { name: "Add" }).selectOption("fork");
    await page.getByRole("button", { name: "Add after this one" }).click();
    expect(await rows(page)).toContain("fork p0 -> p1");
    await page.getByRole("combobox", { name: "Before" }).selectOption("variant:D4");
    await page.getByRole("button", { name: "Exchange the sides" }).click();
    await expect.poll(() => hash(page), PATIENCE).toContain("#/try/modern@7.2/variant:D4/");
    const kept = await rows(page);
    await page.reload();
    await expectText(page, ".glance", "After, variant:D4");
    expect(await rows(page)).toEqual(kept);
  });

  test("the trace is there as C and JSON, and what cannot be is said, marked and not run", async () => {
    const page = await pages.open(address);
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("Copied: link").waitFor();
    await page.getByText("C program").click();
    await expectText(page, ".exports pre >> nth=0", "int main(int argc");
    await page.getByText("Trace JSON", { exact: true }).click();
    await expectText(page, ".exports pre >> nth=1", '"name": "munmap-head"');
    await page.locator(".world summary").click();
    await page.getByRole("spinbutton", { name: "virtual pages" }).fill("1");
    await page.getByRole("spinbutton", { name: "virtual pages" }).blur();
    await expectText(page, '[role="alert"]', "ops[1]: at + pages is 2, past vpages 1");
    expect(await page.locator(".oprow.faulty").innerText()).toContain("mmap p0");
    await expectText(page, ".run-findings h2", "4 findings");
    expect(hash(page)).not.toContain("8.1.uncached");
  });

  test("a stranger's link is drawn as text, or refused in a sentence", async () => {
    const name = "</script><img src=x onerror=window.pwned=1>";
    const hostile = linkTo({ ...LINKED, trace: { ...leak.trace, name } });
    const page = await pages.open(`${address}${hostile}`);
    await page.getByText("Trace JSON", { exact: true }).click();
    await expectText(page, ".exports pre >> nth=0", name);
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    await page.goto(`${address}#/try/<b>x/y/0/8.8.uncached//jump.1`);
    await expectText(page, '[role="alert"]', 'ops[0].op is "jump"');
    await page.goto(`${address}${linkTo({ ...LINKED, before: "<i>mine" })}`);
    await expectText(page, '[role="alert"]', 'there is no model "<i>mine"');
  });

  test("a finding of a report leads to the sandbox, and the way back leads to the finding", async () => {
    const page = await pages.open(`${pages.files.write("report", sampleReport())}${LEAK}`);
    await page.getByRole("link", { name: "Try it in the sandbox" }).click();
    await expectText(page, ".run-findings", "Leak after unmapping the head");
    await expectText(page, ".glance", "After, modern@6.18");
    await page.goBack();
    await expectText(page, "h1", "Leak after unmapping the head");
  });

  test.runIf(IS_LONG)("200 ops answer a change in proportion to 50", async () => {
    const seconds = async (count: number) => {
      const page = await pages.open(`${address}${linkTo(long(count))}`);
      const field = page.getByLabel("pages", { exact: true });
      await field.waitFor();
      return threadSeconds(page, async () => {
        for (const value of ["1", "2", "1"]) {
          await field.fill(value);
          await field.blur();
          await expectText(page, ".oprow >> nth=1", `[0,${value})`);
        }
      });
    };
    const small = await seconds(50);
    expect((await seconds(200)) / small).toBeLessThan(12);
  });

  test("axe finds nothing and nothing sticks out, wide and dark, narrow and in forced colours", async () => {
    const looks = [
      { width: 1400, colorScheme: "dark", forcedColors: "none" },
      { width: 320, colorScheme: "light", forcedColors: "active" },
    ] as const;
    for (const { width, ...theme } of looks) {
      const viewport = { width, height: 900 };
      const page = await pages.open(address, { viewport, ...theme });
      const look = async (state: string) => {
        expect(await violations(page), `${state}, ${width}`).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth"), state).toBe(width);
      };
      await look("as it opens");
      if (!IS_LONG) continue;
      await page.locator(".world").evaluate((world) => world.setAttribute("open", ""));
      await page.getByRole("spinbutton", { name: "virtual pages" }).fill("1");
      await page.getByRole("spinbutton", { name: "virtual pages" }).blur();
      await expectText(page, '[role="alert"]', "past vpages 1");
      await look("with an op that does not fit");
      await page.goto(`${address}#/try/x/y/0/8.8.uncached//jump.1`);
      await expectText(page, '[role="alert"] >> nth=0', 'ops[0].op is "jump"');
      await look("with an address that is refused");
    }
  });
});
