import { InvalidArgumentError, Option } from "commander";
import { UserError } from "../usererror.ts";
import { DEFAULT_AFTER, DEFAULT_BEFORE } from "./backends.ts";
import { EXIT_STYLES } from "./exitstyle.ts";

/** Hands a command's exit status to the caller. */
export type Done = (status: number) => void;

/** A whole number of at least `least`, as an option's value. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

export function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 1e6) return value;
  throw new InvalidArgumentError("Expected seconds, such as 20 or 0.5.");
}

const SEED_LIMIT = 0x7fffffff;

export function beforeOption(): Option {
  return new Option("--before <id>", "backend of the before side").default(DEFAULT_BEFORE);
}

export function afterOption(): Option {
  return new Option("--after <id>", "backend of the after side").default(DEFAULT_AFTER);
}

export function outOption(): Option {
  return new Option("--out <dir>", "where results go").default(".pfndiff");
}

export function jobsOption(): Option {
  return new Option(
    "--jobs <n>",
    "threads (default: the cores, once a campaign is long)",
  ).argParser(wholeNumber(1, 256));
}

export function confirmOption(): Option {
  return new Option(
    "--confirm <kernel>",
    "run the traces of a tree's findings in guests of this kernel too (kernel:6.12, kernel:PATH)",
  );
}

export function coverageOption(): Option {
  return new Option(
    "--coverage <file>",
    "count what runs of the trees' tracking, by line and branch; print it, and write it here as JSON",
  ).conflicts(["json", "jobs"]);
}

export function fullOption(): Option {
  const does = "print every finding, drawn, and not a summary of them";
  return new Option("--full", does).conflicts("json");
}

export function enoughOption(): Option {
  const does =
    "stop before --time is up once the next run hardly shows anything new (1 in 1,000, after 5,000 runs)";
  return new Option("--enough", does).conflicts(["runs", "shard"]);
}

export function shardOption(): Option {
  return new Option("--shard <i/n>", "do part i (from 1) of n; put together by merge")
    .argParser(shard)
    .conflicts("time");
}

/** A part of a campaign, such as 2/8. */
function shard(text: string): { index: number; of: number } {
  const [index = Number.NaN, of = Number.NaN] = /^\d+\/\d+$/.test(text)
    ? text.split("/").map(Number)
    : [];
  if (index >= 1 && index <= of && of <= 1e6) return { index, of };
  throw new InvalidArgumentError("Expected a part of the whole, such as 1/3, 2/3 or 3/3.");
}

/** What a campaign draws, where that is to be one kind alone. */
export const sourceOption = {
  plain: () =>
    new Option(
      "--plain",
      "system calls alone (default: a mixture of all kinds that both sides take)",
    ).conflicts(["faults", "idioms", "mistakes", "claims", "regions", "pieces", "nodes"]),
  faults: () =>
    new Option(
      "--faults",
      "system calls, with one to three allocations of every trace told to fail",
    ).conflicts(["idioms", "mistakes", "claims", "regions", "pieces", "nodes"]),
  idioms: () =>
    new Option("--idioms", "drivers that make any calls, and the kernel's own mappings").conflicts([
      "mistakes",
      "claims",
      "regions",
      "pieces",
      "nodes",
    ]),
  mistakes: () =>
    new Option(
      "--mistakes",
      "drivers that map through a copy of a VMA, past it, or pages of two kinds in one",
    ).conflicts(["claims", "regions", "pieces", "nodes"]),
  claims: () =>
    new Option(
      "--claims",
      "system calls, while a driver claims the device and lets go of it",
    ).conflicts(["regions", "pieces", "nodes"]),
  regions: () =>
    new Option("--regions", "system calls and drivers, about several regions").conflicts([
      "pieces",
      "nodes",
    ]),
  pieces: () =>
    new Option(
      "--pieces",
      "drivers that insert 2 MiB at once, among others that map pages of it",
    ).conflicts("nodes"),
  nodes: () =>
    new Option(
      "--nodes",
      "system calls that cannot have nodes of the tree of VMAs, on two kernel trees",
    ),
} as const;

export function racesOption(): Option {
  const does =
    "draw two tasks at once for trees and search the schedules of each (docs/RACES.md; one tree: name it twice)";
  const others = [
    "time",
    "resume",
    "shard",
    "plain",
    "faults",
    "idioms",
    "mistakes",
    "claims",
    "regions",
    "pieces",
    "nodes",
    "corpus",
    "begin",
    "coverage",
  ];
  return new Option("--races", does).conflicts([...others, "json", "confirm", "full"]);
}

export function beginOption(): Option {
  return new Option(
    "--begin <file>",
    "let every trace begin with the ops of this one (pfndiff import state makes one)",
  ).conflicts(["corpus", "plain", "faults", "idioms", "mistakes", "claims", "pieces", "nodes"]);
}

export function exploreMtrrOption(): Option {
  return new Option("--mtrr <type>", "what the MTRRs call the memory").choices(["write-back"]);
}

export function exploreRegionOption(): Option {
  const words = "a device where that is write-back, not low memory";
  return new Option("--region <kind>", words).choices(["bar"]);
}

export function exploreMapsOption(): Option {
  const most = wholeNumber(1, 16);
  return new Option("--maps <n>", "VMAs that the limit leaves room for").argParser(most);
}

export function exploreBeginOption(): Option {
  return new Option(
    "--begin <file>",
    "the ops of a trace come first; --slots are areas beside those that it names",
  ).conflicts(["mtrr", "maps", "verify"]);
}

export function corpusOption(): Option {
  return new Option(
    "--corpus <dir>",
    "let three of four traces start from those that the command corpus keeps there",
  ).conflicts(["idioms", "mistakes", "claims", "regions", "pieces", "nodes"]);
}

export function seedOption(): Option {
  return new Option("--seed <n>", "seed of the random traces").argParser(
    wholeNumber(0, SEED_LIMIT),
  );
}

export function guestsOption(): Option {
  return new Option("--jobs <n>", "guests at once, for a kernel")
    .argParser(wholeNumber(1, 64))
    .default(1);
}

export function liveRunsOption(): Option {
  return new Option("--runs <n>", "random traces to run on a kernel")
    .argParser(wholeNumber(1, 1e9))
    .default(200);
}

/** How a status is told to the caller. */
export function exitStyleOption(): Option {
  return new Option("--exit-style <style>", "exit statuses as this caller reads them")
    .choices(EXIT_STYLES)
    .default("default");
}

/** Those of a list that `--only` chooses; to choose none is a fault of usage, not a success. */
export function chosen<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  only: string | undefined,
  fits = (name: string, text: string) => name.includes(text),
): readonly T[] {
  const some = all.filter((one) => only === undefined || fits(nameOf(one), only));
  if (some.length > 0) return some;
  const names = all.slice(0, 12).map(nameOf).join(", ");
  const more = all.length > 12 ? `, ... ${all.length} in all` : "";
  throw new UserError(`--only ${JSON.stringify(only)}: chooses none of ${names}${more}`);
}
