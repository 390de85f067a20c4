import { z } from "zod";

/** The largest world and trace that are accepted: enough for every bench, small enough to hold. */
export const LIMITS = { pfns: 16_384, vpages: 16_384, procs: 1_024, ops: 200_000 } as const;

const proc = z
  .int()
  .min(0)
  .max(LIMITS.procs - 1);
const vpage = z.int().min(0).max(LIMITS.vpages);
const pages = z.int().min(1).max(LIMITS.vpages);
const pagesOrNone = z.int().min(0).max(LIMITS.vpages);

export const PROTS = ["none", "r", "rw"] as const;
export const VIAS = ["resource", "resource_wc", "devmem", "devmem_sync"] as const;
export const ADVICES = ["dontfork", "dofork", "dontneed", "wipeonfork", "willneed"] as const;

/** Page protection of a VMA. */
export type Prot = (typeof PROTS)[number];
/** The way a process reaches the region, and with it the cache mode it asks for. */
export type Via = (typeof VIAS)[number];
/** madvise() behaviours that reach device mappings. */
export type Advice = (typeof ADVICES)[number];

/**
 * One operation of a trace. Plain records; all addresses are page numbers. An op that does not
 * apply has an errno as its result, it is never skipped.
 */
export const opSchema = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("spawn"), proc }),
  z.strictObject({
    op: z.literal("mmap"),
    proc,
    at: vpage,
    pages,
    pfn: z.int().min(0).max(LIMITS.pfns),
    via: z.enum(VIAS),
    prot: z.enum(PROTS),
    private: z.boolean(),
  }),
  z.strictObject({ op: z.literal("munmap"), proc, at: vpage, pages }),
  z.strictObject({
    op: z.literal("mremap"),
    proc,
    at: vpage,
    pages: pagesOrNone,
    newPages: pagesOrNone,
    to: vpage.optional(),
  }),
  z.strictObject({ op: z.literal("mprotect"), proc, at: vpage, pages, prot: z.enum(PROTS) }),
  z.strictObject({ op: z.literal("madvise"), proc, at: vpage, pages, advice: z.enum(ADVICES) }),
  z.strictObject({ op: z.literal("touch"), proc, at: vpage, write: z.boolean() }),
  z.strictObject({ op: z.literal("fork"), proc, child: proc }),
  z.strictObject({ op: z.literal("exit"), proc }),
]);

export type Op = z.infer<typeof opSchema>;
export type OpKind = Op["op"];
export const OP_KINDS = opSchema.options.map((option) => option.shape.op.value) as OpKind[];

/** The op of one kind: `OpOf<"mmap">`. */
export type OpOf<K extends OpKind> = Extract<Op, { op: K }>;
