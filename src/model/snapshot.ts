import type { CallResult } from "../mm/driver.ts";
import type { Outcome } from "../mm/errno.ts";
import type { Mm } from "../mm/mm.ts";
import type { PageTable } from "../mm/pagetable.ts";
import type { Vma } from "../mm/vma.ts";
import { advisedFlags, advisedOf, VM_ADVISED } from "../mm/vmaflags.ts";
import { cattrName } from "../pat/cachemode.ts";
import type { PatEvent } from "../pat/events.ts";
import type { KernelMap as LiveMap } from "../pat/kernelmaps.ts";
import type { Reservation } from "../pat/memtype.ts";
import { isRam, RAM_START } from "../pat/rampages.ts";
import type { ModeRequest } from "../pat/requests.ts";
import type {
  CallState,
  ContextState,
  KernelMap,
  Mapped,
  Memtype,
  Request,
  Step,
  TraceEvent,
  VmaState,
} from "../trace/recording.ts";
import { commonEnds } from "../trace/samedata.ts";
import type { ShownContext } from "./contextwatch.ts";
import type { Machine } from "./machine.ts";

/** A pfn as recordings write it: of the region, or of RAM. */
function showPfn(pfn: number): { pfn: number; ram?: true } {
  return isRam(pfn) ? { pfn: pfn - RAM_START, ram: true } : { pfn };
}

/** What a VMA maps, in runs of consecutive pfns of one mode; pages copied on write are left out. */
function showMaps({ start, end }: Vma, pageTable: PageTable): Mapped[] {
  const runs: Mapped[] = [];
  for (let at = start; at < end; ) {
    const upTo = pageTable.runEnd(at, end);
    const pfn = pageTable.pfnAt(at);
    if (pfn !== null) {
      const { pfn: shown, ...ram } = showPfn(pfn);
      const type = cattrName(pageTable.modeAt(at));
      runs.push({ at, pages: upTo - at, pfn: shown, type, ...ram });
    }
    at = upTo;
  }
  return runs;
}

/** Whether showMaps() has these runs; those of a VMA that is no driver's are shown without pfns. */
function areMaps(
  runs: NonNullable<VmaState["modes"]>,
  { start, end, device }: Vma,
  pageTable: PageTable,
): boolean {
  let next = 0;
  for (let at = start; at < end; ) {
    const upTo = pageTable.runEnd(at, end);
    const pfn = pageTable.pfnAt(at);
    if (pfn !== null) {
      const run: (Pick<Mapped, "at" | "pages" | "type"> & Partial<Mapped>) | undefined = runs[next];
      if (run?.at !== at || run.pages !== upTo - at) return false;
      if (run.type !== cattrName(pageTable.modeAt(at))) return false;
      const isSamePfn = run.pfn === showPfn(pfn).pfn && (run.ram === true) === isRam(pfn);
      if (device !== null && !isSamePfn) return false;
      next++;
    }
    at = upTo;
  }
  return next === runs.length;
}

function showCall({ call, outcome, pages }: CallResult): CallState {
  return {
    call,
    ...(outcome === null ? {} : { errno: outcome }),
    ...(pages === undefined ? {} : { pages }),
  };
}

function showKernelMap({ via, slot, start, end, mode }: LiveMap): KernelMap {
  const { pfn, ...ram } = showPfn(start);
  return { via, slot, start: pfn, end: pfn + end - start, type: cattrName(mode), ...ram };
}

function showRequest({ start, end, asked, got, by, entries }: ModeRequest): Request {
  const { pfn, ...ram } = showPfn(start);
  return {
    start: pfn,
    end: pfn + end - start,
    ...ram,
    asked: cattrName(asked),
    ...(got === null ? {} : { got: cattrName(got) }),
    by,
    ...(entries.length > 0 ? { entries: entries.map(showReservation) } : {}),
  };
}

function showReservation({ start, end, mode }: Reservation): Memtype {
  return { start, end, type: cattrName(mode) };
}

function showAdvised({ flags }: Vma): Pick<VmaState, "advised"> {
  const advised = advisedOf(flags);
  return advised.length > 0 ? { advised } : {};
}

function showVma(
  vma: Vma,
  pageTable: PageTable,
  hasVmPat: ((vma: Vma) => boolean) | undefined,
): VmaState {
  const { start, end, prot, pfn } = vma;
  const maps = showMaps(vma, pageTable);
  return {
    start,
    end,
    prot,
    private: vma.isPrivate,
    pfn: vma.isAnon ? 0 : pfn,
    ...(vma.isAnon ? { anon: true } : {}),
    ...(hasVmPat === undefined ? {} : { pat: hasVmPat(vma) }),
    ...(vma.dontfork ? { dontfork: true } : {}),
    ...(vma.sealed ? { sealed: true } : {}),
    ...showAdvised(vma),
    ...(vma.isAnon
      ? {}
      : vma.device === null
        ? { modes: maps.map(({ at, pages, type }) => ({ at, pages, type })) }
        : { maps }),
  };
}

