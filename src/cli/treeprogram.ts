import { type Command, Option } from "commander";
import type { Io } from "./io.ts";
import { opening } from "./opening.ts";
import {
  confirmOption,
  type Done,
  jobsOption,
  outOption,
  seconds,
  seedOption,
  wholeNumber,
} from "./options.ts";
import { addInterleave } from "./raceprogram.ts";

const TEACHING = `
A kernel tree's own code, in a process (docs/TREES.md):
  pfndiff fuzz --before tree:~/linux@v6.15 --after tree:~/linux
  pfndiff conform --live tree:~/linux      random traces: does the model do what it does?
  pfndiff judge ~/linux v6.15..my-series   what a series of patches changes
  pfndiff explore --before modern@7.2 --after tree:~/linux --no-judge
                                           every sequence of ops: the same as the model?
`;

const JUDGING = `
The page tells what HEAD shows and BASE does not, each with the shortest trace and the kernel functions that it
passes (*patched* ones marked). What both show is counted only. Exit 0 when nothing is introduced or changed.
  pfndiff judge ~/linux v6.15..my-series --each --time 60
  pfndiff judge ~/linux v6.15 --mbox series.mbox --confirm kernel:arch/x86/boot/bzImage
`;

interface Given {
  readonly config?: string;
  readonly sanitize?: boolean;
}

/** Declares what every command that opens `tree:PATH` goes by. */
export function addTreeOptions(program: Command): void {
  program
    .option("--config <file>", "kernel options on top of ours, where a tree is built")
    .option("--sanitize", "build a tree so that it names each access to memory that was freed")
    .addHelpText("after", TEACHING)
    .hook("preAction", (whole) => {
      const { config = null, sanitize = false } = whole.opts<Given>();
      opening.config = config;
      opening.sanitize = sanitize;
    });
}

/** Declares the commands about the code and commits of a tree; what they do is loaded when they run. */
export function addTreeCommands(program: Command, io: Io, done: Done): void {
  addInterleave(program, io, done);
  program
    .command("judge")
    .description("say what the commits of a kernel tree change: both ends are built and compared")
    .argument("<tree>", "a kernel tree with a git repository; nothing is written there")
    .argument("<range>", "BASE..HEAD, or BASE with --mbox")
    .option("--each", "judge every commit by itself")
    .option("--mbox <file>", "apply the mails of a series to BASE first, outside of the repository")
    .option(
      "--time <seconds>",
      "of each comparison once it is built: six tenths at most for runs, the rest for short traces",
      seconds,
      600,
    )
    .addOption(
      new Option(
        "--runs <n>",
        "so many runs of each comparison, whatever time they take, so that the page is the same again",
      ).argParser(wholeNumber(1, 1e9)),
    )
    .addOption(confirmOption())
    .addOption(seedOption().default(1))
    .addOption(jobsOption())
    .addOption(outOption())
    .addHelpText("after", JUDGING)
    .action(async (tree, range, options) =>
      done(await (await import("./judge.ts")).judgeSeries(io, tree, range, options)),
    );
  program
    .command("bisect")
    .description("find the first commit of a kernel tree that shows a finding, by git bisect")
    .argument("<tree>", "a kernel tree with a git repository; nothing is written there")
    .argument("<good>", "a revision that does not show it")
    .argument("<bad>", "one that does")
    .argument("<finding>", "the file of a saved finding, or an accepted signature")
    .addHelpText(
      "after",
      "\nOne that was cut short goes on where it stopped, given the same words.\n",
    )
    .action(async (tree, good, bad, finding) =>
      done(await (await import("./bisect.ts")).bisect(io, tree, [good, bad], finding)),
    );
}
