import type { Outcome } from "../mm/errno.ts";
import type { Vma } from "../mm/vma.ts";
import { cattrName } from "../pat/cachemode.ts";
import type { PatEvent } from "../pat/events.ts";
import type { ContextState, Step, TraceEvent, VmaState } from "../trace/recording.ts";
import type { Machine, ShownContext } from "./machine.ts";

function showVma(vma: Vma, hasVmPat: ((vma: Vma) => boolean) | undefined): VmaState {
  const { start, end, prot, pfn } = vma;
  return {
    start,
    end,
    prot,
    private: vma.isPrivate,
    pfn,
    ...(hasVmPat === undefined ? {} : { pat: hasVmPat(vma) }),
    ...(vma.dontfork ? { dontfork: true } : {}),
  };
}

/** A kernel message as recordings spell it. */
export function showEvent(event: PatEvent): TraceEvent {
  switch (event.kind) {
    case "invalid-free":
    case "warn":
      return { ...event };
    case "conflict":
      return { ...event, found: cattrName(event.found), other: cattrName(event.other) };
    case "reserve-failed":
      return { ...event, track: cattrName(event.track), request: cattrName(event.request) };
    case "type-mismatch":
      return { ...event, request: cattrName(event.request), got: cattrName(event.got) };
  }
}

/** Every context that a live VMA holds, with how many hold it; in order of first holder. */
function showContexts(machine: Machine): ContextState[] {
  const { contextOf } = machine.spec;
  const holders = new Map<ShownContext, number>();
  for (const mm of machine.processes.values()) {
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

/** The full visible state of a machine after an op, as a recording's step. */
export function snapshot(machine: Machine, outcome: Outcome, contexts: boolean): Step {
  const { hasVmPat, contextOf } = machine.spec;
  const vmas: Record<string, VmaState[]> = {};
  for (const [proc, mm] of machine.processes) {
    vmas[proc] = mm.vmas.map((vma) => showVma(vma, hasVmPat));
  }
  return {
    result: outcome === null ? { ok: true } : { errno: outcome },
    memtype: machine.memtype.entries.map(({ start, end, mode }) => ({
      start,
      end,
      type: cattrName(mode),
    })),
    vmas,
    events: machine.events.map(showEvent),
    ...(contexts && contextOf !== undefined ? { contexts: showContexts(machine) } : {}),
  };
}
