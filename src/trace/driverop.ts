import { ERRNOS } from "../mm/errno.ts";
import type { AllocationSite } from "../pat/kernelstate.ts";
import {
  field,
  type Fields,
  type Flat,
  type OpRecord,
  physical,
  prot,
  type RecordOf,
  sharing,
  type Span,
} from "./fields.ts";
import type { RowOf } from "./syscalls.ts";

/** The cache mode a driver asks for: the VMA's own, pgprot_writecombine(), pgprot_noncached(). */
export const DRIVER_MODES = ["wb", "wc", "uc-"] as const;
export type DriverMode = (typeof DRIVER_MODES)[number];

export const FAULT_HANDLERS = ["insert", "remap", "remap-segment", "insert-pmd"] as const;

/** The pages of 2 MiB: what `insert-pmd` inserts at once, and what memremap_pages() adds in multiples of. */
export const PIECE_PAGES = 512;

/** All that is to be said of a call of a driver's mmap handler, but what it does. */
export interface CallRow {
  readonly fields: Fields;
  /** Relative to the VMA. */
  readonly spans: readonly Span[];
  /** Its weight among the calls of drawn handlers. */
  readonly weight: number;
  /** What it is called in words, where that is not its name. */
  readonly called?: string;
  /** A mistake of the driver: drawn where such drivers are asked for. */
  readonly isMistake?: true;
}

interface CallRowOf<F extends Fields> extends CallRow {
  readonly fields: F;
  readonly spans: readonly Span<keyof F & string>[];
}

/** How a driver's file is mapped; absent: by the first. */
const hook = {
  ...field.choice(["mmap", "prepare"], { apart: [1, 6] }),
  optional: true,
} as const;
/**
 * What the driver says of its VMAs before anything is mapped, beside VM_IO, VM_DONTEXPAND and VM_DONTDUMP:
 * VM_PFNMAP, nothing, VM_MIXEDMAP.
 */
const flags = {
  ...field.choice(["pfnmap", "io", "mixed"], { ofDevice: ["io", "mixed"] }),
  optional: true,
  isMistake: true,
} as const;
const region = field.region;
const driverMode = field.choice(DRIVER_MODES);
/** The last is drawn where larger pieces are asked for: it takes a region of hundreds of pages. */
const does = field.choice(FAULT_HANDLERS, { mostly: ["insert", "remap", "remap-segment"] });
const errno = field.choice(ERRNOS, { mostly: ["EIO"] });
const ioremapMode = field.choice(["plain", "wc", "cache", "uc"]);
const memremapMode = field.choice(["wb", "wt", "wc"]);
const pagemapType = field.choice(["generic", "p2pdma"]);
const setMemoryMode = field.choice(["wb", "wc", "uc"]);

const call = <F extends Fields>(it: CallRowOf<F>) => it;

const window = { off: field.offset, pages: field.rest } as const;
const inWindow = [{ start: "off", length: "pages" }] as const;
const buffer = { buffer: field.buffer, bufferPages: field.bufferPages } as const;
const target = { ...physical, mode: driverMode } as const;
const remapFields = { ...window, ...target } as const;
const remapSpans = [...inWindow, { start: "pfn", length: "pages" }] as const;

/** The calls that a driver's mmap handler makes. */
export const CALLS = {
  remap: call({
    fields: {
      ...remapFields,
      /** So many pages further than the window reaches, past the VMA. */
      past: { ...field.optional(field.pages), isMistake: true },
      region,
    },
    spans: remapSpans,
    weight: 3,
  }),
  "remap-window": call({ fields: { ...remapFields, region }, spans: remapSpans, weight: 3 }),
  dma: call({ fields: buffer, spans: [], weight: 1 }),
  "dma-window": call({ fields: { ...window, ...buffer }, spans: inWindow, weight: 1 }),
  zap: call({ fields: window, spans: inWindow, weight: 2 }),
  fail: call({
    fields: { errno },
    spans: [],
    weight: 1,
  }),
  "ignore-errors": call({ fields: {}, spans: [], weight: 1, called: "ignore errors" }),
  "fault-handler": call({
    fields: { does, ...target, region },
    spans: [{ start: "pfn", length: 1 }],
    weight: 1,
    called: "on fault",
  }),
  /** Of a copy of the VMA on the driver's stack. */
  "remap-copy": call({
    fields: { ...remapFields, region },
    spans: remapSpans,
    weight: 0,
    isMistake: true,
  }),
  "insert-page": call({
    fields: { ...window, ...physical },
    spans: remapSpans,
    weight: 0,
    isMistake: true,
  }),
} as const;

