import { cattrName, type PageCacheMode } from "../src/pat/cachemode.ts";
import { protOf, VM_DONTCOPY, VM_PRIVATE, VM_SEALED } from "../src/mm/vmaflags.ts";
import type { Design, Recording, Step, VmaState } from "../src/trace/recording.ts";
import type { Trace } from "../src/trace/trace.ts";
import { AnswerSteps } from "./answer.ts";
import type { ShownSpace, ShownVma } from "./shown.ts";

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

function vmaState(vma: ShownVma, space: ShownSpace, design: Design): VmaState {
  const { start, end, pfn, flags, isPatLost } = vma;
  return {
    start,
    end,
    prot: protOf(flags),
    private: (flags & VM_PRIVATE) !== 0,
    pfn,
    ...(design === "vm-pat" ? { pat: !isPatLost } : {}),
    ...((flags & VM_DONTCOPY) === 0 ? {} : { dontfork: true }),
    ...((flags & VM_SEALED) === 0 ? {} : { sealed: true }),
    modes: modesOf(space, vma),
  };
}

function stepOf(shown: AnswerSteps, design: Design): Step {
  const vmas: Record<string, VmaState[]> = {};
  for (const [proc, space] of shown.spaces) {
    vmas[proc] = space.vmas.map((vma) => vmaState(vma, space, design));
  }
  return {
    result: shown.outcome === null ? { ok: true } : { errno: shown.outcome },
    memtype: shown.list.map(({ start, end, mode }) => ({ start, end, type: modeName(mode) })),
    vmas,
    events: [...shown.events],
    ...(shown.failed === null ? {} : { failed: shown.failed }),
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
