import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { SCHEMA_NAMES } from "../../reports/formats.ts";
import { SHELLS } from "../../reports/formats/completion.ts";
import { CLAIM_FORMATS, DEFAULT_CLAIM_DEPTH, DEFAULT_CLAIM_RUNS } from "../claims/formats.ts";
import { REPRO_FORMATS } from "./reproformats.ts";
import type { Io } from "./io.ts";
import { type Done, wholeNumber } from "./options.ts";

const STATE_TEACHING = `
Who maps becomes a process, what nobody maps is held by the kernel. What cannot be had is said on stderr.

  cd /proc && (cat /sys/kernel/debug/x86/pat_memtype_list; tail -n +1 [0-9]*/maps) > state.txt
  pfndiff import state state.txt > state.json
  pfndiff replay state.json
  pfndiff fuzz --begin state.json
`;

/** A whole number, decimal or hexadecimal, as addresses are written. */
function address(text: string): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value % 4096 === 0) return value;
  throw new InvalidArgumentError("Expected a multiple of 4096, such as 0x10000.");
}

/** The commands that make something for other programs, and for other people. */
export function addExports(program: Command, io: Io, done: Done): void {
  addRepro(program, io, done);
  addSandbox(program, io, done);
  addImport(program, io, done);
  program
    .command("claims")
    .description("judge what the series claimed by evidence that is gathered anew")
    .addOption(
      new Option("--runs <n>", "traces of each campaign")
        .argParser(wholeNumber(1, 1e9))
        .default(DEFAULT_CLAIM_RUNS),
    )
    .addOption(
      new Option("--depth <d>", "ops of the sequences that are all tried (4 takes half a minute)")
        .argParser(wholeNumber(1, 5))
        .default(DEFAULT_CLAIM_DEPTH),
    )
    .addOption(new Option("--format <format>", "output").choices(CLAIM_FORMATS).default("text"))
    .action(async (options) => done(await (await import("./claims.ts")).claims(io, options)));
  program
    .command("schema")
    .description("print the JSON Schema of a document")
    .addArgument(new Argument("<name>", "document").choices(SCHEMA_NAMES))
    .action(async (name) => done(await (await import("./schema.ts")).schema(io, name)));
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .action(async (shell) =>
      done(await (await import("./completion.ts")).completion(io, program, shell)),
    );
}

function addRepro(program: Command, io: Io, done: Done): void {
  program
    .command("repro")
    .description("turn a finding into a program or a mail that a maintainer can use")
    .argument("<file>", 'finding, trace or recording, "-", scenario:NAME, or an accepted signature')
    .addOption(new Option("--format <format>", "what to make").choices(REPRO_FORMATS).default("c"))
    .option("--signature <s>", "finding to reproduce (default: the one it is named for)")
    .addOption(new Option("--before <id>", "backend of the before side"))
    .addOption(new Option("--after <id>", "backend of the after side"))
    .option("--device <path>", "file that a syz program maps", "/dev/mem")
    .addOption(
      new Option("--base <address>", "physical address of that file's start (syz)")
        .argParser(address)
        .default(0, "0"),
    )
    .addOption(
      new Option("--offset <bytes>", "where the window begins in that file (syz)")
        .argParser(address)
        .default(0x8000000, "0x8000000"),
    )
    .action(async (file, options) =>
      done(await (await import("./repro.ts")).repro(io, file, options)),
    );
}

/** What the sandbox opens with: the leak that the series fixed. */
const OPENING = "scenario:munmap-head";

function addSandbox(program: Command, io: Io, done: Done): void {
  program
    .command("sandbox")
    .description("print a page that runs the models: change a trace, see both sides at once")
    .argument(
      "[file]",
      'what it opens with: trace, "-", scenario:NAME, signature, or a link',
      OPENING,
    )
    .addOption(new Option("--before <id>", "model of the before side"))
    .addOption(new Option("--after <id>", "model of the after side"))
    .action(async (file, options) =>
      done(await (await import("./sandbox.ts")).sandbox(io, file, options)),
    );
}

function addImport(program: Command, io: Io, done: Done): void {
  const importing = program
    .command("import")
    .description("turn what other programs write into traces");
  importing
    .command("strace")
    .description("a log of strace -f as a trace of its device mappings; what is left out on stderr")
    .argument("<file>", 'log, or "-"')
    .option(
      "--device <path[=how]>",
      "path to take for a device (how: remap whole, partial or insert at fault; or resource, resource_wc, devmem, devmem_sync)",
      (text: string, known: readonly string[]) => [...known, text],
      [],
    )
    .option("--write-back", "the device lies where the MTRRs say write-back (see /proc/mtrr)")
    .option("--regions", "keep low memory beside a device, as a region of its own")
    .action(async (file, options) =>
      done(await (await import("./importstrace.ts")).importStraceLog(io, file, options)),
    );
  importing
    .command("state")
    .description("a machine's reservations and mappings as a trace that leads to them")
    .argument("[file]", 'pat_memtype_list, /proc/PID/maps, /proc/iomem, or "-"', "-")
    .option(
      "--release <release>",
      "kernel it is from (default: as a log in it says, else the newest)",
    )
    .addHelpText("after", STATE_TEACHING)
    .action(async (file, options) =>
      done(await (await import("./importstate.ts")).importState(io, file, options)),
    );
}
