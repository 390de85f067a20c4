import type { Errno, Outcome } from "../mm/errno.ts";
import type { DupReason, PfnTracking, TrackedMm, TrackedVma, UnmapReason } from "../mm/tracking.ts";
import type { Vma } from "../mm/vma.ts";
import type { ModelBackend } from "../model/backend.ts";
import { type DesignSpec, Machine } from "../model/machine.ts";
import { showEvent } from "../model/snapshot.ts";
import { cattrName, type PageCacheMode } from "../pat/cachemode.ts";
import type { PatEvent } from "../pat/events.ts";
import type { MemtypeWatcher, ModeRef } from "../pat/memtype.ts";
import type { Memtype, TraceEvent } from "../trace/recording.ts";
import type { Trace } from "../trace/trace.ts";

/** A function of the kernel's tracking that ran, and what came of it; what has come to nothing is left out. */
export interface TrackingCall {
  /** The function, or "" where reservations changed outside the tracking (ioremap() and its kin). */
  readonly name: string;
  /** The VMA's virtual pages; null outside the tracking. */
  readonly vma: { readonly start: number; readonly end: number } | null;
  readonly reserved: readonly Memtype[];
  readonly freed: readonly Memtype[];
  readonly logged: readonly TraceEvent[];
  readonly errno: Errno | null;
  /** How many VMAs refer to the context afterwards, where the call changed that. */
  readonly references: number | null;
  /** Whether the VMA has VM_PAT afterwards, where the call changed that. */
  readonly vmPat: boolean | null;
}

/** One op of a trace: what it returned, the tracking's calls in it, and the list that it left. */
export interface OpCalls {
  readonly outcome: Outcome;
  readonly calls: readonly TrackingCall[];
  readonly list: readonly Memtype[];
  /** What the kernel logged, in the tracking and elsewhere. */
  readonly logged: readonly TraceEvent[];
}

type Hook = Exclude<keyof PfnTracking, "reboot" | "keep" | "dontfork">;

/** What stands for a hook in the kernel, by the names of the newest release of each design. */
const FUNCTIONS: Readonly<Record<ModelBackend["design"], Readonly<Record<Hook, string>>>> = {
  "vm-pat": {
    remap: "track_pfn_remap()",
    remapFailed: "untrack_pfn()",
    dup: "vm_area_dup()",
    copy: "track_pfn_copy()",
    copyFailed: "untrack_pfn_copy()",
    unmap: "untrack_pfn()",
    moved: "untrack_pfn_clear()",
    free: "vm_area_free()",
  },
  kref: {
    remap: "remap_pfn_range_track()",
    remapFailed: "pfnmap_track_ctx_release()",
    dup: "vma_pfnmap_track_ctx_dup()",
    copy: "copy_page_range()",
    copyFailed: "copy_page_range()",
    unmap: "unmap_single_vma()",
    moved: "move_vma()",
    free: "vma_pfnmap_track_ctx_release()",
  },
};

const shown = (start: number, end: number, mode: PageCacheMode): Memtype => {
  return { start, end, type: cattrName(mode) };
};

/** What a VMA holds, or what of it has changed; null where it has nothing, or nothing has. */
type Held = Pick<TrackingCall, "references" | "vmPat">;

const UNCHANGED: Held = { references: null, vmPat: null };

/** Stands before a design's hooks and notes what comes of each. */
class Watched implements PfnTracking, MemtypeWatcher {
  readonly calls: TrackingCall[] = [];
  private reserved: Memtype[] = [];
  private freed: Memtype[] = [];
  private tracking: PfnTracking | null = null;
  private log: readonly PatEvent[] = [];
  private logged = 0;

  constructor(
    private readonly design: ModelBackend["design"],
    private readonly own: DesignSpec,
  ) {}

  /** The model's own design, with this before it. */
  get spec(): DesignSpec {
    return {
      ...this.own,
      tracking: (ranges, log, kernel) => {
        this.tracking = this.own.tracking(ranges, log, kernel);
        this.log = log;
        return this;
      },
    };
  }

  add(start: number, end: number, mode: PageCacheMode): void {
    this.reserved.push(shown(start, end, mode));
  }

