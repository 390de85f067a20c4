import { type Command, Option } from "commander";
import type { Io } from "./io.ts";
import {
  afterOption,
  beforeOption,
  type Done,
  jobsOption,
  outOption,
  wholeNumber,
} from "./options.ts";

/** What puts the parts of a campaign together again, and what leaves no sequence out. */
export function addMergeAndSweep(program: Command, io: Io, done: Done): void {
  program
    .command("sweep")
    .description("fail every single allocation of every short sequence, and judge what follows")
    .addOption(beforeOption())
    .addOption(afterOption())
    .addOption(
      new Option("--length <n>", "ops of a sequence").argParser(wholeNumber(1, 5)).default(3),
    )
    .action(async (options) => done(await (await import("./sweep.ts")).sweepFaults(io, options)));
  program
    .command("merge")
    .description("put the shards of a campaign together and judge the whole")
    .argument("<dirs...>", "results folders, or journals, of all the shards")
    .addOption(outOption())
    .addOption(jobsOption())
    .option("--json", "print one pfndiff/campaign@1 object on stdout")
    .action(async (dirs, options) =>
      done(await (await import("./merge.ts")).merge(io, dirs, options)),
    );
}
