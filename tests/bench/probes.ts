/**
 * Looks for the traces of kernel/probes.jsonl: small ones, each of which tells two profiles apart.
 *
 *   npx tsx tests/bench/probes.ts [runs] > kernel/probes.jsonl
 */
import { readBaseline } from "../../src/cli/baseline.ts";
import { neighboursOf, type Row, rowsOf } from "../../src/cli/profiling.ts";
import { faultedTraceOfRun } from "../../fuzz/sources.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { unfit } from "../../kernel/backend.ts";
import { SCENARIOS } from "../../src/scenarios/index.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Design } from "../../src/trace/recording.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";

const runs = Number(process.argv[2] ?? 600);
const DESIGNS: readonly Design[] = ["vm-pat", "kref"];

const anon: Op = {
  op: "mmap",
  proc: 0,
  at: 0,
  pages: 2,
  pfn: 0,
  via: "anon",
  prot: "rw",
  private: true,
};
const keep = { op: "mremap", proc: 0, at: 0, newPages: 1, dontunmap: true } as const;
/** What is seldom drawn: ops that have to meet each other. */
const SELDOM: readonly (readonly Op[])[] = [
  [anon, { op: "mlock", proc: 0, at: 0, pages: 2 }, { ...keep, pages: 1, to: 4 }],
  [
    { ...anon, pages: 1 },
    { ...keep, pages: 1, to: 1 },
  ],
  [
    { ...anon, pages: 3 },
    { ...keep, pages: 1, to: 1 },
  ],
  [
    anon,
    { op: "mprotect", proc: 0, at: 0, pages: 1, prot: "r" },
    { op: "touch", proc: 0, at: 1, write: true },
    { op: "mprotect", proc: 0, at: 1, pages: 1, prot: "r" },
  ],
  [
    { ...anon, via: "resource", private: false },
    {
      ...keep,
      dontunmap: false,
      pages: 2,
      newPages: 2,
      to: 600,
      fault: { at: "page-table", nth: 1 },
    },
    { op: "munmap", proc: 0, at: 0, pages: 2 },
  ],
];

/** Known traces first, for they are small, and were looked for because something is special in them. */
async function candidates(): Promise<Trace[]> {
  const { entries } = await readBaseline(undefined);
  const recorded = recordingFiles()
    .slice(0, 1)
    .flatMap((name) => readRecordings(name));
  const known = [
    ...SCENARIOS.map(({ trace }) => trace),
    ...entries.map(({ trace }) => trace),
    ...recorded.map(({ trace }) => trace),
  ];
  const drawn = Array.from({ length: runs }, (_, run) =>
    (run % 3 === 2 ? faultedTraceOfRun : traceOfRun)(2, run),
  );
  const world = { pfns: 4, vpages: 1024, mtrr: "uncached" } as const;
  const seldom = SELDOM.map((ops): Trace => {
    const spawn: Op = { op: "spawn", proc: 0 };
    return { format: "pfndiff/trace@1", name: "seldom", world, ops: [spawn, ...ops] };
  });
  return [...seldom, ...known, ...drawn].filter((trace) => unfit(trace) === null);
}

const said = new Map<Row, Map<Trace, string>>();

function saidBy(row: Row, trace: Trace): string {
  return JSON.stringify(row.model.recordSync(trace).steps);
}

function saidOnce(row: Row, trace: Trace): string {
  const known = said.get(row) ?? new Map<Trace, string>();
  said.set(row, known);
  const text = known.get(trace) ?? saidBy(row, trace);
  known.set(trace, text);
  return text;
}

const traces = await candidates();
const probes = new Map<string, Trace>();
for (const design of DESIGNS) {
  const rows = rowsOf(design);
  const pairs = rows.flatMap((row) => [
    ...neighboursOf(row).map(({ fact, row: other }) => ({ row, other, why: fact as string })),
    ...rows.filter(({ id }) => id > row.id).map((other) => ({ row, other, why: other.id })),
  ]);
  const untold = new Map<string, number>();
  for (const { row, other, why } of pairs) {
    const tells = (trace: Trace) => saidBy(row, trace) !== saidBy(other, trace);
    if ([...probes.values()].some(tells)) continue;
    // What told of a fact by no other row is looked for no further.
    if ((untold.get(why) ?? 0) >= 2) continue;
    const found = traces.find((trace) => saidOnce(row, trace) !== saidBy(other, trace));
    if (found === undefined) {
      untold.set(why, (untold.get(why) ?? 0) + 1);
      process.stderr.write(`nothing tells ${why} of ${row.id}\n`);
      continue;
    }
    const name = `${row.id}: ${why}`;
    const least = { ...shrink(found, tells), name };
    probes.set(JSON.stringify([least.world, least.ops]), least);
    process.stderr.write(`${name}: ${least.ops.length} ops\n`);
  }
}
for (const trace of probes.values()) process.stdout.write(`${JSON.stringify(trace)}\n`);
