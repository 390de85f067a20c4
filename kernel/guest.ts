import type { Op } from "../src/trace/op.ts";
import type { Memory } from "../src/trace/trace.ts";
import { type RawTrace, AnswerReader, GuestGaveUp } from "./answer.ts";
import type { RunningKernel } from "./assemble.ts";
import { Doorbell } from "./doorbell.ts";
import { type KernelOption, optionNamed } from "./lacks.ts";
import { PAGE_BYTES, type PhysicalWindow } from "./parse/memtype.ts";
import type { ModuleMemory } from "./parse/vmas.ts";
import { complaintsIn, type Splat } from "./parse/splat.ts";
import { encodeOp, encodeRequest } from "./request.ts";
import { type Accelerator, Machine, type MachineParts } from "./qemu.ts";
import {
  decodeHeader,
  decodePayload,
  GarbledAnswer,
  HEADER_WORD,
  type PlacedTrace,
  WIRE,
} from "./wire.ts";

/** The limits after which a guest counts as hung, in milliseconds. */
export interface Limits {
  readonly boot: number;
  /** Without any progress inside a batch. */
  readonly op: number;
}

export const LIMITS: Limits = { boot: 90_000, op: 30_000 };

/** How a guest was lost. */
export type LossKind = "boot" | "unfit" | "hang" | "died" | "garbled" | "gave-up";

/**
 * A guest is lost: it hung, panicked, or answered what cannot be. `traceId` and `op` say how far
 * it had come, where it had begun.
 */
export class GuestLost extends Error {
  override readonly name = "GuestLost";
  readonly kind: LossKind;
  readonly console: string;
  readonly traceId: number | null;
  readonly op: number | null;
  /** What it said that its kernel lacks, before it was lost. */
  lacks: readonly KernelOption[] = [];

  constructor(
    kind: LossKind,
    why: string,
    machine: Machine,
    at: { trace: number; op: number } | null,
  ) {
    super(`guest lost (${kind}): ${why}`);
    this.kind = kind;
    this.console = machine.console();
    this.traceId = at?.trace ?? null;
    this.op = at?.op ?? null;
  }
}

/** Where a region lies: its physical address and its length in pages. */
export type Region = PhysicalWindow;

interface Hello {
  readonly kernel: RunningKernel;
  readonly regions: Readonly<Record<Memory, Region>>;
  readonly module: ModuleMemory | null;
}

function parseHello(line: string): Hello | null {
  const match =
    /^hello (\d+) (\S+) (vm-pat|kref) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)$/.exec(
      line,
    );
  if (match === null || Number(match[1]) !== WIRE.WIRE_VERSION) return null;
  const address = (at: number) => Number.parseInt(match[at] ?? "", 16);
  const region = (at: number): Region => ({
    address: address(at),
    pages: address(at + 1) / PAGE_BYTES,
  });
  const ram = address(10);
  return {
    kernel: { release: match[2] ?? "", design: match[3] === "vm-pat" ? "vm-pat" : "kref" },
    regions: { bar: region(4), low: region(6), "write-back-bar": region(8) },
    module: ram === 0 ? null : { ram, buffers: address(11) },
  };
}

/** The first line that names no option that the kernel lacks; those that do go to `lacks`. */
async function greeting(doorbell: Doorbell, lacks: KernelOption[]): Promise<string> {
  for (;;) {
    const line = await doorbell.line();
    const [word, option = ""] = line.split(" ");
    if (word !== "lacks") return line;
    lacks.push(optionNamed(option));
  }
}

/** A booted guest. Runs one batch at a time; after a GuestLost it must be closed. */
export class Guest {
  readonly kernel: RunningKernel;
  readonly regions: Hello["regions"];
  /** Where the RAM of traces lies, where the guest has the module that shows page tables. */
  readonly module: ModuleMemory | null;
  /** What the kernel found wrong with itself before any trace ran. */
  readonly atBoot: readonly Splat[];
  /** The options it was built without, as far as the guest looks. */
  readonly lacks: readonly KernelOption[];
  readonly accelerator: Accelerator;
  readonly #machine: Machine;
  readonly #doorbell: Doorbell;
  readonly #limits: Limits;
  #sequence = 0;

  private constructor(
    machine: Machine,
    doorbell: Doorbell,
    hello: Hello & Pick<Guest, "atBoot" | "lacks">,
    limits: Limits,
    accelerator: Accelerator,
  ) {
    this.#machine = machine;
    this.#doorbell = doorbell;
    this.#limits = limits;
    this.kernel = hello.kernel;
    this.regions = hello.regions;
    this.module = hello.module;
    this.atBoot = hello.atBoot;
    this.lacks = hello.lacks;
    this.accelerator = accelerator;
  }

