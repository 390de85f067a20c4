import type { Trace } from "../src/trace/trace.ts";
import { chooseAccelerator } from "./accelerator.ts";
import { bootFault } from "./backend.ts";
import { Guest } from "./guest.ts";
import { buildInitramfs } from "./guestimage.ts";
import { moduleOf } from "./modules.ts";
import { locateImage } from "./images.ts";
import { type KernelOption, withoutLacking } from "./lacks.ts";
import { requireQemu } from "./qemu.ts";
import { Windows } from "./windows.ts";
import type { PlacedTrace } from "./wire.ts";

/** Ops a second both ways, on one guest and the same traces. */
export interface TransportFigures {
  readonly kernel: string;
  /** The options that the kernel was built without; the ops that need them are not among `ops`. */
  readonly lacks: readonly KernelOption[];
  readonly ops: number;
  readonly serial: number;
  readonly mailbox: number;
  /** mailbox / serial */
  readonly ratio: number;
  /** Ops a second of processor time, of the guest's machine and of this process together. */
  readonly processor: { readonly serial: number; readonly mailbox: number; readonly ratio: number };
}

export interface TransportBench extends TransportFigures {
  readonly bootSeconds: number;
}

/** A guest as it is measured. */
export type MeasuredGuest = Pick<
  Guest,
  "kernel" | "lacks" | "regions" | "run" | "runSlowly" | "processorSeconds"
>;

function place(traces: readonly Trace[], windows: Windows): PlacedTrace[] {
  return traces.map((trace, id) => {
    const window = windows.take(trace);
    if (window === null) throw new RangeError("more traces than one boot has windows for");
    return { id, trace, window };
  });
}

const ROUNDS = 3;
/** A batch through the mailbox is over so soon that one alone tells little. */
const BATCHES = 4;

/** Seconds by the clock and of processor time. */
interface Spent {
  readonly clock: number;
  readonly processor: number;
}

async function spentBy(guest: MeasuredGuest, work: () => Promise<unknown>): Promise<Spent> {
  const [clock, ours, theirs] = [
    performance.now(),
    process.cpuUsage(),
    guest.processorSeconds(),
  ] as const;
  await work();
  const { user, system } = process.cpuUsage(ours);
  return {
    clock: (performance.now() - clock) / 1000,
    processor: (user + system) / 1e6 + guest.processorSeconds() - theirs,
  };
}

/**
 * Runs the same traces on one guest by turns: with one op a round trip over the serial line, and
 * as whole batches through the mailbox. The best round of each counts, after one that is not timed,
 * because TCG translates each kernel path when it is first taken. Traces in the aperture only: a
 * guest that keeps both regions apart would be a third thing to measure.
 */
export async function measureTransports(
  guest: MeasuredGuest,
  traces: readonly Trace[],
): Promise<TransportFigures> {
  const { kernel, lacks, regions } = guest;
  const windows = new Windows(regions);
  const aperture = traces
    .filter(({ world }) => world.mtrr === "uncached")
    .map((trace) => withoutLacking(trace, new Set(lacks)));
  const ops = aperture.reduce((sum, trace) => sum + trace.ops.length, 0);
  const best = {
    serial: { clock: Infinity, processor: Infinity },
    mailbox: { clock: Infinity, processor: Infinity },
  };
  const turn = async (name: keyof typeof best, count: number) => {
    const batches = Array.from({ length: count }, () => place(aperture, windows));
    const spent = await spentBy(guest, async () => {
      for (const batch of batches)
        await (name === "serial" ? guest.runSlowly(batch) : guest.run(batch));
    });
    best[name] = {
      clock: Math.min(best[name].clock, spent.clock / count),
      processor: Math.min(best[name].processor, spent.processor / count),
    };
  };
  await guest.run(place(aperture, windows));
  for (let round = 0; round < ROUNDS; round++) {
    await turn("serial", 1);
    await turn("mailbox", BATCHES);
  }
  const figures = (of: keyof Spent) => {
    const [serial, mailbox] = [ops / best.serial[of], ops / best.mailbox[of]];
    return { serial, mailbox, ratio: mailbox / serial };
  };
  return {
    kernel: kernel.release,
    lacks,
    ops,
    ...figures("clock"),
    processor: figures("processor"),
  };
}

/** Boots a kernel (a release or the path of a bzImage) and measures it; rejects with KernelUnavailable where none comes up. */
export async function benchTransports(
  spec: string,
  traces: readonly Trace[],
): Promise<TransportBench> {
  await requireQemu();
  const bzImage = locateImage(spec);
  const parts = { bzImage, initramfs: await buildInitramfs(moduleOf(bzImage)) };
  const accelerator = await chooseAccelerator("auto", parts);
  const beforeBoot = performance.now();
  const guest = await Guest.boot({ ...parts, accelerator }).catch((error: unknown) => {
    throw bootFault(`kernel:${spec}`, error);
  });
  const bootSeconds = (performance.now() - beforeBoot) / 1000;
  try {
    return { bootSeconds, ...(await measureTransports(guest, traces)) };
  } finally {
    await guest.close();
  }
}
