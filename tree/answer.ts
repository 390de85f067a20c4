import { ERRNO_NAMES } from "../kernel/assemble.ts";
import { parseLogLine } from "../kernel/parse/log.ts";
import type { Outcome } from "../src/mm/errno.ts";
import { ALLOCATION_SITES } from "../src/pat/kernelstate.ts";
import type { Fault } from "../src/trace/fields.ts";
import type { TraceEvent } from "../src/trace/recording.ts";
import type { World } from "../src/trace/trace.ts";
import { RECORD, STOPS, textIn } from "./wire.ts";

const PAGE_BYTES = 4096;
/** The bit of a VMA's flags that says that it has no VM_PAT where others may (SEEN_PAT_LOST in program/pfndiff.h). */
const PAT_LOST = 1;
/** A page that the page table does not map, and one that a write has copied. */
const ENTRY_NONE = -1;
export const ENTRY_COPIED = -2;

/** An answer that is not what the protocol allows: it is never taken for data. */
export class GarbledTreeAnswer extends Error {
  override readonly name = "GarbledTreeAnswer";
}

/** A VMA as a program shows it. */
export interface ShownVma {
  readonly start: number;
  readonly end: number;
  readonly pfn: number;
  /** As src/mm/vmaflags.ts has them. */
  readonly flags: number;
  readonly device: null;
  readonly isPatLost: boolean;
}

/** A reservation as a program shows it; `mode` is an index into CACHE_MODES. */
export interface ShownReservation {
  readonly start: number;
  readonly end: number;
  readonly mode: number;
}

/** A process: its VMAs by address, and what its page table holds. */
export class ShownSpace {
  vmas: readonly ShownVma[] = [];
  private readonly entries: Int32Array;

  constructor(vpages: number) {
    this.entries = new Int32Array(vpages).fill(ENTRY_NONE);
  }

  /** The first VMA that ends after `page`, or null. */
  find(page: number): ShownVma | null {
    let [low, high] = [0, this.vmas.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.vmas[middle] as ShownVma).end > page) high = middle;
      else low = middle + 1;
    }
    return this.vmas[low] ?? null;
  }

  after(vma: { readonly end: number }): ShownVma | null {
    return this.find(vma.end);
  }

  /** (pfn << 3) | cache mode of a page of the region, or a negative number. */
  entryAt(page: number): number {
    return this.entries[page] ?? ENTRY_NONE;
  }

  /** Where the pages from `page` on stop to map consecutive pfns with one mode, or nothing; at most `to`. */
  runEnd(page: number, to: number): number {
    const first = this.entryAt(page);
    let end = page + 1;
    // A page on, the same mode: the pfn is what lies above the three bits of the mode.
    if (first >= 0) while (end < to && this.entryAt(end) === first + (end - page) * 8) end++;
    else while (end < to && this.entryAt(end) < 0) end++;
    return end;
  }

  setEntry(page: number, entry: number): void {
    this.entries[page] = entry;
  }
}

/** Why a trace ended before its last op, and where the kernel's code was. */
export interface Stopped {
  readonly kind: (typeof STOPS)[number];
  readonly text: string;
  /** The innermost function first, each with its offset. */
  readonly backtrace: readonly string[];
}

const NO_SPACES: ReadonlyMap<number, ShownSpace> = new Map();
const NO_LIST: readonly ShownReservation[] = [];

/** Goes through the answer of one trace, step by step, from changes to states. */
export class AnswerSteps {
  outcome: Outcome = null;
  /** The allocation that failed within the op, or null. */
  failed: Fault | null = null;
  events: readonly TraceEvent[] = [];
  /** The kernel's functions that the op passed, in the order of their first calls; only of a trace that is watched. */
  passed: readonly string[] = [];
  list: readonly ShownReservation[] = NO_LIST;
  /** Why there are no more steps; from then on no process is alive and every op is ESRCH. */
  stopped: Stopped | null = null;
  private live = new Map<number, ShownSpace>();
  private at = 0;
  private window = { address: 0, pages: 0 };

  constructor(
    private readonly words: Int32Array,
    private readonly world: World,
  ) {
    const [kind, length, page] = words;
    if (kind !== RECORD.TRACE || length !== 1) throw new GarbledTreeAnswer("no trace begins");
    this.window = { address: (page as number) * PAGE_BYTES, pages: world.pfns };
    this.at = 3;
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
    const outcome = errno === 0 ? null : ERRNO_NAMES.get(errno);
    if (outcome === undefined) throw new GarbledTreeAnswer(`errno ${errno} has no name here`);
    this.outcome = outcome;
    this.failed = null;
    this.passed = [];
    this.at += 3;
    if (this.events.length > 0) this.events = [];
    while (this.at < words.length && words[this.at] !== RECORD.STEP) {
      const from = this.at + 2;
      this.at = from + (words[this.at + 1] as number);
      this.take(words[from - 2] as number, from, this.at);
    }
  }

  private showNothing(): void {
    this.outcome = "ESRCH";
    this.failed = null;
    this.passed = [];
    this.events = [];
    this.list = NO_LIST;
    this.live = new Map(NO_SPACES);
  }

  private take(kind: number, from: number, to: number): void {
    switch (kind) {
      case RECORD.LOG:
        return this.addEvent(parseLogLine(textIn(this.words.subarray(from + 1, to)), this.window));
      case RECORD.LIST:
        this.list = this.listIn(from, to);
        return;
      case RECORD.VMAS:
        return this.takeVmas(from, to);
      case RECORD.GONE:
        this.live.delete(this.words[from] as number);
        return;
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
      case RECORD.STOP:
        return this.stop(from, to);
      case RECORD.END:
      case RECORD.SPENT:
        return;
      default:
        throw new GarbledTreeAnswer(`there is no record ${kind}`);
    }
  }

  private addEvent(event: TraceEvent | null): void {
    if (event !== null) this.events = [...this.events, event];
  }

  private listIn(from: number, to: number): ShownReservation[] {
    const { words } = this;
    const list: ShownReservation[] = [];
    for (let at = from; at < to; at += 3) {
      const [start, end, mode] = [words[at], words[at + 1], words[at + 2]] as [
        number,
        number,
        number,
      ];
      list.push({ start, end, mode });
    }
    return list;
  }

  private takeVmas(from: number, to: number): void {
    const { words } = this;
    const vmas: ShownVma[] = [];
    for (let at = from + 1; at < to; at += 4) {
      const shown = words[at + 3] as number;
      vmas.push({
        start: words[at] as number,
        end: words[at + 1] as number,
        pfn: words[at + 2] as number,
        flags: shown & ~PAT_LOST,
        device: null,
        isPatLost: (shown & PAT_LOST) !== 0,
      });
    }
    this.spaceOf(words[from] as number).vmas = vmas;
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
      space = new ShownSpace(this.world.vpages);
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
