import { Command, Option } from "commander";
import type { Io } from "../io.ts";
import {
  afterOption,
  beforeOption,
  outOption,
  seconds,
  seedOption,
  sourceOption,
  wholeNumber,
} from "../options.ts";

function redisOption(): Option {
  return new Option("--redis <url>", "where Redis is, such as redis://127.0.0.1:6379")
    .env("PFNDIFF_REDIS")
    .makeOptionMandatory();
}

/** The queue's commands; BullMQ is loaded when one of them runs. */
export function queueCommands(io: Io, done: (status: number) => void): Command {
  const queue = new Command("queue").description(
    "spread a campaign over machines by a queue on Redis (needs bullmq and ioredis)",
  );
  queue
    .command("start")
    .description("hand out a campaign's runs, gather what they show, and judge it")
    .addOption(redisOption())
    .addOption(beforeOption())
    .addOption(afterOption())
    .addOption(
      new Option("--runs <n>", "traces to run").argParser(wholeNumber(1, 1e9)).default(3000),
    )
    .addOption(seedOption().default(1))
    .addOption(
      new Option("--chunk <n>", "traces a range").argParser(wholeNumber(1, 1e6)).default(500),
    )
    .addOption(sourceOption.plain())
    .addOption(sourceOption.faults())
    .addOption(sourceOption.idioms())
    .addOption(sourceOption.mistakes())
    .addOption(sourceOption.claims())
    .addOption(outOption())
    .option("--json", "print one pfndiff/campaign@1 object on stdout")
    .action(async (options) => done(await (await import("./start.ts")).queueStart(io, options)));
  queue
    .command("worker")
    .description("work on what is in the queue until interrupted")
    .addOption(redisOption())
    .addOption(
      new Option("--stalled <s>", "take over ranges of workers silent for so long")
        .argParser(seconds)
        .default(30),
    )
    .addOption(new Option("--idle <s>", "end after so long without work").argParser(seconds))
    .action(async (options) => done(await (await import("./worker.ts")).queueWorker(io, options)));
  queue
    .command("status")
    .description("count what waits, is worked on, is done and failed")
    .addOption(redisOption())
    .option("--json", "print the counts as JSON")
    .action(async (options) => done(await (await import("./status.ts")).queueStatus(io, options)));
  return queue;
}
