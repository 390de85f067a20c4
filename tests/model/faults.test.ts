import { describe, expect, test } from "vitest";
import { SHORT_MODE } from "../../src/pat/cachemode.ts";
import type { AllocationSite } from "../../src/pat/kernelstate.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";

/** What a side shows of the op that an allocation fails in, and what is left at the very end. */
interface Outcome {
  readonly result: string;
  /** Kinds of kernel messages during that op. */
  readonly events?: readonly string[];
  readonly memtype: readonly string[];
  /** After every process has exited: kinds of messages on the way, and what stays reserved. */
  readonly exit?: readonly string[];
  readonly leaked?: readonly string[];
}

interface Row {
  readonly what: string;
  readonly ops: readonly Op[];
  readonly fault: { readonly at: AllocationSite; readonly nth: number };
  readonly before: Outcome;
  readonly after: Outcome;
}

const map = (at: number, pages: number, more: Partial<Op & { op: "mmap" }> = {}): Op => ({
  op: "mmap",
  proc: 0,
  at,
  pages,
  pfn: 0,
  via: "resource",
  prot: "rw",
  private: false,
  ...more,
});
const munmap = (at: number, pages: number): Op => ({ op: "munmap", proc: 0, at, pages });
const move = (at: number, pages: number, to: number): Op => ({
  op: "mremap",
  proc: 0,
  at,
  pages,
  newPages: pages,
  to,
});
const fork: Op = { op: "fork", proc: 0, child: 1 };

const same = (outcome: Outcome) => ({ before: outcome, after: outcome });
const failed = (result: string, memtype: readonly string[] = []) => same({ result, memtype });

const anon = map(0, 1, { via: "anon", private: true });

