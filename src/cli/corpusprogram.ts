import { type Command, Option } from "commander";
import type { Io } from "./io.ts";
import { afterOption, beforeOption, type Done, seedOption, wholeNumber } from "./options.ts";

/** What guides a campaign. */
export function addCorpus(program: Command, io: Io, done: Done): void {
  program
    .command("corpus")
    .description("grow a folder of small traces, one for each new state, to guide fuzz --corpus")
    .argument("<dir>", "the folder; what it holds already is gone on from")
    .addOption(beforeOption())
    .addOption(afterOption())
    .addOption(
      new Option("--runs <n>", "traces to try").argParser(wholeNumber(1, 1e9)).default(2000),
    )
    .addOption(seedOption().default(1))
    .option("--json", "print the counts as JSON")
    .action(async (dir, options) =>
      done(await (await import("./corpus.ts")).corpus(io, dir, options)),
    );
}
