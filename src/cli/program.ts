import { Command, Option } from "commander";
import { version } from "../../package.json";
import { addBench } from "./benchprogram.ts";
import { addCorpus } from "./corpusprogram.ts";
import { addDesignCommands } from "./designcommands.ts";
import { addExplain } from "./explainprogram.ts";
import { addExplore } from "./exploreprogram.ts";
import { addExports } from "./exports.ts";
import { groupCommands } from "./helpgroups.ts";
import type { Io } from "./io.ts";
import { addKernelCommands } from "./kernelprogram.ts";
import { addMergeAndSweep } from "./mergeprogram.ts";
import {
  beginOption,
  afterOption,
  beforeOption,
  confirmOption,
  corpusOption,
  coverageOption,
  enoughOption,
  type Done,
  exitStyleOption,
  guestsOption,
  fullOption,
  jobsOption,
  liveRunsOption,
  outOption,
  racesOption,
  seconds,
  seedOption,
  shardOption,
  sourceOption,
  wholeNumber,
} from "./options.ts";
import { addReports } from "./reportprogram.ts";
import { teaching } from "./teaching.ts";
import { help, TOPIC_NAMES } from "./topics.ts";
import { queueCommands } from "./queue/commands.ts";
import { addTreeCommands } from "./treeprogram.ts";

/**
 * The command line. Options are declared here; what a command does is loaded only when it runs,
 * so that help and errors are instant.
 */
export function buildProgram(io: Io, done: Done): Command {
  const program = new Command("pfndiff")
    .description("Before/after regression harness for x86 PAT tracking of PFN mappings in Linux")
    .version(version)
    .addHelpText("after", () => teaching(Math.min(io.columns, 100)))
    .helpCommand(false)
    .showSuggestionAfterError(true);
  addFinders(program, io, done);
  addCorpus(program, io, done);
  addShrink(program, io, done);
  addMergeAndSweep(program, io, done);
  addExplore(program, io, done);
  addModelCommands(program, io, done);
  addViewers(program, io, done);
  addExplain(program, io, done);
  addKeepers(program, io, done);
  addReports(program, io, done);
  addKernelCommands(program, io, done);
  addExports(program, io, done);
  program.addCommand(queueCommands(io, done));
  addDesignCommands(program, io, done);
  addTreeCommands(program, io, done);
  addHelp(program, io, done);
  groupCommands(program);
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void io.out(text),
      // main() says what is wrong, in one line.
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(io.columns, 100),
      getOutHasColors: () => io.colour,
    });
  }
  return program;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function addHelp(program: Command, io: Io, done: Done): void {
  program
    .command("help")
    .description(`explain a command, or a topic: ${TOPIC_NAMES.join(", ")}`)
    .argument("[words...]", "command or topic")
    .action(async (words) => done(await help(io, program, words)));
}

/** Options that a campaign is planned by, which one that goes on has been. */
const PLANNED = [
  "runs",
  "time",
  "seed",
  "shard",
  "before",
  "after",
  ...Object.keys(sourceOption),
  "corpus",
  "begin",
  "coverage",
] as const;

function addFinders(program: Command, io: Io, done: Done): void {
  program
    .command("fuzz")
    .description("search for differences between two backends with random traces")
    .addOption(beforeOption())
    .addOption(afterOption())
    .addOption(
      new Option("--runs <n>", "traces to run").argParser(wholeNumber(1, 1e9)).conflicts("time"),
    )
    .addOption(new Option("--time <s>", "seconds to run").argParser(seconds))
    .addOption(enoughOption())
    .addOption(seedOption().default(1))
    .addOption(jobsOption())
    .addOption(shardOption())
    .addOption(
      new Option(
        "--resume [dir]",
        "go on with an interrupted campaign (folder or journal)",
      ).conflicts([...PLANNED]),
    )
    .addOption(outOption())
    .addOption(sourceOption.plain())
    .addOption(sourceOption.faults())
    .addOption(sourceOption.idioms())
    .addOption(sourceOption.mistakes())
    .addOption(sourceOption.claims())
    .addOption(sourceOption.regions())
    .addOption(sourceOption.pieces())
    .addOption(sourceOption.nodes())
    .addOption(racesOption())
    .addOption(corpusOption())
    .addOption(beginOption())
    .addOption(fullOption())
    .addOption(confirmOption())
    .addOption(coverageOption())
    .option("--json", "print one pfndiff/campaign@1 object on stdout")
    .addOption(exitStyleOption())
    .action(async (options) => done(await (await import("./fuzz.ts")).fuzz(io, options)));
}

