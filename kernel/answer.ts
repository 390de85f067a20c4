import { GarbledAnswer, RECORD, type WireRecord } from "./wire.ts";

/** The picked lines of a process' smaps. */
export interface RawVmas {
  readonly proc: number;
  readonly text: string;
  /** The runs of its page table, as the module gives them; null without one. */
  pages: Buffer | null;
}

/** What the guest showed after one op, as the kernel's own text. */
export interface RawStep {
  readonly errno: number;
  /** An allocation failed as it was told. */
  readonly hasFailed: boolean;
  memtype: string | null;
  readonly vmas: RawVmas[];
  readonly log: string[];
  /** Rows of the module: what drivers' calls returned, what the kernel has mapped for itself, RAM that is not write-back. */
  calls: Buffer;
  kernelMaps: Buffer;
  ram: Buffer;
}

const NO_ROWS = Buffer.alloc(0);

/** One trace's raw steps. */
export interface RawTrace {
  readonly id: number;
  readonly steps: RawStep[];
  /** What the kernel logged when the processes that the last op had left were ended. */
  readonly late: string[];
}

/** The guest said that it cannot go on, and why. */
export class GuestGaveUp extends Error {
  override readonly name = "GuestGaveUp";
}

/**
 * Puts the records of an answer's chunks together. Every trace must begin, count its steps from
 * 0, show a memtype list in each, and end with the number of its steps: anything else is a
 * GarbledAnswer, so that a lost record is never taken for a short trace.
 */
export class AnswerReader {
  readonly traces: RawTrace[] = [];
  #open: RawTrace | null = null;

  /** Takes the records of one chunk; throws GarbledAnswer or GuestGaveUp. */
  take(records: readonly WireRecord[]): void {
    for (const record of records) this.#takeOne(record);
  }

  /** The traces of the whole answer; throws GarbledAnswer when one did not end. */
  finish(ids: readonly number[]): RawTrace[] {
    if (this.#open !== null) throw new GarbledAnswer(`trace ${this.#open.id} does not end`);
    const got = this.traces.map(({ id }) => id);
    if (got.length !== ids.length || got.some((id, index) => id !== ids[index])) {
      throw new GarbledAnswer(`traces ${got.join()} came back, ${ids.join()} went out`);
    }
    return this.traces;
  }

  #takeOne({ type, bytes }: WireRecord): void {
    switch (type) {
      case RECORD.TRACE:
        if (this.#open !== null) throw new GarbledAnswer(`trace ${this.#open.id} does not end`);
        this.#open = { id: word(bytes, 0), steps: [], late: [] };
        return;
      case RECORD.STEP:
        this.#startStep(word(bytes, 0), word(bytes, 1), word(bytes, 2) === 1);
        return;
      case RECORD.MEMTYPE:
        this.#step().memtype = bytes.toString("latin1");
        return;
      case RECORD.VMAS:
        this.#step().vmas.push({
          proc: word(bytes, 0),
          text: bytes.toString("latin1", 4),
          pages: null,
        });
        return;
      case RECORD.PAGES:
        this.#lastVmas(word(bytes, 0)).pages = bytes.subarray(4);
        return;
      case RECORD.CALLS:
        this.#step().calls = bytes;
        return;
      case RECORD.KERNEL_MAPS:
        this.#step().kernelMaps = bytes;
        return;
      case RECORD.RAM:
        this.#step().ram = bytes;
        return;
      case RECORD.SAME:
        this.#step().vmas.push(this.#before(word(bytes, 0)));
        return;
      case RECORD.LOG:
        this.#step().log.push(bytes.toString("latin1"));
        return;
      case RECORD.LATE:
        this.#trace().late.push(bytes.toString("latin1"));
        return;
      case RECORD.END:
        this.#end(word(bytes, 0));
        return;
      case RECORD.FAIL:
        throw new GuestGaveUp(bytes.toString("latin1"));
      default:
        throw new GarbledAnswer(`there is no record type ${type}`);
    }
  }

  #trace(): RawTrace {
    if (this.#open === null) throw new GarbledAnswer("a record outside of a trace");
    return this.#open;
  }

  #step(): RawStep {
    const step = this.#trace().steps.at(-1);
    if (step === undefined) throw new GarbledAnswer("a record outside of a step");
    return step;
  }

  /** The VMAs that a page table belongs to, which came just before. */
  #lastVmas(proc: number): RawVmas {
    const last = this.#step().vmas.at(-1);
    if (last?.proc !== proc) throw new GarbledAnswer(`no VMAs go with the pages of ${proc}`);
    return last;
  }

  /** The VMAs of a process as the step before showed them. */
  #before(proc: number): RawVmas {
    const known = this.#trace()
      .steps.at(-2)
      ?.vmas.find((vmas) => vmas.proc === proc);
    if (known === undefined) throw new GarbledAnswer(`process ${proc} was not shown before`);
    return known;
  }

  #startStep(index: number, errno: number, hasFailed: boolean): void {
    const { steps } = this.#trace();
    const before = steps.at(-1);
    if (index !== steps.length) throw new GarbledAnswer(`step ${index} after ${steps.length - 1}`);
    if (before?.memtype === null) throw new GarbledAnswer(`step ${index - 1} shows no list`);
    const rows = { calls: NO_ROWS, kernelMaps: NO_ROWS, ram: NO_ROWS };
    steps.push({ errno, hasFailed, memtype: null, vmas: [], log: [], ...rows });
  }

  #end(count: number): void {
    const trace = this.#trace();
    if (trace.steps.length !== count || trace.steps.at(-1)?.memtype === null) {
      throw new GarbledAnswer(`${trace.steps.length} steps of ${count}`);
    }
    this.traces.push(trace);
    this.#open = null;
  }
}

function word(bytes: Buffer, index: number): number {
  if (bytes.length < index * 4 + 4) throw new GarbledAnswer("a record is cut short");
  return bytes.readUInt32LE(index * 4);
}