  remove(start: number, end: number, mode: PageCacheMode): void {
    this.freed.push(shown(start, end, mode));
  }

  beginOp(): void {
    this.calls.splice(0);
    this.logged = 0;
  }

  /** Reservations that came and went outside the tracking. */
  endOp(): void {
    this.note("", null, null, UNCHANGED);
  }

  remap(vma: TrackedVma, wanted: PageCacheMode, granted: ModeRef, pfn: number): Outcome {
    return this.around("remap", vma, (design) => design.remap(vma, wanted, granted, pfn));
  }

  remapFailed(vma: TrackedVma, pfn: number, pages: number, whole: boolean): void {
    this.around("remapFailed", vma, (design) => design.remapFailed(vma, pfn, pages, whole));
  }

  dup(copy: TrackedVma, original: TrackedVma, reason: DupReason): Outcome | void {
    return this.around("dup", copy, (design) => design.dup(copy, original, reason));
  }

  copy(childVma: TrackedVma, parent: TrackedMm, parentVma: TrackedVma): Outcome {
    return this.around("copy", childVma, (design) => design.copy(childVma, parent, parentVma));
  }

  copyFailed(childVma: TrackedVma, parent: TrackedMm, parentVma: TrackedVma): void {
    this.around("copyFailed", childVma, (d) => d.copyFailed(childVma, parent, parentVma));
  }

  unmap(mm: TrackedMm, vma: TrackedVma, reason: UnmapReason): void {
    this.around("unmap", vma, (design) => design.unmap(mm, vma, reason));
  }

  moved(vma: TrackedVma): void {
    this.around("moved", vma, (design) => design.moved(vma));
  }

  free(vma: TrackedVma): void {
    this.around("free", vma, (design) => design.free(vma));
  }

  private around<T extends Outcome | void>(
    hook: Hook,
    vma: TrackedVma,
    call: (design: PfnTracking) => T,
  ): T {
    if (this.tracking === null) throw new Error("a hook was called before there was a design");
    this.endOp();
    const before = this.held(vma);
    const outcome = call(this.tracking);
    const after = this.held(vma);
    // Who has given up the last reference has no context left to ask.
    const references =
      after.references ?? (before.references === null ? null : before.references - 1);
    this.note(FUNCTIONS[this.design][hook], vma, outcome ?? null, {
      references: references === before.references ? null : references,
      vmPat: after.vmPat === before.vmPat ? null : after.vmPat,
    });
    return outcome;
  }

  /** What a VMA holds: hooks are given VMAs as a design sees them, which are the machine's own. */
  private held(vma: TrackedVma): Held {
    const { hasVmPat, contextOf } = this.own;
    return {
      references: contextOf?.(vma as Vma)?.kref ?? null,
      vmPat: hasVmPat?.(vma as Vma) ?? null,
    };
  }

  private note(
    name: string,
    vma: TrackedVma | null,
    errno: Outcome,
    { references, vmPat }: Held,
  ): void {
    const logged = this.log.slice(this.logged).map(showEvent);
    this.logged = this.log.length;
    const { reserved, freed } = this;
    this.reserved = [];
    this.freed = [];
    const isNothing = reserved.length + freed.length + logged.length === 0;
    if (isNothing && errno === null && references === null && vmPat === null) return;
    const range = vma === null ? null : { start: vma.start, end: vma.end };
    this.calls.push({ name, vma: range, reserved, freed, logged, errno, references, vmPat });
  }
}

/** Runs a trace on a fresh machine of a model and tells what its tracking did, op by op. */
export function callsOf(model: ModelBackend, { world, ops }: Trace): OpCalls[] {
  const { spec } = model.machine(world);
  const watched = new Watched(model.design, spec);
  const machine = new (spec.parts?.machine ?? Machine)(world, watched.spec, watched);
  return ops.map((op) => {
    watched.beginOp();
    const outcome = machine.apply(op);
    watched.endOp();
    const list = machine.memtype.entries.map(({ start, end, mode }) => shown(start, end, mode));
    return { outcome, calls: [...watched.calls], list, logged: machine.events.map(showEvent) };
  });
}
