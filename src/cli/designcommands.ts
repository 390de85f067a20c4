import { type Command, InvalidArgumentError, Option } from "commander";
import type { Io } from "./io.ts";
import type { Done } from "./options.ts";

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function seedOption(): Option {
  return new Option("--seed <n>", "first seed of the random traces")
    .argParser(whole(0, 0x7fff_0000))
    .default(1);
}

const MUTANTS_HELP = `
A mutant is a design with one fault planted: in a hook of either design, in the
memtype list, in the pfn ranges, in page tables or in a system call. It is run
beside the design it was made of, on random traces of system calls, failing
allocations and drivers.

  ops          ops until the oracle's findings differ (median over the seeds)
  found by     the first finding that only the mutant shows; "no ..." is one
               that only its reference shows
  alone after  ops until the mutant by itself shows a fault that its reference
               never shows: what an oracle without a second side would need

Exit status 1: a mutant was not found, or an equivalent one was.

  pfndiff mutants --only fork        those with "fork" in their name
  pfndiff mutants --seeds 5 --json   every trial, for further work
`;

const ARENA_HELP = `
Runs the two designs that shipped and those that never did on the same random
traces of system calls, failing allocations and drivers, and on every sequence
of a small scope. Each is judged by the oracle's own ledger, beside nothing.

  kept, page-ops   pages that stay reserved past their last mapping
  double           an untrack finds no reservation of its own
  owner            an untrack hit a reservation of another mapping
  hole             pages are mapped and no reservation covers them
  alias            two cache modes on one page, or a conflict not seen
  stale, changed   a mapping silently got a cache mode nobody needs any more
  in free          allocations in paths that must not fail
  foreign          VMAs of another process changed without their lock

A depth of 3 is 69,187 sequences a design, 4 is forty times as many.

  pfndiff arena --out .pfndiff           the figures, saved beside a campaign
  pfndiff report --format html > r.html  then has a page of them

docs/ARENA.md says what the figures answer. Any design can be put beside any
other: pfndiff fuzz --before modern --after variant:A
`;

const ZOO_HELP = `
Looks for every known bug that ops can express with traces that know nothing of
it. Each has a backend that has it and one that lacks it; L bugs are of the
VM_PAT design, N bugs came with the refcounted one.

  pfndiff zoo --only L16             one bug, with its shortest witness
  pfndiff replay FILE --before legacy@6.12.0 --after legacy@6.12

Exit status 1: some seed did not find a bug in the ops it was given.
`;

const LATTICE_HELP = `
A backporter's table: which fixes of the VM_PAT design can be taken without the
others. Each subset is run beside the design with all of them; what shows in
the subset only is counted, and its shortest trace is told.
`;

/** The commands that put designs and the oracle to the test. */
export function addDesignCommands(program: Command, io: Io, done: Done): void {
  addBugCommands(program, io, done);
  program
    .command("mutants")
    .description("plant faults in both designs and say which ones the oracle finds, and by what")
    .addOption(
      new Option(
        "--ops <n>",
        "most ops for a mutant (ten times as many for rare and equivalent ones)",
      )
        .argParser(whole(1, 1e9))
        .default(20_000),
    )
    .addOption(seedOption())
    .addOption(new Option("--seeds <n>", "how many seeds").argParser(whole(1, 1000)).default(3))
    .option("--only <text>", "only mutants whose name contains this")
    .option("--json", "print every trial as JSON")
    .addHelpText("after", MUTANTS_HELP)
    .action(async (options) => done(await (await import("./mutants.ts")).mutants(io, options)));
  program
    .command("arena")
    .description("run every design, shipped or not, on the same traces and compare them")
    .addOption(
      new Option("--runs <n>", "traces for each design").argParser(whole(1, 1e9)).default(4000),
    )
    .addOption(seedOption())
    .addOption(
      new Option("--depth <n>", "most ops of the small scope's sequences")
        .argParser(whole(1, 5))
        .default(3),
    )
    .option("--only <text>", "only designs whose name contains this")
    .option("--out <dir>", "also save the figures there; a report made of it shows them")
    .option("--json", "print all figures as JSON")
    .addHelpText("after", ARENA_HELP)
    .action(async (options) => done(await (await import("./arena.ts")).arena(io, options)));
}

function addBugCommands(program: Command, io: Io, done: Done): void {
  program
    .command("zoo")
    .description("find every known bug blindly, and say how long it took and how it shows")
    .addOption(
      new Option("--ops <n>", "most ops for a bug and seed")
        .argParser(whole(1, 1e9))
        .default(200_000),
    )
    .addOption(seedOption())
    .addOption(new Option("--seeds <n>", "how many seeds").argParser(whole(1, 1000)).default(3))
    .option("--only <id>", "only this bug")
    .option("--json", "print the results, witnesses included, as JSON")
    .addHelpText("after", ZOO_HELP)
    .action(async (options) => done(await (await import("./zoo.ts")).zoo(io, options)));
  program
    .command("lattice")
    .description("say what every subset of the VM_PAT fixes still breaks, with a witness")
    .addOption(
      new Option("--ops <n>", "ops for each subset").argParser(whole(1, 1e9)).default(20_000),
    )
    .addOption(seedOption())
    .option("--json", "print the table as JSON")
    .addHelpText("after", LATTICE_HELP)
    .action(async (options) => done(await (await import("./lattice.ts")).lattice(io, options)));
}
