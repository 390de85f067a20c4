import { ERRNO_NAMES } from "../kernel/assemble.ts";
import { CALL_CODE, CALLED } from "../kernel/driverwire.ts";
import { parseLogLine } from "../kernel/parse/log.ts";
import type { WorldWindow } from "../kernel/parse/memtype.ts";
import type { Outcome } from "../src/mm/errno.ts";
import { ALLOCATION_SITES } from "../src/pat/kernelstate.ts";
import type { Fault } from "../src/trace/fields.ts";
import type { TraceEvent } from "../src/trace/recording.ts";
import type { World } from "../src/trace/trace.ts";
import { ShownList, type ShownReservation, ShownSpace } from "./shown.ts";
import { DRIVER_RAM, othersOf, RECORD, STOPS, textIn } from "./wire.ts";

const PAGE_BYTES = 4096;
/** How many lines are remembered. */
const MOST_LINES = 1000;

/** An answer that is not what the protocol allows: it is never taken for data. */
export class GarbledTreeAnswer extends Error {
  override readonly name = "GarbledTreeAnswer";
}

/** Why a trace ended before its last op, and where the kernel's code was. */
export interface Stopped {
  readonly kind: (typeof STOPS)[number];
  readonly text: string;
  /** The innermost function first, each with its offset. */
  readonly backtrace: readonly string[];
}

const NO_LIST: readonly ShownReservation[] = [];
const NO_EVENTS: readonly TraceEvent[] = [];
const NO_FUNCTIONS: readonly string[] = [];
const NO_CALLS: readonly ShownCall[] = [];
const NO_MAPS: readonly ShownKernelMap[] = [];
const NO_RAM: readonly ShownReservation[] = [];

/** A call of a driver and what it returned; a remap on a fault says how many pages it was of. */
export interface ShownCall {
  readonly call: (typeof CALLED)[number];
  readonly outcome: Outcome;
  readonly pages?: number;
}

/** A range that the kernel has mapped for itself; `mode` is an index into CACHE_MODES. */
export interface ShownKernelMap extends ShownReservation {
  readonly via: (typeof KERNEL_VIAS)[number];
  readonly slot: number;
}

const KERNEL_VIAS = ["ioremap", "memremap", "memremap-pages"] as const;

/**
 * Goes through answers to traces, step by step, from changes to states. What a step shows is good until
 * the next one; of the list the one before is, too.
 */
export class AnswerSteps {
  outcome: Outcome = null;
  /** The allocation that failed within the op, or null. */
  failed: Fault | null = null;
  events: readonly TraceEvent[] = NO_EVENTS;
  /** The kernel's functions that the op passed, in the order of their first calls; only of a trace that is watched. */
  passed: readonly string[] = NO_FUNCTIONS;
  list: readonly ShownReservation[] = NO_LIST;
  /** What the calls of drivers have returned within the op. */
  calls: readonly ShownCall[] = NO_CALLS;
  /** What the kernel has mapped for itself, in the order in which it did. */
  kernelMaps: readonly ShownKernelMap[] = NO_MAPS;
  /** Runs of pages of RAM, counted from its first, that are not write-back; `mode` is an index into CACHE_MODES. */
  ram: readonly ShownReservation[] = NO_RAM;
  /** Why there are no more steps; from then on no process is alive and every op is ESRCH. */
  stopped: Stopped | null = null;
  /** The whole answer. */
  private words: Int32Array = new Int32Array(0);
  private readonly live = new Map<number, ShownSpace>();
  /** Of processes that are gone. */
  private readonly spare: ShownSpace[] = [];
  private readonly lists = [new ShownList(), new ShownList()] as const;
  /** Lines of the kernel log that have been read in this window. */
  private readonly lines = new Map<string, TraceEvent | null>();
  private at = 0;
  private vpages = 0;
  private window: WorldWindow = { address: 0, pages: 0 };

