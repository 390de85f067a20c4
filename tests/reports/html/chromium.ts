import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readFile } from "node:fs/promises";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
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
  private directory = "";
  template = "";

  /** Builds the viewer from its sources as they are now. */
  async build(): Promise<void> {
    this.directory = mkdtempSync(join(tmpdir(), "pfndiff-viewer-"));
    const configFile = fileURLToPath(new URL("../../../vite.viewer.config.ts", import.meta.url));
    await build({ configFile, logLevel: "error", build: { outDir: this.directory } });
    this.template = await readFile(join(this.directory, "viewer.html"), "utf8");
  }

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
