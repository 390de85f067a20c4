import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { benchTransports } from "../../kernel/bench.ts";
import { EXIT, type Io } from "./io.ts";
import { leftOut } from "./leftout.ts";

const TRACES = 12;

/** Measures one guest both ways: an op a round trip over the serial line, and batches. */
export async function kernelBench(
  io: Io,
  release: string,
  options: { json?: boolean },
): Promise<number> {
  const traces = Array.from({ length: TRACES }, (_, run) => traceOfRun(1, run));
  const figures = await benchTransports(release, traces);
  for (const line of leftOut(`kernel:${release}`, figures.lacks)) io.err(line);
  if (options.json === true) await io.out(`${JSON.stringify(figures)}\n`);
  else {
    const { kernel, bootSeconds, ops, serial, mailbox, ratio, processor } = figures;
    await io.out(
      `${kernel}: booted in ${bootSeconds.toFixed(1)} s; ${ops} ops: ${serial.toFixed(0)} ops/s ` +
        `one by one over the serial line, ${mailbox.toFixed(0)} ops/s in batches through shared ` +
        `memory: ${ratio.toFixed(1)} times as fast, ${processor.ratio.toFixed(1)} times in processor ` +
        `time (${(1e6 / processor.serial).toFixed(0)} and ${(1e6 / processor.mailbox).toFixed(0)} us an op)\n`,
    );
  }
  return EXIT.ok;
}
