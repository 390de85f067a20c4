import { type Command, Option } from "commander";
import { FIGURE_GROUPS } from "./benchfigures.ts";
import type { Io } from "./io.ts";
import { type Done, seconds } from "./options.ts";

const TEACHING = `
Figures are ops a second of processor time, of all threads together, so that others
on the machine count for little. Each is measured in a thread of its own, in rounds
by turns; printed are medians, the share of a core that the bench had, and for what
has a cost, how many times as much processor time an op takes there as in a plain
campaign (in worlds: as in the differential, beside 10,000 reservations: as beside
one). Too small a share of a core is said, and so is "busy" in the JSON.

  pfndiff bench --only faults idioms       what these two cost, beside a plain campaign
  pfndiff bench --json | jq .faultsCost
`;

/** What measures speed. */
export function addBench(program: Command, io: Io, done: Done): void {
  program
    .command("bench")
    .description("measure the models, the oracle and the campaign in processor time, once warm")
    .option("--json", "print the figures as JSON")
    .addOption(
      new Option(
        "--only <names...>",
        "measure these, and what their cost is compared with",
      ).choices(FIGURE_GROUPS),
    )
    .addOption(
      new Option("--time <s>", "processor seconds a figure, once warm")
        .argParser(seconds)
        .default(0.8),
    )
    .addHelpText("after", TEACHING)
    .action(async (options) => done(await (await import("./bench.ts")).bench(io, options)));
}
