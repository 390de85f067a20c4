import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { compiler } from "../kernel/guestimage.ts";
import { run } from "../kernel/run.ts";
import { KernelUnavailable } from "../kernel/unavailable.ts";
import type { FunctionCoverage } from "../src/trace/coverage.ts";
import { isOfTracking } from "./passed.ts";

/** What gcov's JSON says, as far as it is read. */
const gcovSchema = z.object({
  files: z.array(
    z.object({
      file: z.string(),
      functions: z.array(
        z.object({ name: z.string(), start_line: z.int(), execution_count: z.number() }),
      ),
      lines: z.array(
        z.object({
          line_number: z.int(),
          function_name: z.string().optional(),
          count: z.number(),
          branches: z.array(z.object({ count: z.number() })),
        }),
      ),
    }),
  ),
});

type GcovFile = z.infer<typeof gcovSchema>["files"][number];

const notesOf = (program: string) => `${program}.notes`;

/** Files of a folder with an ending, by their paths in it. */
const filesEnding = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(ending),
  );

/** Keeps what the compiler wrote down of the lines of a program, beside it: the copy will change. */
export function keepNotes(copy: string, program: string): void {
  const notes = notesOf(program);
  rmSync(notes, { recursive: true, force: true });
  for (const name of filesEnding(copy, ".gcno")) {
    mkdirSync(dirname(join(notes, name)), { recursive: true });
    copyFileSync(join(copy, name), join(notes, name));
  }
}

/** The program that reads counts, which goes with the compiler. */
const gcov = () => join(dirname(compiler()), basename(compiler()).replace("gcc", "gcov"));

/** Where counts of a copy's objects lie below a folder: each object is named by its whole path. */
const countsOf = (program: string, counters: string) =>
  join(counters, dirname(dirname(program)), "tree");

/**
 * What ran of the functions of the tracking, by file and line, from the counts that a program left in a folder.
 * Throws KernelUnavailable where the compiler has no gcov.
 */
export async function coverageIn(program: string, counters: string): Promise<FunctionCoverage[]> {
  const folder = countsOf(program, counters);
  const files: GcovFile[] = [];
  for (const counts of existsSync(folder) ? filesEnding(folder, ".gcda") : []) {
    const note = counts.replace(/gcda$/, "gcno");
    copyFileSync(join(notesOf(program), note), join(folder, note));
    files.push(...(await readCounts(folder, counts)));
  }
  return functionsOf(files);
}

async function readCounts(folder: string, counts: string): Promise<GcovFile[]> {
  const args = ["--json-format", "--stdout", "--branch-probabilities", counts];
  const { missing, status, stdout, stderr } = await run(gcov(), args, { cwd: folder });
  if (missing || status !== 0) {
    const why = missing ? "is not there" : (stderr.trim().split("\n")[0] ?? "fails");
    throw new KernelUnavailable(
      `${gcov()} ${why}`,
      "coverage needs gcc, and the gcov of its release",
    );
  }
  return gcovSchema.parse(JSON.parse(stdout)).files;
}

interface Counted {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  calls: number;
  /** By line: how often it ran, and how often each way out of it was taken. */
  readonly lines: Map<number, { count: number; readonly branches: number[] }>;
}

/** The functions of the tracking; what several objects have of one is added up. */
export function functionsOf(files: readonly GcovFile[]): FunctionCoverage[] {
  const counted = new Map<string, Counted>();
  for (const { file, functions, lines } of files) {
    for (const { name, start_line: line, execution_count: calls } of functions) {
      if (!isOfTracking(name, file)) continue;
      const key = `${file}:${name}`;
      const known = counted.get(key) ?? { name, file, line, calls: 0, lines: new Map() };
      known.calls += calls;
      counted.set(key, known);
    }
    for (const line of lines) addLine(counted.get(`${file}:${line.function_name}`), line);
  }
  return [...counted.values()].map(told).sort(byPlace);
}

function addLine(into: Counted | undefined, line: GcovFile["lines"][number]): void {
  const known = into?.lines.get(line.line_number) ?? { count: 0, branches: [] };
  known.count += line.count;
  for (const [at, { count }] of line.branches.entries()) {
    known.branches[at] = (known.branches[at] ?? 0) + count;
  }
  into?.lines.set(line.line_number, known);
}

function told({ name, file, line, calls, lines }: Counted): FunctionCoverage {
  const all = [...lines].sort(([a], [b]) => a - b);
  const ways = all.flatMap(([at, { branches }]) => branches.map((count) => ({ at, count })));
  return {
    name,
    file,
    line,
    calls,
    lines: all.length,
    linesMissed: all.flatMap(([at, { count }]) => (count === 0 ? [at] : [])),
    branches: ways.length,
    branchesMissed: ways.flatMap(({ at, count }) => (count === 0 ? [at] : [])),
  };
}

function byPlace(a: FunctionCoverage, b: FunctionCoverage): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line;
}
