import { type Command, InvalidArgumentError, Option } from "commander";
import type { AskedSuite } from "../../kernel/apt.ts";
import { DEBUGS } from "../../kernel/config.ts";
import type { Io } from "./io.ts";
import { type Done, guestsOption, liveRunsOption, outOption, seedOption } from "./options.ts";

/** Declares the commands about real kernels; what they do is loaded when they run. */
export function addKernelCommands(program: Command, io: Io, done: Done): void {
  program
    .command("doctor")
    .description("what real kernels need, what of it is missing, and the command that mends it")
    .option("--kernel <id>", "boot this one and name each option that it was built without")
    .option("--json", "print the list as JSON")
    .action(async (options) => done(await (await import("./doctor.ts")).doctor(io, options)));
  const kernel = program.command("kernel").description("fetch, run and measure real kernels");
  addImages(kernel, io, done);
  addBuilders(kernel, io, done);
  addRunners(kernel, io, done);
  addProbe(kernel, io, done);
}

const SUITES: readonly AskedSuite[] = ["experimental", "trixie-security"];

function alsoOption(): Option {
  const does = `read another suite of Debian too (${SUITES.join(", ")}); may be given twice`;
  return new Option("--also <suite>", does).argParser((text, before: AskedSuite[] = []) => {
    const suite = SUITES.find((each) => each === text);
    if (suite === undefined) throw new InvalidArgumentError(`Known are ${SUITES.join(", ")}.`);
    return [...before, suite];
  });
}

function addImages(kernel: Command, io: Io, done: Done): void {
  kernel
    .command("list")
    .description("the kernels that Debian offers now, the newest of every series")
    .addOption(alsoOption())
    .option("--json", "print the list as JSON")
    .action(async (options) =>
      done(await (await import("./kernelimages.ts")).kernelList(io, options)),
    );
  kernel
    .command("fetch")
    .description("fetch kernels into the cache, outside the project")
    .argument("<releases...>", "such as 6.12, or 7.2.12")
    .addOption(alsoOption())
    .action(async (releases, options) =>
      done(await (await import("./kernelimages.ts")).kernelFetch(io, releases, options)),
    );
}

function debugOption(): Option {
  return new Option("--debug <list>", `what it tells besides: ${DEBUGS.join(", ")}`)
    .default([])
    .argParser((text) =>
      text.split(",").map((word) => {
        const debug = DEBUGS.find((each) => each === word);
        if (debug === undefined) throw new InvalidArgumentError(`Known are ${DEBUGS.join(", ")}.`);
        return debug;
      }),
    );
}

const BUILDING = `
All work is done on a copy in the cache: the tree is only read. Building runs the tree's own Makefiles.

  pfndiff kernel build ~/linux --debug kasan,lockdep
  pfndiff kernel build ~/linux --rev my-series
  pfndiff fuzz --before kernel:$HOME/linux@v6.15 --after kernel:$HOME/linux@my-series --runs 500
`;

function addBuilders(kernel: Command, io: Io, done: Done): void {
  kernel
    .command("build")
    .description("build a small kernel for guests from a tree, and print its bzImage")
    .argument("<tree>", "a kernel tree")
    .option("--rev <revision>", "of its repository (default: as it stands)")
    .addOption(debugOption())
    .addHelpText("after", BUILDING)
    .action(async (tree, options) =>
      done(await (await import("./kernelbuild.ts")).kernelBuild(io, tree, options)),
    );
  kernel
    .command("module")
    .description(
      "build the module with which a kernel's guests run ops of drivers and show page tables",
    )
    .argument("<kernel>", "a fetched release, or the path of a bzImage")
    .option("--build <folder>", "the folder it was built in (default: Debian's headers, fetched)")
    .action(async (spec, options) =>
      done(await (await import("./kernelbuild.ts")).kernelModule(io, spec, options)),
    );
  kernel
    .command("config")
    .description("print the options that it is built with")
    .addOption(debugOption())
    .action(async (options) =>
      done(await (await import("./kernelbuild.ts")).kernelConfig(io, options)),
    );
}

const PROBING = `
It ends with status 1 where no row explains all that the kernel does: the facts are named of which no value
does, and what it did is kept for pfndiff conform. Random traces (--runs) are tried on the row besides.

  pfndiff kernel probe kernel:$HOME/linux/arch/x86/boot/bzImage
`;

function addProbe(kernel: Command, io: Io, done: Done): void {
  kernel
    .command("probe")
    .description("run the traces that tell profiles apart on a kernel, and print the row that fits")
    .argument("<id>", "such as kernel:PATH of a release that has no profile")
    .addOption(liveRunsOption())
    .addOption(seedOption().default(1))
    .addOption(guestsOption())
    .addOption(outOption())
    .option("--json", "print the row as JSON")
    .addHelpText("after", PROBING)
    .action(async (id, options) =>
      done(await (await import("./kernelprobe.ts")).kernelProbe(io, id, options)),
    );
}

function addRunners(kernel: Command, io: Io, done: Done): void {
  kernel
    .command("record")
    .description("run traces on a kernel and print the recordings, one per line")
    .argument("<release>", "a fetched release, or the path of a bzImage")
    .argument("[file]", 'traces or recordings, or "-"', "-")
    .option("-o, --output <file>", "write here instead of stdout")
    .addOption(guestsOption())
    .action(async (release, file, options) => {
      const { record } = await import("./record.ts");
      done(await record(io, file, { ...options, backend: `kernel:${release}` }));
    });
  kernel
    .command("conform")
    .description("run random traces on a kernel and on its model")
    .argument("<release>", "a fetched release, or the path of a bzImage")
    .addOption(liveRunsOption())
    .addOption(seedOption().default(1))
    .addOption(guestsOption())
    .addOption(outOption())
    .option("--json", "print the comparison as JSON")
    .action(async (release, options) => {
      const { conformLive } = await import("./conformlive.ts");
      done(await conformLive(io, { ...options, live: `kernel:${release}` }));
    });
  kernel
    .command("fuzz")
    .description("compare both models and a kernel: design change, model bug or kernel bug")
    .requiredOption("--kernel <id>", "the third voice, such as kernel:7.2")
    .addOption(new Option("--before <id>", "model of the before side"))
    .addOption(new Option("--after <id>", "model of the after side"))
    .addOption(liveRunsOption())
    .addOption(seedOption().default(1))
    .addOption(guestsOption())
    .addOption(outOption())
    .option("--json", "print the findings as JSON")
    .action(async (options) =>
      done(await (await import("./kernelfuzz.ts")).kernelFuzz(io, options)),
    );
  kernel
    .command("bench")
    .description("ops per second one by one over a serial line and in batches, on one guest")
    .argument("<release>", "a fetched release, or the path of a bzImage")
    .option("--json", "print the figures as JSON")
    .action(async (release, options) =>
      done(await (await import("./kernelbench.ts")).kernelBench(io, release, options)),
    );
}