  /** Boots a machine and waits for its guest; rejects with GuestLost when it does not come up. */
  static async boot(parts: MachineParts, limits: Limits = LIMITS): Promise<Guest> {
    const machine = new Machine(parts);
    const doorbell = new Doorbell(machine.process.stdout);
    const lacks: KernelOption[] = [];
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new GuestLost("boot", `not up after ${limits.boot} ms`, machine, null)),
          limits.boot,
        );
        machine.process.once("error", (error) =>
          reject(new GuestLost("boot", error.message, machine, null)),
        );
      });
      const line = await Promise.race([greeting(doorbell, lacks), late]);
      const hello = parseHello(line);
      if (hello === null) throw new GuestLost("unfit", line, machine, null);
      machine.forgetFiles();
      const atBoot = complaintsIn(machine.console().split("\n"));
      return new Guest(machine, doorbell, { ...hello, atBoot, lacks }, limits, parts.accelerator);
    } catch (error) {
      const lost =
        error instanceof GuestLost ? error : new GuestLost("boot", String(error), machine, null);
      lost.lacks = lacks;
      await machine.destroy();
      throw lost;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs a batch through the mailbox. Rejects with GuestLost. */
  run(batch: readonly PlacedTrace[]): Promise<RawTrace[]> {
    return this.#watched(batch, async (sequence, reader) => {
      this.#ring(`go ${sequence}`);
      for (let chunk = 0; ; chunk++) {
        await this.#awaitLine(`answer ${sequence} ${chunk}`);
        const bytes = this.#machine.read(WIRE.ANSWER_OFFSET, WIRE.HEADER_BYTES);
        const header = decodeHeader(bytes, sequence, chunk);
        const at = WIRE.ANSWER_OFFSET + WIRE.HEADER_BYTES;
        reader.take(decodePayload(header, this.#machine.read(at, header.length)));
        if (header.last) return;
        this.#ring(`next ${sequence} ${chunk + 1}`);
      }
    });
  }

  /**
   * Runs a batch with every op and every answer going over the serial line, one op a round trip:
   * what the mailbox is measured against. Rejects with GuestLost.
   */
  runSlowly(batch: readonly PlacedTrace[]): Promise<RawTrace[]> {
    const ops: Op[] = batch.flatMap(({ trace }) => trace.ops);
    return this.#watched(batch, async (sequence, reader) => {
      this.#ring(`slow ${sequence}`);
      for (let chunk = 0; ; chunk++) {
        const op = ops[chunk];
        if (op !== undefined) this.#machine.process.stdin.write(encodeOp(op));
        const bytes = await this.#doorbell.exactly(WIRE.HEADER_BYTES);
        const header = decodeHeader(bytes, sequence, chunk);
        reader.take(decodePayload(header, await this.#doorbell.exactly(header.length)));
        if (header.last) return;
      }
    });
  }

  /** Processor time that its machine has used so far, in seconds. */
  processorSeconds(): number {
    return this.#machine.processorSeconds();
  }

  /** Ends the machine. */
  close(): Promise<void> {
    return this.#machine.destroy();
  }

  async #watched(
    batch: readonly PlacedTrace[],
    talk: (sequence: number, reader: AnswerReader) => Promise<void>,
  ): Promise<RawTrace[]> {
    const sequence = ++this.#sequence;
    const reader = new AnswerReader();
    this.#machine.write(encodeRequest(sequence, batch), 0);
    this.#machine.write(Buffer.alloc(WIRE.HEADER_BYTES), WIRE.ANSWER_OFFSET);
    const watchdog = this.#watch();
    try {
      await Promise.race([talk(sequence, reader), watchdog.hung]);
      return reader.finish(batch.map(({ id }) => id));
    } catch (error) {
      throw this.#lost(error);
    } finally {
      watchdog.stop();
    }
  }

  #watch(): { hung: Promise<never>; stop: () => void } {
    let timer: NodeJS.Timeout | undefined;
    const hung = new Promise<never>((_, reject) => {
      let seen = "";
      let since = Date.now();
      timer = setInterval(() => {
        const { trace, op } = this.#progress();
        if (`${trace}:${op}` !== seen) {
          seen = `${trace}:${op}`;
          since = Date.now();
        } else if (Date.now() - since > this.#limits.op) {
          reject(
            new GuestLost(
              "hang",
              `no progress for ${this.#limits.op} ms`,
              this.#machine,
              this.#progress(),
            ),
          );
        }
      }, 500);
    });
    return { hung, stop: () => clearInterval(timer) };
  }

  #progress(): { trace: number; op: number } {
    const header = this.#machine.read(WIRE.ANSWER_OFFSET, WIRE.HEADER_BYTES);
    return {
      trace: header.readUInt32LE(HEADER_WORD.AT_TRACE * 4),
      op: header.readUInt32LE(HEADER_WORD.AT_OP * 4),
    };
  }

  #lost(error: unknown): unknown {
    if (error instanceof GarbledAnswer) {
      return new GuestLost("garbled", error.message, this.#machine, null);
    }
    if (error instanceof GuestGaveUp) {
      return new GuestLost("gave-up", error.message, this.#machine, this.#progress());
    }
    if (error instanceof Error && error.name === "LineClosed") {
      return new GuestLost("died", "QEMU ended", this.#machine, this.#progress());
    }
    return error;
  }

  #ring(line: string): void {
    this.#machine.process.stdin.write(`${line}\n`);
  }

  async #awaitLine(wanted: string): Promise<void> {
    const line = await this.#doorbell.line();
    if (line !== wanted) throw new GarbledAnswer(`the guest said "${line}", wanted "${wanted}"`);
  }
}
