import { type Command, Option } from "commander";
import type { Io } from "./io.ts";
import {
  type Done,
  afterOption,
  beforeOption,
  exploreBeginOption,
  exploreMapsOption,
  exploreMtrrOption,
  exploreRegionOption,
  wholeNumber,
} from "./options.ts";

/** Options of `explore` that are about one pair. */
const OF_ONE_PAIR = [
  "before",
  "after",
  "begin",
  "json",
  "judge",
  "out",
  "prove",
  "resume",
  "verify",
];

/** The command that tries every sequence. */
export function addExplore(program: Command, io: Io, done: Done): void {
  const bound = (flag: string, text: string, most: number, standard: number) =>
    new Option(flag, text).argParser(wholeNumber(1, most)).default(standard);
  program
    .command("explore")
    .description("run every sequence of ops up to a bound on both sides, shortest first")
    .addOption(beforeOption())
    .addOption(afterOption())
    .addOption(bound("--procs <n>", "processes alive at once", 8, 2))
    .addOption(bound("--slots <n>", "virtual areas of each process", 3, 2))
    .addOption(bound("--pages <n>", "pages of each area and of the region", 4, 3))
    .addOption(bound("--depth <n>", "ops after the first process is there", 12, 4))
    .addOption(exploreBeginOption())
    .addOption(exploreMtrrOption())
    .addOption(exploreRegionOption())
    .option("--nopat", "kernels booted without PAT")
    .addOption(exploreMapsOption())
    .addOption(
      new Option(
        "--with <groups>",
        'letters beyond the core alphabet, such as "mseal,revoke,mremap.range", "all" or "core" (default: all where that takes no more than a minute)',
      ).argParser((value: string) => value.split(",")),
    )
    .addOption(new Option("--jobs <n>", "worker threads").argParser(wholeNumber(1, 256)).default(1))
    .addOption(
      new Option("--memory <mb>", "memory for states and paths, in MB; the rest goes to the disk")
        .argParser(wholeNumber(1, 65_536))
        .default(1024),
    )
    .option("--out <file>", "write the certificate here")
    .option(
      "--resume <file>",
      "keep the search in this file as it goes; where it is there already, go on from it",
    )
    .option("--verify <file>", "compute a certificate again and compare (its bounds and backends)")
    .addOption(
      new Option("--levels <n>", "with --verify: only its first levels").argParser(
        wholeNumber(1, 12),
      ),
    )
    .addOption(
      new Option("--neighbours", "every two releases that follow each other, as a page").conflicts(
        OF_ONE_PAIR,
      ),
    )
    .option("--prove <baseline>", "write into a baseline which of its traces are shortest")
    .option("--no-judge", "leave the oracle out: compare only what the sides show")
    .option("--json", "print the certificate as JSON")
    .action(async (options) => done(await (await import("./explore.ts")).explore(io, options)));
}
