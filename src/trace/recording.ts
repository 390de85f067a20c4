import { z } from "zod";
import { ERRNOS } from "../mm/errno.ts";
import { CACHE_MODES } from "../pat/cachemode.ts";
import { DECIDERS } from "../pat/requests.ts";
import { DRIVER_CALLS, DRIVER_OP_KINDS, FAULT_HANDLERS } from "./driverop.ts";
import { PROTS, SYSCALL_KINDS } from "./op.ts";
import { faultSchema } from "./opschema.ts";
import { traceSchema } from "./trace.ts";

const page = z.int();
const mode = z.enum(CACHE_MODES);

/** What an op returned: success, or the errno it failed with. */
export const resultSchema = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ errno: z.enum(ERRNOS) }),
]);

/** One reservation of the memtype list: a half-open pfn range and its cache mode. */
export const memtypeSchema = z.strictObject({ start: page, end: page, type: mode });

/** A run of pages that are mapped to consecutive pfns with one mode; `at` is a virtual page. */
export const mappedSchema = z.strictObject({
  at: page,
  pages: z.int(),
  pfn: page,
  type: mode,
  /** The pfn counts pages of RAM. */
  ram: z.literal(true).optional(),
});

/** A run of pages that are mapped with one cache mode; `at` is a virtual page. */
export const modesSchema = z.strictObject({ at: page, pages: z.int(), type: mode });

/**
 * A reservation that decided what a request got. Whose it is follows from the oracle's ledger, and is
 * absent where that does not know: the op `op` at `step` made it, for a mapping of the process `proc`,
 * of a driver's file in it, or for the kernel itself; `holders` are the processes that had VMAs of it
 * when the request was made. `idle`: none of them, nor the kernel, had a page of the request there.
 */
export const standingSchema = z.strictObject({
  ...memtypeSchema.shape,
  step: z.int().optional(),
  op: z.enum([...SYSCALL_KINDS, ...DRIVER_OP_KINDS]).optional(),
  of: z.enum(["process", "driver", "kernel"]).optional(),
  proc: z.int().optional(),
  holders: z.array(z.int()).optional(),
  idle: z.literal(true).optional(),
});

/** Why a mapping has its mode (DECIDERS in src/pat/requests.ts), and the reservations that decided. */
const why = {
  by: z.enum(DECIDERS),
  entries: z.array(standingSchema).optional(),
  /** Told by nobody: it follows from how the list changed. */
  derived: z.literal(true).optional(),
};

/** A range of which a mapping would have got its mode, had that been asked for. */
export const worksSchema = z.strictObject({ start: page, end: page, type: mode });

/**
 * A request for a cache mode that the op made: no `got` where it was refused, no `asked` where nothing
 * tells. `works` are the pieces of a refused one that would have been granted one by one.
 */
export const requestSchema = z.strictObject({
  start: page,
  end: page,
  ram: z.literal(true).optional(),
  asked: mode.optional(),
  got: mode.optional(),
  ...why,
  works: z.array(worksSchema).optional(),
});

/**
 * What a mapping asked for, and got, at the op `step`; a mode is absent where nothing tells it. A
 * copy (split, mremap(), fork()) has what its original asked for.
 */
export const grantSchema = z.strictObject({
  step: z.int(),
  asked: mode.optional(),
  got: mode.optional(),
  ...why,
});

/** The same of a run of pages of a VMA; `at` is a virtual page. */
export const askedSchema = z.strictObject({ at: page, pages: z.int(), ...grantSchema.shape });

/**
 * One live VMA; `pfn` is what its first page maps, `pat` is VM_PAT (before side only). A VMA of a
 * driver's file has `maps`, what its page table holds; its `pfn` is the file offset of its first
 * page, or the pfn which a whole remap of a private mapping puts there. `modes` is what the page
 * table has of any other VMA, without pages that were copied on write; a recording that has none
 * does not show page tables.
 */
export const vmaSchema = z.strictObject({
  start: page,
  end: page,
  prot: z.enum(PROTS),
  private: z.boolean(),
  pfn: page,
  pat: z.boolean().optional(),
  dontfork: z.boolean().optional(),
  sealed: z.boolean().optional(),
  /** What madvise() has left on it beside dontfork, and on anonymous memory mlock(). */
  advised: z
    .array(
      z.enum([
        "random",
        "sequential",
        "hugepage",
        "nohugepage",
        "locked",
        "dontdump",
        "wipeonfork",
        "mergeable",
        "pkey",
      ]),
    )
    .optional(),
  /** Private anonymous memory; it maps no pfn, and `pfn` is 0. */
  anon: z.literal(true).optional(),
  maps: z.array(mappedSchema).optional(),
  modes: z.array(modesSchema).optional(),
  asked: z.array(askedSchema).optional(),
});

/** What one call of a driver's handler returned; a fault handler's remap tells its length. */
export const callSchema = z.strictObject({
  call: z.enum([...DRIVER_CALLS, ...FAULT_HANDLERS]),
  errno: z.enum(ERRNOS).optional(),
  pages: z.int().optional(),
});

/** A range that the kernel has mapped for itself, and the mode it has mapped it with. */
export const kernelMapSchema = z.strictObject({
  via: z.enum(["ioremap", "memremap", "memremap-pages"]),
  slot: z.int(),
  start: page,
  end: page,
  type: mode,
  ram: z.literal(true).optional(),
  asked: grantSchema.optional(),
});

