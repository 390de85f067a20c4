import fc from "fast-check";
import type { Op } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";

const SLOT_PAGES = 4;
const SLOTS = 5;
const MOST_CHILDREN = 4;

const proc = fc.nat({ max: MOST_CHILDREN });
const slot = fc.nat({ max: SLOTS - 1 }).map((n) => n * SLOT_PAGES);

const mapping = fc.record({
  op: fc.constant("mmap" as const),
  proc,
  at: slot,
  pages: fc.integer({ min: 2, max: 3 }),
  pfn: fc.nat({ max: 2 }),
  via: fc.constant("resource" as const),
  prot: fc.constant("rw" as const),
  private: fc.boolean(),
});
const piece = fc
  .record({ proc, at: slot, page: fc.nat({ max: 2 }) })
  .map(({ proc, at, page }): Op => ({ op: "munmap", proc, at: at + page, pages: 1 }));
const write = fc
  .record({ proc, at: slot, page: fc.nat({ max: 1 }) })
  .map(({ proc, at, page }): Op => ({ op: "touch", proc, at: at + page, write: true }));
const move = fc
  .record({ proc, at: slot, to: slot, pages: fc.integer({ min: 1, max: 2 }) })
  .map(({ proc, at, to, pages }): Op => ({ op: "mremap", proc, at, pages, newPages: pages, to }));
const split = fc
  .record({ proc, at: slot, page: fc.nat({ max: 2 }) })
  .map(({ proc, at, page }): Op => ({ op: "mprotect", proc, at: at + page, pages: 1, prot: "r" }));
const exit = proc.map((proc): Op => ({ op: "exit", proc }));
const fork = proc.map((proc) => ({ op: "fork" as const, proc, child: 0 }));
const revoke = proc.map((proc): Op => ({ op: "revoke", proc }));

/** A fork names the next process that is not born yet; one too many becomes a revoke. */
function numbered(ops: readonly Op[]): Op[] {
  let child = 0;
  return ops.map((op) => {
    if (op.op !== "fork") return op;
    child++;
    return child > MOST_CHILDREN ? { op: "revoke", proc: op.proc } : { ...op, child };
  });
}

/**
 * Traces in which processes share few pfns, write, fork and lose the device: what a revoke frees,
 * and in which order, depends on all that came before.
 */
export const revokingTrace: fc.Arbitrary<Trace> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: mapping },
      { weight: 2, arbitrary: piece },
      { weight: 2, arbitrary: write },
      { weight: 1, arbitrary: move },
      { weight: 2, arbitrary: split },
      { weight: 1, arbitrary: exit },
      { weight: 2, arbitrary: fork },
      { weight: 1, arbitrary: revoke },
    ),
    { minLength: 6, maxLength: 24 },
  )
  .map((ops) => ({
    format: "pfndiff/trace@1",
    name: "revokes",
    world: { pfns: 6, vpages: SLOTS * SLOT_PAGES, mtrr: "uncached" },
    ops: [{ op: "spawn", proc: 0 }, ...numbered(ops), { op: "revoke", proc: 0 }],
  }));