export type CallKind = keyof typeof CALLS;
export type CallOf<K extends CallKind> = Flat<{ call: K } & RecordOf<(typeof CALLS)[K]["fields"]>>;

/**
 * One call of a driver's mmap handler. `off` and `pages` are relative to the VMA; 0 pages reach to
 * its end.
 */
export type DriverCallRecord = { [K in CallKind]: CallOf<K> }[CallKind];
export const DRIVER_CALLS = Object.keys(CALLS) as CallKind[];

const row = <F extends Fields>(it: RowOf<F>) => it;

const proc = field.proc;
const ramDrawn = (n: number, of: number) => field.mark("", [n, of]);
const kernelRange = { ...physical, ram: ramDrawn(1, 5), pages: field.pages } as const;
const onPfns = [{ start: "pfn", length: "pages" }] as const;
const slotOnly = { proc, slot: field.slot } as const;

/** A mapping that the kernel makes for itself. */
function kernelMapping<F extends Fields & typeof kernelRange>(fields: F) {
  const allocates: readonly AllocationSite[] = ["memtype", "kernel-area"];
  return row({ fields, spans: onPfns, allocates, vmas: "none", weightBesideDrivers: 3 });
}

const kernelUnmapping = row({
  fields: slotOnly,
  spans: [],
  allocates: [],
  vmas: "none",
  weightBesideDrivers: 3,
});

/** arch_io_reserve_memtype_wc() and its undoing, which drivers' idioms leave out. */
function wcRange(allocates: readonly AllocationSite[]) {
  const fields = { proc, pfn: field.pfn, pages: field.pages, region } as const;
  return row({ fields, spans: onPfns, allocates, vmas: "none", weightBesideDrivers: 0 });
}

/** request_mem_region() of a whole region, and its undoing: not drawn but by who asks for it. */
const claiming = row({
  fields: { proc, region },
  spans: [],
  allocates: [],
  vmas: "none",
  weightBesideDrivers: 0,
  needsDevice: true,
});

/**
 * Ops of a driver, and of the kernel for itself, beside the system calls. Each is made on behalf
 * of a process, which must be alive.
 */
export const DRIVER_OPS = {
  "drv-mmap": row({
    fields: {
      proc,
      at: field.page,
      pages: field.pages,
      off: field.offset,
      prot,
      private: sharing,
      calls: field.calls,
      hook,
      flags,
    },
    spans: [{ start: "at", length: "pages" }],
    allocates: ["memtype", "context", "page-table", "vma", "vma-setup"],
    vmas: "map",
    weightBesideDrivers: 35,
  }),
  "drv-run": row({
    fields: { proc, at: field.page, calls: field.calls },
    spans: [{ start: "at", length: 1 }],
    allocates: ["memtype", "context", "page-table"],
    vmas: "none",
    weightBesideDrivers: 14,
  }),
  "drv-zap": row({
    fields: { proc, off: field.offset, pages: field.pages },
    spans: [{ start: "off", length: "pages" }],
    allocates: [],
    vmas: "none",
    weightBesideDrivers: 14,
  }),
  ioremap: kernelMapping({
    ...slotOnly,
    mode: ioremapMode,
    ...kernelRange,
    /** It begins behind the start of its first page, and ends before the end of its last. */
    inset: field.mark("but for the ends", [0, 1], { apart: [1, 4] }),
    region,
  }),
  iounmap: kernelUnmapping,
  memremap: kernelMapping({ ...slotOnly, mode: memremapMode, ...kernelRange, region }),
  memunmap: kernelUnmapping,
  "memremap-pages": {
    ...kernelMapping({
      ...slotOnly,
      type: pagemapType,
      ...kernelRange,
      ram: ramDrawn(0, 1),
    }),
    granule: PIECE_PAGES,
  },
  "memunmap-pages": kernelUnmapping,
  "reserve-memtype-wc": wcRange(["memtype"]),
  "free-memtype-wc": wcRange([]),
  "set-memory": row({
    // Other pages than RAM are refused unless memremap_pages() has added them.
    fields: { proc, mode: setMemoryMode, ...kernelRange, ram: ramDrawn(9, 10) },
    spans: onPfns,
    allocates: ["memtype"],
    vmas: "none",
    weightBesideDrivers: 3,
  }),
  /** A driver has the device for itself, until it lets go of it. */
  claim: claiming,
  release: claiming,
} as const;

export type DriverOpKind = keyof typeof DRIVER_OPS;
export const DRIVER_OP_KINDS = Object.keys(DRIVER_OPS) as DriverOpKind[];
export type DriverOp = {
  [K in DriverOpKind]: OpRecord<K, (typeof DRIVER_OPS)[K]["fields"], DriverCallRecord>;
}[DriverOpKind];
