import fc from "fast-check";
import { expect, test } from "vitest";
import { judge } from "../../src/oracle/judge.ts";
import { REGION_PFNS } from "../../src/pat/regionmemory.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Recording, Step } from "../../src/trace/recording.ts";
import { type Trace, traceSchema, type World } from "../../src/trace/trace.ts";
import { arbitraryTrace } from "../arbitrary.ts";
import { IS_LONG } from "../long.ts";
import { MODELS } from "../models.ts";

const RUNS = { numRuns: IS_LONG ? 400 : 25, seed: 20_261_128 } as const;
/** Processes of the second part have ids from here on. */
const PROCS = 100;

/** Two parts, each in a world of its own, and one trace that is both by turns. */
interface Parted {
  readonly parts: readonly [Trace, Trace];
  readonly whole: Trace;
  /** Of which part each op of the whole is, and which of that part's. */
  readonly turns: readonly (readonly [part: 0 | 1, step: number])[];
}

function ofSecond(op: Op): Op {
  const proc = op.proc + PROCS;
  if (op.op === "fork") return { ...op, proc, child: op.child + PROCS };
  return { ...op, proc };
}

const namesRegion = ({ op }: Op) => op === "mmap" || op === "revoke";

/** A world without what both of them share: the limit of VMAs, and whether there is PAT. */
function ownWorld({ maps: _limit, pat: _all, ...world }: World, vpages: number): World {
  return { ...world, vpages };
}

function interleaved(first: Trace, second: Trace, isSecond: (op: number) => boolean): Parted {
  const vpages = Math.max(first.world.vpages, second.world.vpages);
  const { isa: _ofTheFirst, ...other } = ownWorld(second.world, vpages);
  const world = ownWorld(first.world, vpages);
  const { pfns, mtrr, region } = other;
  const parts = [
    { ...first, world },
    { ...second, world: other, ops: second.ops.map(ofSecond) },
  ] as const;
  const [turns, ops]: [[0 | 1, number][], Op[]] = [[], []];
  const at = [0, 0];
  while (turns.length < first.ops.length + second.ops.length) {
    const wanted = isSecond(turns.length) ? 1 : 0;
    const part = at[wanted] === parts[wanted].ops.length ? ((1 - wanted) as 0 | 1) : wanted;
    const step = at[part] as number;
    const op = parts[part].ops[step] as Op;
    ops.push(part === 1 && namesRegion(op) ? ({ ...op, region: 1 } as Op) : op);
    turns.push([part, step]);
    at[part] = step + 1;
  }
  const further = { pfns, mtrr, ...(region === undefined ? {} : { region }) };
  return { parts, whole: { ...first, world: { ...world, regions: [further] }, ops }, turns };
}

const arbitraryParts = fc
  .record({ first: arbitraryTrace, second: arbitraryTrace, turns: fc.array(fc.boolean()) })
  .map(({ first, second, turns }) =>
    interleaved(first, second, (op) => turns[op % Math.max(1, turns.length)] ?? false),
  );

const isOf = (part: number, pfn: number) => (part === 1) === pfn >= REGION_PFNS / 2;

/** What a step shows of one part, as that alone would show it; warnings that come once belong to whoever is first. */
function projected({ memtype, vmas, events, result }: Step, part: 0 | 1) {
  const shift = part * REGION_PFNS;
  const range = <R extends { start: number; end: number }>(it: R): R => ({
    ...it,
    start: it.start - shift,
    end: it.end - shift,
  });
  const own = Object.entries(vmas).filter(([proc]) => (part === 1) === Number(proc) >= PROCS);
  return {
    result,
    memtype: memtype.filter(({ start }) => isOf(part, start)).map(range),
    vmas: own.map(([proc, list]) => [
      proc,
      list.map((vma) => ({ ...vma, pfn: vma.anon === true ? 0 : vma.pfn - shift })),
    ]),
    events: events
      .filter(({ kind }) => kind !== "warn")
      .map((event) => ("start" in event ? range(event) : event)),
  };
}

/**
 * Whether the sides have parted is a fact of all that came before, whichever part it was of; which of several leaks of a
 * step is told may hang on those that were looked at before, and so may whose of several equal reservations an untrack has
 * taken. What else each side found is neither.
 */
const found = (before: Recording, after: Recording) =>
  judge(before, after)
    .findings.filter(({ symptom }) => symptom !== "errno" && symptom !== "wrong-owner-untrack")
    .map(({ symptom, side, step }) => ({ symptom, side, step }));

const recordOn = (release: string, trace: Trace) => {
  const recording = MODELS[release]?.recordSync(trace, { contexts: true });
  if (recording === undefined) throw new Error(`no model of ${release}`);
  return recording;
};

test.each(["6.1", "6.12", "7.2"])(
  "what happens in one region is on %s what would happen if it were the only one",
  (release) => {
    fc.assert(
      fc.property(arbitraryParts, ({ parts, whole, turns }) => {
        traceSchema.parse(whole);
        const { steps } = recordOn(release, whole);
        const alone = parts.map((part) => recordOn(release, part).steps);
        turns.forEach(([part, step], at) => {
          const shown = projected(steps[at] as Step, part);
          const { events, result, memtype, vmas } = (alone[part] as Step[])[step] as Step;
          expect(shown).toEqual({
            result,
            memtype,
            vmas: Object.entries(vmas),
            events: events.filter(({ kind }) => kind !== "warn"),
          });
          // And of the other one nothing has changed.
          const other = (1 - part) as 0 | 1;
          const before = at === 0 ? null : projected(steps[at - 1] as Step, other);
          if (before !== null) {
            const after = projected(steps[at] as Step, other);
            expect([after.memtype, after.vmas]).toEqual([before.memtype, before.vmas]);
          }
        });
      }),
      RUNS,
    );
  },
);

test("and is judged as if it were", () => {
  fc.assert(
    fc.property(arbitraryParts, ({ parts, whole, turns }) => {
      const inAll = found(recordOn("6.12", whole), recordOn("7.2", whole));
      for (const part of [0, 1] as const) {
        const own = inAll
          .filter(({ step }) => turns[step]?.[0] === part)
          .map((finding) => ({ ...finding, step: turns[finding.step]?.[1] }));
        const alone = found(recordOn("6.12", parts[part]), recordOn("7.2", parts[part]));
        expect(own).toEqual(alone);
      }
    }),
    RUNS,
  );
});
