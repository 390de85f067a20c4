import type { Outcome } from "../mm/errno.ts";
import { advisedFlags, protFlags, VM_DONTCOPY, VM_PRIVATE, VM_SEALED } from "../mm/vmaflags.ts";
import { CACHE_MODES, type CacheMode } from "../pat/cachemode.ts";
import type { Fault } from "../trace/fields.ts";
import type {
  KernelMap,
  Mapped,
  Memtype,
  Recording,
  Step,
  TraceEvent,
  VmaState,
} from "../trace/recording.ts";
import { ListChanges, type ListEntry } from "./listchanges.ts";
import {
  NOTHING,
  type Observed,
  pageTableEntry,
  type SeenCall,
  type SeenKernelMap,
  type SeenRamRun,
  type SeenSpace,
  type SeenVma,
} from "./observed.ts";

/** A VMA of a recording, as the oracle reads it. */
class RecordedVma implements SeenVma {
  readonly start: number;
  readonly end: number;
  readonly pfn: number;
  readonly flags: number;
  readonly isAnon: boolean;
  readonly device: readonly Mapped[] | null;
  readonly isPatLost: boolean;
  readonly modes: NonNullable<VmaState["modes"]>;

  constructor(vma: VmaState) {
    this.start = vma.start;
    this.end = vma.end;
    this.pfn = vma.pfn;
    this.flags =
      protFlags(vma.prot) |
      (vma.private ? VM_PRIVATE : 0) |
      (vma.dontfork === true ? VM_DONTCOPY : 0) |
      (vma.sealed === true ? VM_SEALED : 0) |
      advisedFlags(vma.advised ?? []);
    this.isAnon = vma.anon === true;
    this.device = vma.maps ?? null;
    this.isPatLost = vma.pat === false;
    this.modes = vma.modes ?? [];
  }
}

/** What has been read of VMAs: most are the same objects from step to step. */
type KnownVmas = WeakMap<VmaState, RecordedVma>;

/** The VMAs of a process in one step of a recording, by rising address. */
class RecordedSpace implements SeenSpace {
  constructor(
    private readonly vmas: readonly VmaState[],
    private readonly known: KnownVmas,
  ) {}

  find(page: number): RecordedVma | null {
    let [low, high] = [0, this.vmas.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.vmas[middle] as VmaState).end > page) high = middle;
      else low = middle + 1;
    }
    const vma = this.vmas[low];
    if (vma === undefined) return null;
    const known = this.known.get(vma);
    if (known !== undefined) return known;
    const made = new RecordedVma(vma);
    this.known.set(vma, made);
    return made;
  }

  after(vma: SeenVma): RecordedVma | null {
    return this.find(vma.end);
  }
}

/** Turns the steps of a recording, one after the other, into what the oracle consumes. */
export class RecordingFeed implements Observed {
  outcome: Outcome = null;
  failed: Fault | null = null;
  events: readonly TraceEvent[] = [];
  bared: Observed["bared"] = [];
  readonly hasVmPat: boolean;
  badContexts = 0;
  isOver = false;
  calls: readonly SeenCall[] = [];
  kernelMaps: readonly SeenKernelMap[] = [];
  ram: readonly SeenRamRun[] = [];
  readonly changes = new ListChanges();

  private step: Step | null = null;
  private list: readonly ListEntry[] = [];
  private readonly shown = new Map<number, RecordedSpace>();
  private readonly known: KnownVmas = new WeakMap();
  private readonly steps: readonly Step[];

  constructor(recording: Pick<Recording, "steps">) {
    this.steps = recording.steps;
    this.hasVmPat = recording.steps.some(({ vmas }) =>
      Object.values(vmas).some((list) => list.some(({ pat }) => pat !== undefined)),
    );
  }

  /** Shows the step of this index; they are asked for in order. */
  show(index: number): this {
    const step = this.steps[index];
    if (step === undefined) throw new RangeError(`the recording has no step ${index}`);
    return this.showStep(step);
  }

  /** Shows the next step. */
  showStep(step: Step): this {
    const list = step.memtype.flatMap(listEntry);
    this.changes.between(this.list, list);
    this.list = list;
    this.step = step;
    this.shown.clear();
    this.outcome = "errno" in step.result ? step.result.errno : null;
    this.failed = step.failed ?? null;
    this.bared = step.bared ?? [];
    this.events = step.events;
    this.isOver = step.events.some(endsAll);
    this.calls = (step.calls ?? []).map(({ call, errno }) => ({ call, outcome: errno ?? null }));
    this.kernelMaps = (step.kernelMaps ?? []).filter(({ ram }) => ram !== true).map(seenMap);
    this.ram = (step.ram ?? []).map(({ start, end, type }) => ({ start, end, mode: modeOf(type) }));
    this.badContexts = 0;
    for (const { refs, holders } of step.contexts ?? []) {
      if (refs !== holders || holders === 0) this.badContexts++;
    }
    return this;
  }

  space(proc: number): RecordedSpace | null {
    const known = this.shown.get(proc);
    if (known !== undefined) return known;
    const vmas = this.step?.vmas[String(proc)];
    if (vmas === undefined) return null;
    const space = new RecordedSpace(vmas, this.known);
    this.shown.set(proc, space);
    return space;
  }

  isPatLost(vma: SeenVma): boolean {
    return vma instanceof RecordedVma && vma.isPatLost;
  }

  entryAt(_proc: number, vma: SeenVma, page: number): number {
    if (!(vma instanceof RecordedVma)) return NOTHING;
    for (const { at, pages, type } of vma.modes) {
      if (page >= at && page < at + pages) {
        return pageTableEntry(vma.pfn + page - vma.start, modeOf(type));
      }
    }
    for (const { at, pages, pfn, type, ram } of vma.device ?? []) {
      if (page < at || page >= at + pages) continue;
      return ram === true ? NOTHING : pageTableEntry(pfn + page - at, modeOf(type));
    }
    return NOTHING;
  }

  mapsRam(_proc: number, vma: SeenVma, from: number, to: number): boolean {
    const runs = vma instanceof RecordedVma ? (vma.device ?? []) : [];
    return runs.some(({ pfn, pages, ram }) => ram === true && pfn < to && pfn + pages > from);
  }

  runEnd(_proc: number, vma: SeenVma, page: number, to: number): number {
    return vma instanceof RecordedVma ? endOfRun(vma.device ?? vma.modes, page, to) : to;
  }
}

/** Where the run of pages that holds `page`, or the gap between runs that does, ends; at most `to`. */
function endOfRun(
  runs: readonly { readonly at: number; readonly pages: number }[],
  page: number,
  to: number,
): number {
  let end = to;
  for (const { at, pages } of runs) {
    if (page >= at && page < at + pages) return Math.min(to, at + pages);
    if (at > page) end = Math.min(end, at);
  }
  return end;
}

/** Whether the kernel's code that showed this has ended with it; a model's BUG() ends one task. */
function endsAll(event: TraceEvent): boolean {
  if (event.kind === "bug") return event.backtrace !== undefined && event.goesOn !== true;
  return event.kind === "crash" || event.kind === "hang";
}

/** A reservation as far as it lies behind the start of the region: the ledger has no pages before it. */
function listEntry({ start, end, type }: Memtype): ListEntry[] {
  return end <= 0 ? [] : [{ start: Math.max(0, start), end, mode: modeOf(type) }];
}

function modeOf(type: CacheMode): number {
  return CACHE_MODES.indexOf(type);
}

function seenMap({ via, slot, start, end, type }: KernelMap): SeenKernelMap {
  return { via, slot, start, end, mode: modeOf(type) };
}