/** A kernel message that matters, parsed; pages are relative to the region. */
export const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("invalid-free"), start: page, end: page }),
  z.strictObject({ kind: z.literal("conflict"), start: page, end: page, found: mode, other: mode }),
  z.strictObject({
    kind: z.literal("reserve-failed"),
    start: page,
    end: page,
    track: mode,
    request: mode,
  }),
  z.strictObject({
    kind: z.literal("type-mismatch"),
    start: page,
    end: page,
    request: mode,
    got: mode,
  }),
  z.strictObject({
    kind: z.literal("ram-request"),
    start: page,
    end: page,
    request: mode,
    got: mode,
  }),
  z.strictObject({
    kind: z.literal("ram-busy"),
    start: page,
    end: page,
    track: mode,
    request: mode,
  }),
  z.strictObject({
    kind: z.literal("bad-page-map"),
    start: page,
    end: page,
    type: mode,
    /** The pages are of RAM. */
    ram: z.literal(true).optional(),
  }),
  z.strictObject({ kind: z.literal("warn"), text: z.string() }),
  /** What a kernel's own code met where it could not go on; the innermost function first. */
  z.strictObject({
    kind: z.enum(["bug", "crash", "hang"]),
    text: z.string(),
    backtrace: z.array(z.string()).optional(),
    /** The kernel went on after saying so, as after a report of KASAN. */
    goesOn: z.literal(true).optional(),
  }),
  /** What is not given back once no process is left. */
  z.strictObject({ kind: z.literal("kernel-leak"), text: z.string() }),
]);

/**
 * A tracking context of the refcounted design: its fixed range, its kref, and how many VMAs hold
 * it. Only a model can show it; recordings written for comparison with kernels leave it out.
 */
export const contextSchema = z.strictObject({
  pfn: page,
  pages: z.int(),
  refs: z.int(),
  holders: z.int(),
});

/**
 * The full visible state after one op. `vmas` holds every live process, by proc id. `calls` tells
 * of a driver's calls where the op made any, `kernelMaps` of the kernel's own mappings where there
 * are any. `failed` is the allocation that failed within the op: the op's `fault`, unless it makes
 * fewer allocations there, and then there is no such field. `ram` are
 * pages of RAM, by their own numbers, whose mode set_memory_*() has made another than write-back. `bared` are pfns that page tables still
 * mapped when an untrack within the op took their last reservation; as contexts, only a model shows it. `requests`,
 * and `asked` of a mapping, are explanations (docs/ASKED.md): a model tells them, of a kernel they are
 * derived; none of them is compared.
 */
export const stepSchema = z.strictObject({
  result: resultSchema,
  memtype: z.array(memtypeSchema),
  vmas: z.record(z.string().regex(/^\d+$/), z.array(vmaSchema)),
  events: z.array(eventSchema),
  failed: faultSchema.optional(),
  calls: z.array(callSchema).optional(),
  kernelMaps: z.array(kernelMapSchema).optional(),
  ram: z.array(memtypeSchema).optional(),
  bared: z.array(z.strictObject({ start: page, end: page })).optional(),
  contexts: z.array(contextSchema).optional(),
  requests: z.array(requestSchema).optional(),
});

/**
 * What a backend may be unable to show: the cache modes in page tables; what follows where each allocation
 * fails that is told to, for a kernel in a guest finds some of them only.
 */
const UNSHOWN = ["modes", "faults"] as const;

/**
 * pfndiff/recording@1: a trace and, one step per op, what a backend showed. `unshown` is what its
 * kernel cannot show: then nothing is compared or claimed of it.
 */
export const recordingSchema = z
  .strictObject({
    format: z.literal("pfndiff/recording@1"),
    kernel: z.strictObject({ release: z.string(), design: z.enum(["vm-pat", "kref"]) }).optional(),
    backend: z.string().optional(),
    unshown: z.array(z.enum(UNSHOWN)).optional(),
    trace: traceSchema,
    steps: z.array(stepSchema),
  })
  .refine((recording) => recording.steps.length === recording.trace.ops.length, {
    path: ["steps"],
    message: "there must be exactly one step per op",
  });

export type Result = z.infer<typeof resultSchema>;
export type Memtype = z.infer<typeof memtypeSchema>;
export type Mapped = z.infer<typeof mappedSchema>;
export type CallState = z.infer<typeof callSchema>;
export type KernelMap = z.infer<typeof kernelMapSchema>;
export type VmaState = z.infer<typeof vmaSchema>;
export type TraceEvent = z.infer<typeof eventSchema>;
export type ContextState = z.infer<typeof contextSchema>;
export type Step = z.infer<typeof stepSchema>;
export type Standing = z.infer<typeof standingSchema>;
export type Request = z.infer<typeof requestSchema>;
export type Grant = z.infer<typeof grantSchema>;
export type Asked = z.infer<typeof askedSchema>;
export type Recording = z.infer<typeof recordingSchema>;

/** A recording whose steps are read one by one, in order and once; they may be made while they are. */
export interface RecordingStream extends Omit<Recording, "steps"> {
  readonly steps: Iterable<Step>;
}
export type Design = "vm-pat" | "kref";
