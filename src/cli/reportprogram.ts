import { type Command, Option } from "commander";
import { REPORT_FORMATS } from "../../reports/formats.ts";
import type { Io } from "./io.ts";
import type { Done } from "./options.ts";

/** The commands that lay out what was found: of a campaign, between two, and by release. */
export function addReports(program: Command, io: Io, done: Done): void {
  program
    .command("report")
    .description("render a saved campaign")
    .argument("[dir]", "directory of the campaign", ".pfndiff/latest")
    .addOption(
      new Option("--format <format>", "output format").choices(REPORT_FORMATS).default("markdown"),
    )
    .option("--file <path>", "file that sarif and github results name", "reports/baseline.json")
    .option(
      "--coverage <file>",
      "what --coverage of the campaign wrote (html: a page; markdown: at the end)",
    )
    .option("--claims", "check the series' claims too (html: a page, markdown: at the end)")
    .option("--matrix", "tell signatures by release too (html: a page, markdown: at the end)")
    .option("--since <dir>", "tell what came, went and changed since that campaign (markdown)")
    .action(async (directory, options) =>
      done(await (await import("./report.ts")).report(io, directory, options)),
    );
  program
    .command("matrix")
    .description("which accepted signatures show on which releases: first bad, first good")
    .option("--releases <r...>", "these releases, such as 6.1 6.12.25 7.2 (default: every model)")
    .option("--kernels", "run the witnesses on the fetched kernels of these releases too")
    .addOption(
      new Option("--format <format>", "output")
        .choices(["text", "markdown", "json"])
        .default("text"),
    )
    .action(async (options) => done(await (await import("./matrix.ts")).matrix(io, options)));
}
