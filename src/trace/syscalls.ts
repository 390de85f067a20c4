import type { AllocationSite } from "../pat/kernelstate.ts";
import {
  field,
  type Fields,
  type Flat,
  pkey,
  prot,
  rangeText,
  type RecordOf,
  sharing,
  type Span,
  type Values,
} from "./fields.ts";

export const VIAS = ["resource", "resource_wc", "devmem", "devmem_sync", "anon"] as const;
export const ADVICES = [
  "dontfork",
  "dofork",
  "dontneed",
  "wipeonfork",
  "willneed",
  "normal",
  "random",
  "sequential",
  "hugepage",
  "nohugepage",
  "keeponfork",
  "dontdump",
  "dodump",
  "mergeable",
  "unmergeable",
  "free",
  "cold",
  "pageout",
  "dontneed_locked",
  "populate_read",
  "populate_write",
  "collapse",
  "remove",
  "guard_install",
  "guard_remove",
] as const;

/** The way a process reaches the region, with the cache mode it asks for; `anon`: private memory in its stead, whatever the pfn. */
export type Via = (typeof VIAS)[number];
/** One of the ways that reach the region. */
export type RegionVia = Exclude<Via, "anon">;
export const REGION_VIAS: readonly RegionVia[] = VIAS.filter((via) => via !== "anon");
/** madvise() behaviours. */
export type Advice = (typeof ADVICES)[number];

/** Those that mark a VMA and so cut it; what else there is changes no device mapping. */
export const MARKS: readonly Advice[] = [
  "dontfork",
  "normal",
  "random",
  "sequential",
  "hugepage",
  "nohugepage",
];

/** What an op does to the VMAs of its pages where it succeeds; generators steer by it. */
export type VmaEffect =
  /** It puts one there, replacing what is there. */
  | "map"
  | "unmap"
  /** It cuts those that cross its ends. */
  | "cut"
  /** It cuts them and marks what lies between, or leaves all as it is: madvise(). */
  | "advise"
  /** It shrinks or moves them: mremap(). */
  | "move"
  /** It is about a whole process. */
  | "spawn"
  | "fork"
  | "exit"
  | "none";

/** How often a campaign draws an op. */
interface Drawn {
  /** Of so many runs, how many have it. */
  readonly inRuns: readonly [n: number, of: number];
  /** The least and the most weight it gets in such a run. */
  readonly weight: readonly [least: number, most: number];
  /** A run may be about this op above all. */
  readonly favourite?: true;
  /** Which runs have it is drawn apart from all else, so that the others are as they were without it. */
  readonly apart?: true;
}

/** All that is to be said of a kind of op, but what it does. */
export interface OpRow {
  /** In the order in which they are written. */
  readonly fields: Fields;
  readonly spans: readonly Span[];
  /** Where it allocates: a fault anywhere else has no effect. */
  readonly allocates: readonly AllocationSite[];
  readonly vmas: VmaEffect;
  /** Its weight beside drivers' ops, in traces of drivers. */
  readonly weightBesideDrivers: number;
  /** There is none where no device is: in low memory. */
  readonly needsDevice?: true;
  /** Its pages begin and end at multiples of so many; anything else is EINVAL. */
  readonly granule?: number;
  /** What follows the op's name in words, where its fields in their order will not do. */
  words?(op: Values): string;
}

/** A row that knows its own fields. */
export interface RowOf<F extends Fields> extends OpRow {
  readonly fields: F;
  readonly spans: readonly Span<keyof F & string>[];
}

/** A row of an op that processes perform, and what is said of it where its fields do not do. */
export interface SyscallRow<F extends Fields> extends RowOf<F> {
  readonly drawn: Drawn;
  words?(op: Flat<RecordOf<F>>): string;
}

const row = <F extends Fields>(it: SyscallRow<F>) => it;

const proc = field.proc;
const range = { proc, at: field.page, pages: field.pages } as const;
const via = field.choice(VIAS, {
  ofDevice: ["resource", "resource_wc"],
});
const advice = field.choice(ADVICES, {
  // Two of three mark a mapping; of the rest each is drawn as often.
  mostly: [
    ...Array<Advice>(10).fill("dontfork"),
    ...MARKS.flatMap((mark) => Array<Advice>(5).fill(mark)),
    ...ADVICES.filter((each) => !MARKS.includes(each)),
  ],
});
const onRange = [{ start: "at", length: "pages" }] as const;
/** What a split allocates. */
const SPLIT = ["vma", "vma-setup"] as const;
/** What device mappings hardly notice, or what leaves little to act on. */
const RARELY: Drawn = { inRuns: [1, 6], weight: [1, 1] };
const OFTEN: Drawn["inRuns"] = [2, 3];

/**
 * System calls, and the accesses of a process. The order counts: a kind's place is its number for
 * the guest program of kernel/guest, so new ones come last.
 */
