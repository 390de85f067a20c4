import { InvalidArgumentError, Option } from "commander";
import { DEFAULT_AFTER, DEFAULT_BEFORE } from "./backends.ts";

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

export function seedOption(): Option {
  return new Option("--seed <n>", "seed of the random traces").argParser(
    wholeNumber(0, SEED_LIMIT),
  );
}

export function jobsOption(): Option {
  return new Option("--jobs <n>", "guests at once, for a kernel")
    .argParser(wholeNumber(1, 64))
    .default(1);
}

export function resultsOption(): Option {
  return new Option("--out <dir>", "where results go").default(".pfndiff");
}

export function liveRunsOption(): Option {
  return new Option("--runs <n>", "random traces to run on a kernel")
    .argParser(wholeNumber(1, 1e9))
    .default(200);
}
