import { outcomeOf } from "../../src/flat/errno.ts";
import {
  ALIVE,
  BEGINS,
  BORN,
  BORN_COUNT,
  CONTEXT_END,
  CONTEXT_KREF,
  CONTEXT_START,
  DONTFORK,
  ENTRY_COUNT,
  ENTRY_END,
  ENTRY_MODE,
  ENTRY_START,
  INVALID_COUNT,
  INVALID_END,
  INVALID_START,
  IS_VM_PAT,
  lowestOf,
  MOST_CHANGES,
  MOST_CONTEXTS,
  MOST_ENTRIES,
  MOST_PROCS,
  OUTCOME,
  PRIVATE,
  READ,
  REFUSED,
  SEALED,
  TRACKED,
  VMA_CONTEXT,
  VMA_PFN,
  WRITE,
} from "../../src/flat/memory.ts";
import { endOf } from "../../src/flat/vmas.ts";
import { cattrName, type PageCacheMode } from "../../src/pat/cachemode.ts";
import type { Step } from "../../src/trace/recording.ts";

const n = (array: Int32Array, at: number) => array[at] as number;
const has = (array: Int32Array, p: number, page: number) => ((n(array, p) >>> page) & 1) === 1;

function vmasOf(s: number, p: number): unknown[] {
  const vmas: unknown[] = [];
  for (let starts = n(BEGINS, p); starts !== 0; starts &= starts - 1) {
    const start = lowestOf(starts);
    const prot = has(WRITE, p, start) ? "rw" : has(READ, p, start) ? "r" : "none";
    vmas.push({
      start,
      end: endOf(p, start),
      prot,
      private: has(PRIVATE, p, start),
      pfn: n(VMA_PFN, p * 32 + start),
      ...(n(IS_VM_PAT, s) === 1 ? { pat: has(TRACKED, p, start) } : {}),
      ...(has(DONTFORK, p, start) ? { dontfork: true } : {}),
      ...(has(SEALED, p, start) ? { sealed: true } : {}),
    });
  }
  return vmas;
}

function livePlaces(s: number): number[] {
  const born = Array.from(BORN.subarray(s * MOST_PROCS, s * MOST_PROCS + n(BORN_COUNT, s)));
  return born.filter((p) => n(ALIVE, p) === 1);
}

function contextsOf(s: number): unknown[] {
  const holders = new Map<number, number>();
  for (const p of livePlaces(s)) {
    for (let starts = n(BEGINS, p); starts !== 0; starts &= starts - 1) {
      const context = n(VMA_CONTEXT, p * 32 + lowestOf(starts));
      if (context !== 0) holders.set(context, (holders.get(context) ?? 0) + 1);
    }
  }
  return [...holders].map(([context, count]) => {
    const c = s * MOST_CONTEXTS + context;
    const [pfn, end] = [n(CONTEXT_START, c), n(CONTEXT_END, c)];
    return { pfn, pages: end - pfn, refs: n(CONTEXT_KREF, c), holders: count };
  });
}

/** What a side of the flat engine shows after an op, as far as it is kept. */
export function shown(s: number) {
  const outcome = outcomeOf(n(OUTCOME, s));
  const range = (length: number, base: number) => Array.from({ length }, (_, at) => base + at);
  return {
    result: outcome === null ? { ok: true } : { errno: outcome },
    memtype: range(n(ENTRY_COUNT, s), s * MOST_ENTRIES).map((at) => ({
      start: n(ENTRY_START, at),
      end: n(ENTRY_END, at),
      type: cattrName(n(ENTRY_MODE, at) as PageCacheMode),
    })),
    vmas: Object.fromEntries(livePlaces(s).map((p) => [String(p % MOST_PROCS), vmasOf(s, p)])),
    events: range(n(INVALID_COUNT, s), s * MOST_CHANGES).map((at) => ({
      kind: "invalid-free",
      start: n(INVALID_START, at),
      end: n(INVALID_END, at),
    })),
    refused: n(REFUSED, s) === 1,
    contexts: n(IS_VM_PAT, s) === 1 ? undefined : contextsOf(s),
  };
}

/** The same of a step that a model recorded. */
export function shownStep({ result, memtype, vmas, events, contexts }: Step) {
  return {
    result,
    memtype,
    vmas,
    events: events.filter(({ kind }) => kind === "invalid-free"),
    refused: events.some(({ kind }) => kind === "reserve-failed" || kind === "type-mismatch"),
    contexts,
  };
}
