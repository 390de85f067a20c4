import { cattrName, type PageCacheMode } from "../src/pat/cachemode.ts";
import { advisedOf, protOf, VM_DONTCOPY, VM_PRIVATE, VM_SEALED } from "../src/mm/vmaflags.ts";
import type {
  CallState,
  Design,
  KernelMap,
  Memtype,
  Recording,
  Step,
  VmaState,
} from "../src/trace/recording.ts";
import type { Trace } from "../src/trace/trace.ts";
import { isRam, RAM_START } from "../src/pat/rampages.ts";
import { AnswerSteps, type ShownCall, type ShownKernelMap } from "./answer.ts";
import type { ShownReservation, ShownSpace, ShownVma } from "./shown.ts";

type Modes = NonNullable<VmaState["modes"]>;

function modeName(mode: number): Modes[number]["type"] {
  return cattrName(mode as PageCacheMode);
}

/** Runs of pages that follow each other physically and have one mode; copied pages are left out. */
function modesOf(space: ShownSpace, { start, end }: ShownVma): Modes {
  const runs: { at: number; pages: number; type: Modes[number]["type"] }[] = [];
  for (let at = start; at < end; ) {
    const entry = space.entryAt(at);
    const upTo = space.runEnd(at, end);
    if (entry >= 0) runs.push({ at, pages: upTo - at, type: modeName(entry & 7) });
    at = upTo;
  }
  return runs;
}

/** The same of a VMA of a driver's file, with the pfns that follow each other; RAM has pfns of its own. */
function mapsOf(space: ShownSpace, vma: ShownVma): NonNullable<VmaState["maps"]> {
  return modesOf(space, vma).map(({ at, pages, type }) => {
    const pfn = space.entryAt(at) >> 3;
    return { at, pages, ...showPfn(pfn), type };
  });
}

/** A pfn as recordings have it: of the region, or said to be of RAM. */
function showPfn(pfn: number): { pfn: number; ram?: true } {
  return isRam(pfn) ? { pfn: pfn - RAM_START, ram: true } : { pfn };
}

/** What its pages map; of anonymous memory nobody asks. */
function pagesOf(vma: ShownVma, space: ShownSpace): Pick<VmaState, "modes" | "maps"> {
  if (vma.isAnon) return {};
  return vma.device === null ? { modes: modesOf(space, vma) } : { maps: mapsOf(space, vma) };
}

function vmaState(vma: ShownVma, space: ShownSpace, design: Design): VmaState {
  const { start, end, pfn, flags, isPatLost } = vma;
  const advised = advisedOf(flags);
  return {
    start,
    end,
    prot: protOf(flags),
    private: (flags & VM_PRIVATE) !== 0,
    pfn,
    ...(vma.isAnon ? { anon: true } : {}),
    ...(design === "vm-pat" ? { pat: !isPatLost } : {}),
    ...((flags & VM_DONTCOPY) === 0 ? {} : { dontfork: true }),
    ...((flags & VM_SEALED) === 0 ? {} : { sealed: true }),
    ...(advised.length === 0 ? {} : { advised }),
    ...pagesOf(vma, space),
  };
}

function callState({ call, outcome, pages }: ShownCall): CallState {
  return {
    call,
    ...(outcome === null ? {} : { errno: outcome }),
    ...(pages === undefined ? {} : { pages }),
  };
}

function kernelMapState({ via, slot, start, end, mode }: ShownKernelMap): KernelMap {
  const { pfn, ...ram } = showPfn(start);
  return { via, slot, start: pfn, end: pfn + end - start, type: modeName(mode), ...ram };
}

function reservationState({ start, end, mode }: ShownReservation): Memtype {
  return { start, end, type: modeName(mode) };
}

function stepOf(shown: AnswerSteps, design: Design): Step {
  const { calls, kernelMaps, ram } = shown;
  const vmas: Record<string, VmaState[]> = {};
  for (const [proc, space] of shown.spaces) {
    vmas[proc] = space.vmas.map((vma) => vmaState(vma, space, design));
  }
  return {
    result: shown.outcome === null ? { ok: true } : { errno: shown.outcome },
    memtype: shown.list.map(reservationState),
    vmas,
    events: [...shown.events],
    ...(shown.failed === null ? {} : { failed: shown.failed }),
    ...(calls.length === 0 ? {} : { calls: calls.map(callState) }),
    ...(kernelMaps.length === 0 ? {} : { kernelMaps: kernelMaps.map(kernelMapState) }),
    ...(ram.length === 0 ? {} : { ram: ram.map(reservationState) }),
  };
}

/** A trace's answer as a recording. */
export function recordingOf(
  { trace, words }: { trace: Trace; words: Int32Array },
  { id, release, design }: { id: string; release: string; design: Design },
): Recording {
  const shown = new AnswerSteps().begin(words, trace.world);
  const steps = trace.ops.map(() => {
    shown.next();
    return stepOf(shown, design);
  });
  return { format: "pfndiff/recording@1", kernel: { release, design }, backend: id, trace, steps };
}
