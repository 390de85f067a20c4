import { type Command, Option } from "commander";
import type { Io } from "./io.ts";
import { type Done, wholeNumber } from "./options.ts";

const TEACHING = `
Give it what you have, in any mixture: lines of dmesg or journalctl, with any prefix;
/sys/kernel/debug/x86/pat_memtype_list, /proc/PID/maps, /proc/iomem, /proc/mtrr.
It says of each kernel line who asked for what, what stood in the way and what
the caller got; then the shortest sequences of calls that make the model of your
release log these very lines, whatever the addresses, and on which releases they do.

  dmesg | pfndiff explain
  pfndiff explain --release 6.12.48 log.txt
  cd /proc && (cat /sys/kernel/debug/x86/pat_memtype_list; tail -n +1 [0-9]*/maps) | pfndiff explain
  pfndiff explain list.txt --try "resource_wc 0xfe800000 16K"
  pfndiff explain log.txt --out bug.json && pfndiff replay bug.json
`;

/** The commands that begin with a symptom, or with a finding. */
export function addExplain(program: Command, io: Io, done: Done): void {
  program
    .command("explain")
    .description("say what kernel lines about cache modes mean, and which calls give them")
    .argument("[file]", 'dmesg or journal excerpt, or "-"', "-")
    .option("--release <release>", "kernel it is from (default: as the log says, else the newest)")
    .addOption(
      new Option("--runs <n>", "traces to look through for the lines")
        .argParser(wholeNumber(0, 1e7))
        .default(6000),
    )
    .option(
      "--try <mapping>",
      'what a further mapping would get, such as "resource_wc 0xfe800000 16K" (with pat_memtype_list)',
      (text: string, known: readonly string[]) => [...known, text],
      [],
    )
    .option("--out <file>", "save a sequence here, as a trace for replay")
    .addOption(
      new Option("--pick <n>", "which sequence to save, in the order told")
        .argParser(wholeNumber(1, 1000))
        .default(1),
    )
    .option("--json", "print one pfndiff/explanation@1 object on stdout")
    .addHelpText("after", TEACHING)
    .action(async (file, options) =>
      done(await (await import("./explain.ts")).explain(io, file, options)),
    );
  program
    .command("why")
    .description("say of an accepted finding what happens in the kernel, release by release")
    .argument("<signature>", "such as fixed:leak:unmap-head (pfndiff scenarios --like finds some)")
    .addOption(new Option("--before <id>", "the pair whose entry of the baseline is meant"))
    .addOption(new Option("--after <id>", "its other side"))
    .action(async (signature, options) =>
      done(await (await import("./why.ts")).why(io, signature, options)),
    );
}
