import { z } from "zod";
import { DRIVER_OPS } from "./driverop.ts";
import { common, pages, pagesOrNone, pfn, proc, PROTS, vpage } from "./fields.ts";

export { LIMITS, PROTS } from "./fields.ts";

export const VIAS = ["resource", "resource_wc", "devmem", "devmem_sync"] as const;
export const ADVICES = ["dontfork", "dofork", "dontneed", "wipeonfork", "willneed"] as const;

/** Page protection of a VMA. */
export type Prot = (typeof PROTS)[number];
/** The way a process reaches the region, and with it the cache mode it asks for. */
export type Via = (typeof VIAS)[number];
/** madvise() behaviours that reach device mappings. */
export type Advice = (typeof ADVICES)[number];

/** System calls, and the accesses of a process. */
export const SYSCALL_OPS = [
  z.strictObject({ op: z.literal("spawn"), proc, ...common }),
  z.strictObject({
    op: z.literal("mmap"),
    proc,
    at: vpage,
    pages,
    pfn,
    via: z.enum(VIAS),
    prot: z.enum(PROTS),
    private: z.boolean(),
    ...common,
  }),
  z.strictObject({ op: z.literal("munmap"), proc, at: vpage, pages, ...common }),
  z.strictObject({
    op: z.literal("mremap"),
    proc,
    at: vpage,
    pages: pagesOrNone,
    newPages: pagesOrNone,
    to: vpage.optional(),
    ...common,
  }),
  z.strictObject({
    op: z.literal("mprotect"),
    proc,
    at: vpage,
    pages,
    prot: z.enum(PROTS),
    ...common,
  }),
  z.strictObject({
    op: z.literal("madvise"),
    proc,
    at: vpage,
    pages,
    advice: z.enum(ADVICES),
    ...common,
  }),
  z.strictObject({ op: z.literal("touch"), proc, at: vpage, write: z.boolean(), ...common }),
  z.strictObject({
    op: z.literal("fork"),
    proc,
    child: proc,
    late: z.literal(true).optional(),
    ...common,
  }),
  z.strictObject({ op: z.literal("exit"), proc, ...common }),
  z.strictObject({ op: z.literal("mlock"), proc, at: vpage, pages, ...common }),
  z.strictObject({ op: z.literal("munlock"), proc, at: vpage, pages, ...common }),
  z.strictObject({ op: z.literal("mseal"), proc, at: vpage, pages, ...common }),
  z.strictObject({ op: z.literal("revoke"), proc, ...common }),
] as const;

/**
 * One operation of a trace. Plain records; all addresses are page numbers. An op that does not
 * apply has an errno as its result, it is never skipped.
 */
export const opSchema = z.discriminatedUnion("op", [...SYSCALL_OPS, ...DRIVER_OPS]);

export type Op = z.infer<typeof opSchema>;
export type OpKind = Op["op"];
export const OP_KINDS = opSchema.options.map((option) => option.shape.op.value) as OpKind[];

/** An op that is a system call or an access, no driver's and none of the kernel's own. */
export type SyscallOp = z.infer<(typeof SYSCALL_OPS)[number]>;
export type SyscallKind = SyscallOp["op"];
export const SYSCALL_KINDS: readonly SyscallKind[] = SYSCALL_OPS.map((o) => o.shape.op.value);

/** The op of one kind: `OpOf<"mmap">`. */
export type OpOf<K extends OpKind> = Extract<Op, { op: K }>;
