import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import type { ReportData } from "../../../reports/data.ts";
import { renderHtml } from "../../../reports/html/index.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is a browser to test in; PFNDIFF_REQUIRE_BROWSER=1 makes its lack a failure. */
export const HAS_CHROMIUM = existsSync(CHROMIUM);
export const NEEDS_CHROMIUM = process.env.PFNDIFF_REQUIRE_BROWSER === "1";
export const WITHOUT_CHROMIUM = HAS_CHROMIUM
  ? ""
  : ` (SKIPPED: there is no ${CHROMIUM}; PFNDIFF_REQUIRE_BROWSER=1 makes this a failure)`;

/** Starts the browser without anything that would reach for the network by itself. */
export function launch(): Promise<Browser> {
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

/** A directory of rendered reports, for a browser to open by file:// addresses. */
export class ReportFiles {
  private readonly directory = mkdtempSync(join(tmpdir(), "pfndiff-viewer-"));
  /** The viewer, built when the test run began. */
  readonly template = readFileSync("dist/viewer.html", "utf8");

  /** Writes a report and says its address. */
  write(name: string, report: ReportData): string {
    const path = join(this.directory, `${name}.html`);
    writeFileSync(path, renderHtml(report, this.template));
    return pathToFileURL(path).href;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
