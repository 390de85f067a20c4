import type { Trace } from "../src/trace/trace.ts";
import { chooseAccelerator } from "./accelerator.ts";
import { Guest } from "./guest.ts";
import { buildInitramfs } from "./guestimage.ts";
import { moduleOf } from "./modules.ts";
import { locateImage } from "./images.ts";
import { Windows } from "./windows.ts";
import type { PlacedTrace } from "./wire.ts";

/** Ops a second both ways, on one guest and the same traces. */
export interface TransportBench {
  readonly kernel: string;
  readonly bootSeconds: number;
  readonly ops: number;
  readonly serial: number;
  readonly mailbox: number;
  /** mailbox / serial */
  readonly ratio: number;
}

function place(traces: readonly Trace[], windows: Windows): PlacedTrace[] {
  return traces.map((trace, id) => {
    const window = windows.take(trace);
    if (window === null) throw new RangeError("more traces than one boot has windows for");
    return { id, trace, window };
  });
}

const ROUNDS = 3;

/**
 * Runs the same traces on one guest by turns: with one op a round trip over the serial line, and
 * as one batch through the mailbox. The best round of each counts, after one that is not timed,
 * because TCG translates each kernel path when it is first taken. Traces in the aperture only: a
 * guest that keeps both regions apart would be a third thing to measure.
 */
export async function benchTransports(
  spec: string,
  traces: readonly Trace[],
): Promise<TransportBench> {
  const bzImage = locateImage(spec);
  const parts = { bzImage, initramfs: await buildInitramfs(moduleOf(bzImage)) };
  const accelerator = await chooseAccelerator("auto", parts);
  const beforeBoot = performance.now();
  const guest = await Guest.boot({ ...parts, accelerator });
  const bootSeconds = (performance.now() - beforeBoot) / 1000;
  const windows = new Windows(guest.regions);
  const aperture = traces.filter(({ world }) => world.mtrr === "uncached");
  const ops = aperture.reduce((sum, trace) => sum + trace.ops.length, 0);
  const time = async (run: (batch: readonly PlacedTrace[]) => Promise<unknown>) => {
    const batch = place(aperture, windows);
    const start = performance.now();
    await run(batch);
    return (ops * 1000) / (performance.now() - start);
  };
  try {
    await time((batch) => guest.run(batch));
    let serial = 0;
    let mailbox = 0;
    for (let round = 0; round < ROUNDS; round++) {
      serial = Math.max(serial, await time((batch) => guest.runSlowly(batch)));
      mailbox = Math.max(mailbox, await time((batch) => guest.run(batch)));
    }
    const ratio = mailbox / serial;
    return { kernel: guest.kernel.release, bootSeconds, ops, serial, mailbox, ratio };
  } finally {
    await guest.close();
  }
}