/** Whether showVma() would say the same again, as far as no page of it has changed. */
function isShown(
  shown: VmaState,
  vma: Vma,
  hasVmPat: ((vma: Vma) => boolean) | undefined,
): boolean {
  return (
    shown.start === vma.start &&
    shown.end === vma.end &&
    shown.prot === vma.prot &&
    shown.private === vma.isPrivate &&
    shown.pfn === (vma.isAnon ? 0 : vma.pfn) &&
    (shown.anon === true) === vma.isAnon &&
    shown.pat === hasVmPat?.(vma) &&
    (shown.dontfork === true) === vma.dontfork &&
    (shown.sealed === true) === vma.sealed &&
    advisedFlags(shown.advised ?? []) === (vma.flags & VM_ADVISED) &&
    (vma.isAnon || (vma.device === null ? shown.modes : shown.maps) !== undefined)
  );
}

/**
 * A process' VMAs. What `before` has of them as they are is not made again, nor are pages read that no
 * op has touched: thousands of ops in thousands of VMAs would take gigabytes and minutes otherwise.
 */
function showVmas(
  { vmas, pageTable }: Mm,
  hasVmPat: ((vma: Vma) => boolean) | undefined,
  before: VmaState[],
): VmaState[] {
  const changed = pageTable.takeChanged();
  let [at, isSame] = [0, true];
  const now = vmas.map((vma, nth) => {
    while (at < before.length && (before[at] as VmaState).start < vma.start) at++;
    const shown = before[at];
    const mayDiffer = vma.start < changed.end && changed.start < vma.end;
    const isAsShown =
      shown !== undefined &&
      isShown(shown, vma, hasVmPat) &&
      (!mayDiffer || vma.isAnon || areMaps(shown.maps ?? shown.modes ?? [], vma, pageTable));
    isSame &&= isAsShown && at === nth;
    return isAsShown ? shown : showVma(vma, pageTable, hasVmPat);
  });
  return isSame && now.length === before.length ? before : now;
}

/** The memtype list; entries at its head and tail that `before` has too are not made again. */
function showList(entries: readonly Reservation[], before: Memtype[]): Memtype[] {
  const { head, tail } = commonEnds(
    entries,
    before,
    ({ start, end, mode }, shown) =>
      shown.start === start && shown.end === end && shown.type === cattrName(mode),
  );
  if (head === entries.length && head === before.length) return before;
  const changed = entries.slice(head, entries.length - tail).map(showReservation);
  return [...before.slice(0, head), ...changed, ...before.slice(before.length - tail)];
}

/** A kernel message as recordings spell it. */
export function showEvent(event: PatEvent): TraceEvent {
  switch (event.kind) {
    case "invalid-free":
    case "warn":
    case "bug":
      return { ...event };
    case "conflict":
      return { ...event, found: cattrName(event.found), other: cattrName(event.other) };
    case "reserve-failed":
    case "ram-busy":
      return { ...event, track: cattrName(event.track), request: cattrName(event.request) };
    case "bad-page-map":
      return { ...event, type: cattrName(event.type) };
    case "type-mismatch":
    case "ram-request":
      return { ...event, request: cattrName(event.request), got: cattrName(event.got) };
  }
}

/** Every context that a live VMA holds, with how many hold it; in order of first holder. */
function showContexts(machine: Machine): ContextState[] {
  const { contextOf } = machine.spec;
  const holders = new Map<ShownContext, number>();
  for (const [, mm] of machine.processes) {
    for (const vma of mm.vmas) {
      const context = contextOf?.(vma) ?? null;
      if (context !== null) holders.set(context, (holders.get(context) ?? 0) + 1);
    }
  }
  return [...holders].map(([context, count]) => ({
    pfn: context.pfn,
    pages: context.pages,
    refs: context.kref,
    holders: count,
  }));
}

/**
 * The full visible state of a machine after an op, as a recording's step, made of the objects of the
 * step before it where those are equal.
 */
export function snapshot(
  machine: Machine,
  outcome: Outcome,
  contexts: boolean,
  before: Step | null = null,
): Step {
  const { hasVmPat, contextOf } = machine.spec;
  const kernelMaps = machine.kernelMaps.live;
  const ram = machine.kernelMaps.ram.runs();
  const { bared } = machine.memtype.mapped;
  const { requests } = machine.memtype;
  const vmas: Record<string, VmaState[]> = {};
  for (const [proc, mm] of machine.processes) {
    vmas[proc] = showVmas(mm, hasVmPat, before?.vmas[proc] ?? []);
  }
  return {
    result: outcome === null ? { ok: true } : { errno: outcome },
    memtype: showList(machine.memtype.entries, before?.memtype ?? []),
    vmas,
    events: machine.events.map(showEvent),
    ...(machine.failed === null ? {} : { failed: { ...machine.failed } }),
    ...(machine.calls.length > 0 ? { calls: machine.calls.map(showCall) } : {}),
    ...(kernelMaps.length > 0 ? { kernelMaps: kernelMaps.map(showKernelMap) } : {}),
    ...(ram.length > 0
      ? { ram: ram.map(({ start, end, mode }) => ({ start, end, type: cattrName(mode) })) }
      : {}),
    ...(contexts && bared.length > 0 ? { bared: [...bared] } : {}),
    ...(contexts && contextOf !== undefined ? { contexts: showContexts(machine) } : {}),
    ...(requests !== null && requests.length > 0 ? { requests: requests.map(showRequest) } : {}),
  };
}
