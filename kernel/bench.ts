import type { Trace } from "../src/trace/trace.ts";
import { chooseAccelerator } from "./accelerator.ts";
import { Guest } from "./guest.ts";
import { buildInitramfs } from "./guestimage.ts";
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
    const window = windows.take(trace.world);
    if (window === null) throw new RangeError("more traces than one boot has windows for");
    return { id, trace, window };
  });
}

/**
 * Runs the same traces on one guest, first with one op a round trip over the serial line, then as
 * one batch through the mailbox.
 */
export async function benchTransports(
  spec: string,
  traces: readonly Trace[],
): Promise<TransportBench> {
  const parts = { bzImage: locateImage(spec), initramfs: await buildInitramfs() };
  const accelerator = await chooseAccelerator("auto", parts);
  const beforeBoot = performance.now();
  const guest = await Guest.boot({ ...parts, accelerator });
  const bootSeconds = (performance.now() - beforeBoot) / 1000;
  const windows = new Windows(guest.regions);
  const ops = traces.reduce((sum, trace) => sum + trace.ops.length, 0);
  try {
    const slow = place(traces, windows);
    const start = performance.now();
    await guest.runSlowly(slow);
    const between = performance.now();
    await guest.run(place(traces, windows));
    const end = performance.now();
    const serial = (ops * 1000) / (between - start);
    const mailbox = (ops * 1000) / (end - between);
    const ratio = mailbox / serial;
    return { kernel: guest.kernel.release, bootSeconds, ops, serial, mailbox, ratio };
  } finally {
    await guest.close();
  }
}
