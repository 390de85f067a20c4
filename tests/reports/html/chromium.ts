import axe from "axe-core";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { ReportData } from "../../../reports/data.ts";
import { renderHtml, renderSandbox } from "../../../reports/html/index.ts";
import type { ScheduleDocument } from "../../../src/races/document.ts";
import type { Linked } from "../../../src/trace/link.ts";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is a browser to test in; PFNDIFF_REQUIRE_BROWSER=1 makes its lack a failure. */
export const HAS_CHROMIUM = existsSync(CHROMIUM);
export const NEEDS_CHROMIUM = process.env.PFNDIFF_REQUIRE_BROWSER === "1";
export const WITHOUT_CHROMIUM = HAS_CHROMIUM
  ? ""
  : ` (SKIPPED: there is no ${CHROMIUM}; PFNDIFF_REQUIRE_BROWSER=1 makes this a failure)`;

/** Starts the browser without anything that would reach for the network by itself. */
function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A browser in which pages must be quiet. */
export class QuietBrowser {
  private readonly faults: string[] = [];

  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<QuietBrowser> {
    return new QuietBrowser(await launch());
  }

  /** Opens an address; whatever the console says, and any request but the file's, is a fault. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const { faults } = this;
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    page.on("console", (message) => faults.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => {
      const asked = request.url();
      if (!asked.startsWith("file:") && !asked.startsWith("data:")) faults.push(asked);
      if (asked.startsWith("file:") && !request.isNavigationRequest()) faults.push(asked);
    });
    await page.goto(url, { timeout: 120_000 });
    return page;
  }

  /** Closes all pages; throws where one was not quiet. */
  async leave(): Promise<void> {
    await Promise.all(this.browser.contexts().map((context) => context.close()));
    const seen = this.faults.splice(0);
    if (seen.length > 0) throw new Error(`the page must be quiet, but: ${seen.join("; ")}`);
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

/** What axe finds on a page, one line a violation. */
export async function violations(page: Page): Promise<unknown> {
  for (const details of await page.locator("details:not([open]) > summary").all()) {
    if (await details.isVisible()) await details.click();
  }
  await page.evaluate(axe.source);
  return page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).join(' ')}`))",
  );
}

/** Processor time of the page's thread while something is done. */
export async function threadSeconds(page: Page, work: () => Promise<unknown>): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const used = async (): Promise<number> => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
  };
  const before = await used();
  await work();
  return (await used()) - before;
}

/** A directory of rendered reports, for a browser to open by file:// addresses. */
export class ReportFiles {
  private readonly directory = mkdtempSync(join(tmpdir(), "pfndiff-viewer-"));
  /** The viewer, built when the test run began. */
  readonly template = readFileSync("dist/viewer.html", "utf8");

  /** Writes a report and says its address. */
  write(name: string, report: ReportData): string {
    return this.put(name, renderHtml(report, this.template));
  }

  /** Writes the sandbox, with a schedule that was saved or without, and says its address. */
  writeSandbox(linked: Linked, recorded?: ScheduleDocument): string {
    const name = recorded === undefined ? "sandbox" : "recorded";
    return this.put(name, renderSandbox(linked, this.template, recorded));
  }

  private put(name: string, html: string): string {
    const path = join(this.directory, `${name}.html`);
    writeFileSync(path, html);
    return pathToFileURL(path).href;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** What the tests of one describe() share: a browser, and files that it opens; both go with the last of them. */
export class BrowserPages {
  files!: ReportFiles;
  private browser!: QuietBrowser;

  constructor() {
    beforeAll(async () => {
      this.files = new ReportFiles();
      this.browser = await QuietBrowser.launch();
    });
    afterAll(async () => {
      await this.browser.close();
      this.files.remove();
    });
    afterEach(() => this.browser.leave());
  }

  open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    return this.browser.open(url, options);
  }
}

/** A key is answered a frame later, and on a busy machine a frame may take long. */
export const PATIENCE = { timeout: 120_000 };

export const expectText = (page: Page, selector: string, text: string): Promise<void> =>
  expect.poll(() => page.locator(selector).innerText(), PATIENCE).toContain(text);