export const SYSCALLS = {
  spawn: row({
    fields: { proc: field.born },
    spans: [],
    allocates: [],
    vmas: "spawn",
    drawn: { inRuns: OFTEN, weight: [1, 1] },
    weightBesideDrivers: 0,
  }),
  mmap: row({
    fields: {
      ...range,
      pfn: field.pfn,
      via,
      prot,
      private: sharing,
      region: field.region,
    },
    spans: [...onRange, { start: "pfn", length: "pages" }],
    allocates: ["memtype", "context", "page-table", ...SPLIT],
    vmas: "map",
    drawn: { inRuns: [1, 1], weight: [2, 6] },
    weightBesideDrivers: 6,
    words: ({ proc: p, at, pages, pfn, via: how, prot: may, private: isPrivate, region }) => {
      const of = region ? `region ${region} ` : "";
      const what = how === "anon" ? how : `${of}pfn ${rangeText(pfn, pages)} ${how}`;
      return `p${p} ${rangeText(at, pages)} = ${what} ${may} ${isPrivate ? "private" : "shared"}`;
    },
  }),
  munmap: row({
    fields: range,
    spans: onRange,
    allocates: SPLIT,
    vmas: "unmap",
    drawn: { inRuns: OFTEN, weight: [1, 6], favourite: true },
    weightBesideDrivers: 9,
  }),
  mremap: row({
    fields: {
      proc,
      at: field.page,
      pages: field.pagesOrNone,
      newPages: field.pagesOrNone,
      /** Given: MREMAP_MAYMOVE and MREMAP_FIXED; absent: no flags but those below. */
      to: field.optional(field.page),
      /** MREMAP_MAYMOVE without a place. */
      maymove: field.mark("may move", [1, 8]),
      /** MREMAP_DONTUNMAP, and with it MREMAP_MAYMOVE. */
      dontunmap: field.mark("the old place stays", [1, 24]),
    },
    spans: [...onRange, { start: "to", or: "at", length: "newPages" }],
    allocates: ["page-table", ...SPLIT],
    vmas: "move",
    drawn: { inRuns: OFTEN, weight: [1, 6], favourite: true },
    weightBesideDrivers: 9,
    words: ({ proc: p, at, pages, newPages, to, maymove, dontunmap }) =>
      [
        `p${p} ${rangeText(at, pages)} ${to === undefined ? "resize" : "move"} to ${rangeText(to ?? at, newPages)}`,
        ...(maymove === true && to === undefined ? ["may move"] : []),
        ...(dontunmap === true ? ["the old place stays"] : []),
      ].join(", "),
  }),
  mprotect: row({
    fields: { ...range, prot, pkey },
    spans: onRange,
    allocates: SPLIT,
    vmas: "cut",
    drawn: { inRuns: OFTEN, weight: [1, 3], favourite: true },
    weightBesideDrivers: 9,
    words: ({ proc: p, at, pages, prot: may, pkey: key }) =>
      `p${p} ${rangeText(at, pages)} ${may}${key ? `, pkey ${key}` : ""}`,
  }),
  madvise: row({
    fields: { ...range, advice },
    spans: onRange,
    allocates: SPLIT,
    vmas: "advise",
    drawn: { inRuns: OFTEN, weight: [1, 3], favourite: true },
    weightBesideDrivers: 3,
  }),
  touch: row({
    fields: { proc, at: field.page, write: field.flag(["read", "write"], [3, 4]) },
    spans: [{ start: "at", length: 1 }],
    // A driver's fault handler maps pages where none were, the whole VMA at that.
    allocates: ["page-table", "memtype", "context"],
    vmas: "none",
    drawn: { inRuns: OFTEN, weight: [1, 4], favourite: true },
    weightBesideDrivers: 9,
  }),
  fork: row({
    fields: { proc, child: field.born, late: field.mark("to fail late", [1, 16]) },
    spans: [],
    allocates: ["memtype", "page-table", ...SPLIT],
    vmas: "fork",
    drawn: { inRuns: OFTEN, weight: [1, 3], favourite: true },
    weightBesideDrivers: 9,
    words: ({ proc: p, child, late }) =>
      `p${p} -> p${child}${late === true ? ", to fail late" : ""}`,
  }),
  exit: row({
    fields: { proc },
    spans: [],
    allocates: [],
    vmas: "exit",
    drawn: { inRuns: OFTEN, weight: [1, 1] },
    weightBesideDrivers: 9,
  }),
  mlock: row({
    fields: range,
    spans: onRange,
    allocates: SPLIT,
    vmas: "none",
    drawn: RARELY,
    weightBesideDrivers: 1,
  }),
  munlock: row({
    fields: range,
    spans: onRange,
    allocates: SPLIT,
    vmas: "none",
    drawn: RARELY,
    weightBesideDrivers: 1,
  }),
  mseal: row({
    fields: range,
    spans: onRange,
    allocates: SPLIT,
    vmas: "cut",
    drawn: RARELY,
    weightBesideDrivers: 3,
  }),
  revoke: row({
    fields: { proc, region: field.region },
    spans: [],
    allocates: [],
    vmas: "none",
    drawn: RARELY,
    weightBesideDrivers: 3,
    needsDevice: true,
  }),
  /** Reads a byte of the process' own memory through /proc/PID/mem, as a debugger does. */
  peek: row({
    fields: { proc, at: field.page },
    spans: [{ start: "at", length: 1 }],
    // The kernel maps the page for itself while it reads.
    allocates: ["memtype", "kernel-area"],
    vmas: "none",
    drawn: { inRuns: [1, 16], weight: [1, 3], apart: true },
    weightBesideDrivers: 0,
  }),
} as const;