  /** Begins with the answer to a trace. */
  begin(words: Int32Array, world: World): this {
    if (words[0] !== RECORD.TRACE || words[1] !== 1) {
      throw new GarbledTreeAnswer("no trace begins");
    }
    const address = (words[2] as number) * PAGE_BYTES;
    const { address: last, pages, others } = this.window;
    const isOther = last !== address || pages !== world.pfns;
    if (isOther || others !== undefined || world.regions !== undefined) this.lines.clear();
    this.window = { address, pages: world.pfns, ...othersOf(world) };
    this.words = words;
    this.vpages = world.vpages;
    this.at = 3;
    this.stopped = null;
    this.showNothing();
    return this;
  }

  /** Whether every step says the same, word by word, as those of another answer. */
  saysTheSameAs({ words }: AnswerSteps): boolean {
    return words.length === this.words.length && bytesOf(words).equals(bytesOf(this.words));
  }

  /** Live processes by id. */
  get spaces(): ReadonlyMap<number, ShownSpace> {
    return this.live;
  }

  /** Goes on to the next step. */
  next(): void {
    if (this.stopped !== null) return this.showNothing();
    const { words } = this;
    if (words[this.at] !== RECORD.STEP) throw new GarbledTreeAnswer("a step is missing");
    const errno = words[this.at + 2] as number;
    this.outcome = outcomeOf(errno);
    this.failed = null;
    this.calls = NO_CALLS;
    this.passed = NO_FUNCTIONS;
    this.at += 3;
    this.events = NO_EVENTS;
    while (this.at < words.length && words[this.at] !== RECORD.STEP) {
      const from = this.at + 2;
      this.at = from + (words[this.at + 1] as number);
      this.take(words[from - 2] as number, from, this.at);
    }
  }

  private showNothing(): void {
    this.outcome = "ESRCH";
    this.failed = null;
    this.passed = NO_FUNCTIONS;
    this.events = NO_EVENTS;
    this.list = NO_LIST;
    this.calls = NO_CALLS;
    this.kernelMaps = NO_MAPS;
    this.ram = NO_RAM;
    for (const proc of this.live.keys()) this.bury(proc);
  }

  private bury(proc: number): void {
    const space = this.live.get(proc);
    if (space !== undefined) this.spare.push(space);
    this.live.delete(proc);
  }

  private take(kind: number, from: number, to: number): void {
    switch (kind) {
      case RECORD.LOG:
        return this.addEvent(this.logged(textIn(this.words.subarray(from + 1, to))));
      case RECORD.LIST:
        return this.takeList(from, to);
      case RECORD.VMAS:
        return this.spaceOf(this.words[from] as number).take(this.words, from + 1, to);
      case RECORD.GONE:
        return this.bury(this.words[from] as number);
      case RECORD.PAGES:
        return this.takePages(from, to);
      case RECORD.FAILED:
        this.failed = faultOf(this.words[from] as number, this.words[from + 1] as number);
        return;
      case RECORD.LEAK:
        return this.addEvent({
          kind: "kernel-leak",
          text: textIn(this.words.subarray(from + 1, to)),
        });
      case RECORD.PASSED:
        this.passed = textIn(this.words.subarray(from + 1, to)).split(" ");
        return;
      case RECORD.CALLS:
        this.calls = rowsOf(this.words, from, to, 3, callIn);
        return;
      case RECORD.KERNEL_MAPS:
        this.kernelMaps = rowsOf(this.words, from, to, 5, kernelMapIn);
        return;
      case RECORD.RAM:
        this.ram = rowsOf(this.words, from, to, 3, (start = 0, end = 0, mode = 0) => ({
          start,
          end,
          mode,
        }));
        return;
      case RECORD.STOP:
        return this.stop(from, to);
      case RECORD.END:
      case RECORD.SPENT:
        return;
      default:
        throw new GarbledTreeAnswer(`there is no record ${kind}`);
    }
  }

