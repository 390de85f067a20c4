import fc from "fast-check";
import { ADVICES, type Op, PROTS, VIAS } from "../src/trace/op.ts";
import { bornBy, type Trace, type World } from "../src/trace/trace.ts";

const SIZE = { pfns: 8, vpages: 12 } as const;

const RANGE_OPS = ["mlock", "munlock", "mseal"] as const;

const proc = fc.nat({ max: 3 });
/** A range inside the window: the start and the length are drawn so that they always fit. */
const range = fc
  .tuple(fc.nat({ max: SIZE.vpages - 1 }), fc.nat({ max: SIZE.vpages }))
  .map(([at, length]) => ({ at, pages: Math.min(Math.max(1, length), SIZE.vpages - at) }));

/** Ops drawn blindly, one independent of the other: a second opinion beside the campaign's own. */
function blindOp(world: World): fc.Arbitrary<Op> {
  const vias = VIAS.filter((via) => world.mtrr === "uncached" || !via.startsWith("resource"));
  const prot = fc.constantFrom(...PROTS);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .record({ range, pfn: fc.nat({ max: SIZE.pfns - 1 }), proc, prot, isPrivate: fc.boolean() })
        .chain(({ range: { at, pages }, pfn, isPrivate, ...rest }) =>
          fc.constantFrom(...vias).map((via) => ({
            op: "mmap" as const,
            ...rest,
            at,
            pages: Math.min(pages, SIZE.pfns - pfn),
            pfn,
            via,
            private: isPrivate,
          })),
        ),
    },
    fc
      .record({ proc, range })
      .map(({ proc, range }) => ({ op: "munmap" as const, proc, ...range })),
    fc
      .record({ proc, range, newPages: fc.nat({ max: 4 }), to: fc.nat({ max: SIZE.vpages - 4 }) })
      .map(({ proc, range, newPages, to }) => ({
        op: "mremap" as const,
        proc,
        ...range,
        newPages,
        to,
      })),
    fc
      .record({ proc, range, to: fc.nat({ max: SIZE.vpages - 1 }) })
      .map(({ proc, range: { at, pages }, to }) => {
        const kept = Math.min(pages, SIZE.vpages - to);
        return { op: "mremap" as const, proc, at, pages: kept, newPages: kept, to };
      }),
    fc
      .record({ proc, range, newPages: fc.nat({ max: 4 }) })
      .map(({ proc, range: { at, pages }, newPages }) => ({
        op: "mremap" as const,
        proc,
        at,
        pages,
        newPages: Math.min(newPages, SIZE.vpages - at),
      })),
    fc
      .record({ proc, range, prot })
      .map(({ proc, range, prot }) => ({ op: "mprotect" as const, proc, ...range, prot })),
    fc
      .record({ proc, range, advice: fc.constantFrom(...ADVICES) })
      .map(({ proc, range, advice }) => ({ op: "madvise" as const, proc, ...range, advice })),
    fc
      .record({ proc, range, op: fc.constantFrom(...RANGE_OPS) })
      .map(({ proc, range, op }) => ({ op, proc, ...range })),
    fc.record({ op: fc.constant("touch" as const), proc, at: fc.nat(11), write: fc.boolean() }),
    fc.record({ op: fc.constant("fork" as const), proc, child: proc }),
    fc.record({
      op: fc.constant("fork" as const),
      proc,
      child: proc,
      late: fc.constant(true as const),
    }),
    fc.record({ op: fc.constant("exit" as const), proc }),
  );
}

/** Blind traces: two processes at the start, up to two more by fork, in either region. */
export const blindTrace: fc.Arbitrary<Trace> = fc
  .constantFrom("uncached" as const, "write-back" as const)
  .chain((mtrr) => {
    const world: World = { ...SIZE, mtrr };
    return fc.array(blindOp(world), { maxLength: 40 }).map((drawn) => {
      const ops: Op[] = [
        { op: "spawn", proc: 0 },
        { op: "spawn", proc: 1 },
      ];
      const born = new Set([0, 1]);
      for (const op of drawn) {
        const child = bornBy(op);
        if (child !== null && born.has(child)) continue;
        if (child !== null) born.add(child);
        ops.push(op);
      }
      return { format: "pfndiff/trace@1", name: "blind", world, ops };
    });
  });