/** KERNEL: what each allocation's failure does; the last op of each row holds the fault. */
const MATRIX: readonly Row[] = [
  {
    what: "a table for anonymous memory, which the access asks for again",
    ops: [anon, { op: "touch", proc: 0, at: 0, write: true }],
    fault: { at: "page-table", nth: 1 },
    ...same({ result: "ok", memtype: [] }),
  },
  {
    what: "a table where anonymous memory goes that stays empty where it was",
    ops: [
      anon,
      { op: "touch", proc: 0, at: 0, write: true },
      { op: "mremap", proc: 0, at: 0, pages: 1, newPages: 1, dontunmap: true },
    ],
    fault: { at: "page-table", nth: 1 },
    ...failed("ENOMEM"),
  },
  {
    what: "the reservation of a remap",
    ops: [map(0, 3)],
    fault: { at: "memtype", nth: 1 },
    ...failed("EINVAL"),
  },
  {
    what: "the reservation of a remap by /dev/mem",
    ops: [map(0, 3, { via: "devmem" })],
    fault: { at: "memtype", nth: 1 },
    ...failed("EAGAIN"),
  },
  {
    what: "the context of a remap, which the before side does not have",
    ops: [map(0, 3)],
    fault: { at: "context", nth: 1 },
    before: { result: "ok", memtype: ["[0,3) UC-"] },
    after: { result: "ENOMEM", memtype: [] },
  },
  {
    what: "the first page table of a shared mapping: the zap finds no page to start from",
    ops: [map(0, 3)],
    fault: { at: "page-table", nth: 1 },
    before: { result: "ENOMEM", events: ["warn"], memtype: [] },
    after: { result: "ENOMEM", memtype: [] },
  },
  {
    what: "the second page table of a shared mapping: the zap untracks, the undo finds nothing to do",
    ops: [map(510, 4)],
    fault: { at: "page-table", nth: 2 },
    ...failed("ENOMEM"),
  },
  {
    what: "the first page table of a private mapping: vm_pgoff tells where it starts",
    ops: [map(0, 3, { private: true })],
    fault: { at: "page-table", nth: 1 },
    ...failed("ENOMEM"),
  },
  {
    what: "the duplicate of a split by munmap",
    ops: [map(0, 3), munmap(0, 1)],
    fault: { at: "vma", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "what a split's duplicate needs",
    ops: [map(0, 3), munmap(0, 1)],
    fault: { at: "vma-setup", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "the second split of a middle munmap: the first one stays",
    ops: [map(0, 3), munmap(1, 1)],
    fault: { at: "vma", nth: 2 },
    before: {
      result: "ENOMEM",
      memtype: ["[0,3) UC-"],
      exit: ["invalid-free"],
      leaked: ["[0,1) UC-"],
    },
    after: { result: "ENOMEM", memtype: ["[0,3) UC-"] },
  },
  {
    what: "the split of an mprotect",
    ops: [map(0, 3), { op: "mprotect", proc: 0, at: 0, pages: 1, prot: "r" }],
    fault: { at: "vma", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "the split of an madvise, which asks to try again",
    ops: [map(0, 3), { op: "madvise", proc: 0, at: 0, pages: 1, advice: "dontfork" }],
    fault: { at: "vma", nth: 1 },
    ...failed("EAGAIN", ["[0,3) UC-"]),
  },
  {
    what: "the split of a replacing mmap: nothing is replaced",
    ops: [map(0, 3), map(2, 3, { pfn: 4 })],
    fault: { at: "vma", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "the duplicate of a move",
    ops: [map(0, 3), move(0, 3, 8)],
    fault: { at: "vma", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "the page table of a move's destination: the pages go back",
    ops: [map(0, 3), move(0, 3, 512)],
    fault: { at: "page-table", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "the split of what a moved tail leaves behind: the move has succeeded",
    ops: [map(0, 3), move(1, 2, 8)],
    fault: { at: "vma", nth: 2 },
    before: { result: "ok", memtype: ["[0,3) UC-"], leaked: ["[0,1) UC-"] },
    after: { result: "ok", memtype: ["[0,3) UC-"] },
  },
  {
    what: "the duplicate of a fork",
    ops: [map(0, 3), fork],
    fault: { at: "vma", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "the duplicate of a later VMA of a fork: the earlier ones go again",
    ops: [map(0, 3), map(8, 2, { pfn: 4 }), fork],
    fault: { at: "vma", nth: 2 },
    ...failed("ENOMEM", ["[0,3) UC-", "[4,6) UC-"]),
  },
  {
    what: "the reservation of a fork, which the after side does not make",
    ops: [map(0, 3), fork],
    fault: { at: "memtype", nth: 1 },
    before: { result: "ENOMEM", memtype: ["[0,3) UC-"] },
    after: { result: "ok", memtype: ["[0,3) UC-"] },
  },
  {
    what: "the first page table of a fork",
    ops: [map(0, 3), fork],
    fault: { at: "page-table", nth: 1 },
    ...failed("ENOMEM", ["[0,3) UC-"]),
  },
  {
    what: "a later page table of a fork",
    ops: [map(510, 4), fork],
    fault: { at: "page-table", nth: 2 },
    ...failed("ENOMEM", ["[0,4) UC-"]),
  },
  {
    what: "the memory map of memremap_pages()",
    ops: [{ op: "memremap-pages", proc: 0, slot: 0, type: "generic", pfn: 512, pages: 512 }],
    fault: { at: "kernel-area", nth: 1 },
    before: { result: "ENOMEM", memtype: [], events: ["warn"] },
    after: { result: "ENOMEM", memtype: [], events: ["warn"] },
  },
  {
    what: "the address range of an ioremap()",
    ops: [{ op: "ioremap", proc: 0, slot: 0, mode: "wc", pfn: 0, pages: 4 }],
    fault: { at: "kernel-area", nth: 1 },
    ...failed("ENOMEM"),
  },
  {
    what: "the reservation of an ioremap()",
    ops: [{ op: "ioremap", proc: 0, slot: 0, mode: "wc", pfn: 0, pages: 4 }],
    fault: { at: "memtype", nth: 1 },
    ...failed("ENOMEM"),
  },
  {
    what: "a page table at fault time: the access faults again",
    ops: [
      {
        op: "drv-mmap",
        proc: 0,
        at: 0,
        pages: 2,
        off: 0,
        prot: "rw",
        private: false,
        calls: [{ call: "fault-handler", does: "insert", pfn: 0, mode: "wc" }],
      },
      { op: "touch", proc: 0, at: 0, write: false },
    ],
    fault: { at: "page-table", nth: 1 },
    ...failed("ok"),
  },
];

function traceOf({ what, ops, fault }: Row): Trace {
  const last = ops.length - 1;
  const faulted = ops.map((op, index): Op => (index === last ? { ...op, fault } : op));
  return traceSchema.parse({
    format: "pfndiff/trace@1",
    name: what,
    world: { pfns: 1024, vpages: 1024, mtrr: "uncached" },
    ops: [{ op: "spawn", proc: 0 }, ...faulted],
  });
}

function outcomeOf(release: string, row: Row): Required<Outcome> {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model of ${release}`);
  const trace = traceOf(row);
  const exits: Op[] = [0, 1].map((proc) => ({ op: "exit", proc }));
  const { steps } = model.recordSync({ ...trace, ops: [...trace.ops, ...exits] });
  const list = (index: number) =>
    (steps.at(index)?.memtype ?? []).map((e) => `[${e.start},${e.end}) ${SHORT_MODE[e.type]}`);
  const kinds = (from: number, to?: number) =>
    steps.slice(from, to).flatMap(({ events }) => events.map(({ kind }) => kind));
  const result = steps.at(-3)?.result ?? { ok: true };
  return {
    result: "errno" in result ? result.errno : "ok",
    events: kinds(-3, -2),
    memtype: list(-3),
    exit: kinds(-2),
    leaked: list(-1),
  };
}

const NOTHING = { events: [], exit: [], leaked: [] };

describe.each(MATRIX)("no memory for $what", (row) => {
  test.each(["6.1", "6.12"])("the model of %s", (release) => {
    expect(outcomeOf(release, row)).toEqual({ ...NOTHING, ...row.before });
  });

  test.each(["6.16", "6.18", "7.2"])("the model of %s", (release) => {
    expect(outcomeOf(release, row)).toEqual({ ...NOTHING, ...row.after });
  });
});

test("every site has a row", () => {
  const sites = new Set(MATRIX.map(({ fault }) => fault.at));
  expect([...sites].sort()).toEqual(
    ["context", "kernel-area", "memtype", "page-table", "vma", "vma-setup"].sort(),
  );
});