function addShrink(program: Command, io: Io, done: Done): void {
  program
    .command("shrink")
    .description("shrink a trace to the least that still shows one of its findings")
    .argument("<file>", 'trace or recording, or "-"')
    .addOption(beforeOption())
    .addOption(afterOption())
    .option("--signature <s>", "finding to keep (default: the first one)")
    .action(async (file, options) =>
      done(await (await import("./shrink.ts")).shrink(io, file, options)),
    );
}

function addModelCommands(program: Command, io: Io, done: Done): void {
  program
    .command("record")
    .description("run traces on a backend and print the recordings, one per line")
    .argument("[file]", 'traces or recordings, or "-"', "-")
    .requiredOption("--backend <id>", "backend to record")
    .option("-o, --output <file>", "write here instead of stdout")
    .option("--asked", "with the cache mode each mapping asked for, got, and what decided it")
    .addOption(guestsOption())
    .action(async (file, options) =>
      done(await (await import("./record.ts")).record(io, file, options)),
    );
  program
    .command("conform")
    .description("compare real kernels with the model of the same release")
    .argument("[files...]", "recordings (.jsonl or .jsonl.gz; default: the project's own)")
    .option(
      "--live <id>",
      "ask this kernel, such as kernel:6.12: random traces, or those of the files that are given",
    )
    .addOption(liveRunsOption())
    .addOption(seedOption().default(1))
    .addOption(guestsOption())
    .addOption(outOption())
    .option("--faults", "with --live: tell allocations of every trace to fail (docs/KERNELS.md)")
    .option("--drivers", "with --live: drivers alone, on a kernel with our module")
    .option("--mistakes", "with --live: drivers that make mistakes, on a tree or with our module")
    .option("--claims", "with --live: drivers that claim the device, on a tree or with our module")
    .option("--regions", "with --live: several regions in every trace")
    .option(
      "--pieces",
      "with --live: drivers that insert 2 MiB at once, on a tree or with our module",
    )
    .option("--json", "print the comparison as JSON")
    .action(async (files, options) => {
      const { live } = options;
      if (live === undefined || files.length > 0) {
        done(await (await import("./conform.ts")).conform(io, files, options));
      } else done(await (await import("./conformlive.ts")).conformLive(io, { ...options, live }));
    });
  addBench(program, io, done);
}

function addViewers(program: Command, io: Io, done: Done): void {
  program
    .command("replay")
    .description("show a trace step by step on both sides")
    .argument("<file>", 'trace or recording, "-", scenario:NAME, or an accepted signature')
    .addOption(new Option("--before <id>", "backend of the before side"))
    .addOption(new Option("--after <id>", "backend of the after side"))
    .option("--json", "print every step as JSON")
    .option("--svg", "print all steps at a glance instead, as an SVG picture")
    .option("--signature <signature>", "fail where the trace shows this finding, and only then")
    .addOption(exitStyleOption())
    .action(async (file, options) =>
      done(await (await import("./replay.ts")).replay(io, file, options)),
    );
  program
    .command("scenarios")
    .description("list the named scenarios, or check them all against what they must show")
    .option("--check", "run every scenario and compare with its expectation")
    .option(
      "--like <text>",
      "those in which a kernel says this: lines of its log, or a part of one",
    )
    .option("--json", "print the list as JSON")
    .action(async (options) => done(await (await import("./scenarios.ts")).scenarios(io, options)));
}

function addKeepers(program: Command, io: Io, done: Done): void {
  program
    .command("gate")
    .description("fail on any finding that is new, vanished or changed against the baseline")
    .option("--baseline <file>", "accepted findings (default: the project's own)")
    .option("--accept <signature>", "add this finding to the baseline")
    .option("--reason <text>", "why it is accepted, in a sentence or two")
    .option("--ref <ref>", "upstream reference: commit, thread or bug")
    .addOption(beforeOption())
    .addOption(afterOption())
    .addOption(
      new Option("--runs <n>", "traces of the campaign")
        .argParser(wholeNumber(1, 1e9))
        .default(3000),
    )
    .addOption(seedOption().default(1))
    .addOption(sourceOption.plain())
    .addOption(sourceOption.faults())
    .addOption(sourceOption.idioms())
    .addOption(sourceOption.mistakes())
    .addOption(sourceOption.claims())
    .addOption(sourceOption.regions())
    .addOption(sourceOption.pieces())
    .option("--json", "print the outcome as JSON")
    .addOption(exitStyleOption())
    .action(async (options) => done(await (await import("./gate.ts")).gate(io, options)));
}