  /** What a line says; the same few come up again and again. */
  private logged(line: string): TraceEvent | null {
    const known = this.lines.get(line);
    if (known !== undefined) return known;
    const event = parseLogLine(line, this.window, DRIVER_RAM * PAGE_BYTES);
    if (this.lines.size === MOST_LINES) this.lines.clear();
    this.lines.set(line, event);
    return event;
  }

  private addEvent(event: TraceEvent | null): void {
    if (event !== null) this.events = [...this.events, event];
  }

  private takeList(from: number, to: number): void {
    const [one, other] = this.lists;
    this.list = (this.list === one.shown ? other : one).take(this.words, from, to);
  }

  private takePages(from: number, to: number): void {
    const { words } = this;
    const space = this.spaceOf(words[from] as number);
    for (let at = from + 1; at < to; at += 2) {
      space.setEntry(words[at] as number, words[at + 1] as number);
    }
  }

  private spaceOf(proc: number): ShownSpace {
    let space = this.live.get(proc);
    if (space === undefined) {
      space = this.spare.pop() ?? new ShownSpace();
      space.begin(this.vpages);
      this.live.set(proc, space);
    }
    return space;
  }

  private stop(from: number, to: number): void {
    const kind = STOPS[this.words[from] as number];
    if (kind === undefined) throw new GarbledTreeAnswer("a trace stopped for no reason");
    const [text = "", ...frames] = textIn(this.words.subarray(from + 1, to)).split("\n");
    const backtrace = frames.map((frame) => frame.trim());
    this.stopped = { kind, text, backtrace };
    if (kind === "bug" || kind === "crash" || kind === "hang") {
      this.showNothing();
      this.addEvent({ kind, text, backtrace });
    }
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

function outcomeOf(errno: number): Outcome {
  const outcome = errno === 0 ? null : ERRNO_NAMES.get(errno);
  if (outcome === undefined) throw new GarbledTreeAnswer(`errno ${errno} has no name here`);
  return outcome;
}

/** What rows of so many words say. */
function rowsOf<T>(
  words: Int32Array,
  from: number,
  to: number,
  width: number,
  read: (...row: number[]) => T,
): T[] {
  const rows: T[] = [];
  for (let at = from; at < to; at += width) rows.push(read(...words.subarray(at, at + width)));
  return rows;
}

function callIn(code = 0, errno = 0, pages = 0): ShownCall {
  const call = CALLED[code - CALL_CODE];
  if (call === undefined) throw new GarbledTreeAnswer(`there is no call ${code}`);
  return { call, outcome: outcomeOf(errno), ...(pages === 0 ? {} : { pages }) };
}

function kernelMapIn(number = 0, slot = 0, start = 0, end = 0, mode = 0): ShownKernelMap {
  const via = KERNEL_VIAS[number];
  if (via === undefined) throw new GarbledTreeAnswer(`the kernel maps nothing by way of ${number}`);
  return { via, slot, start, end, mode };
}

function faultOf(site: number, nth: number): Fault {
  const at = ALLOCATION_SITES[site - 1];
  if (at === undefined) throw new GarbledTreeAnswer(`there is no site ${site}`);
  return { at, nth };
}

/** Cuts the words of a whole answer into those of its traces; each begins, and ends or stops. */
export function splitAnswer(words: Int32Array): Int32Array[] {
  const traces: Int32Array[] = [];
  let from = 0;
  for (let at = 0; at < words.length; ) {
    const kind = words[at] as number;
    at += 2 + (words[at + 1] as number);
    if (at > words.length) throw new GarbledTreeAnswer("a record runs past the answer");
    if (kind !== RECORD.END && kind !== RECORD.STOP && kind !== RECORD.SPENT) continue;
    traces.push(words.subarray(from, at));
    from = at;
  }
  if (from !== words.length) throw new GarbledTreeAnswer("the last trace does not end");
  return traces;
}
