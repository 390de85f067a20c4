import type { Coverage, FunctionCoverage, TreeCoverage } from "../src/trace/coverage.ts";
import { table } from "./plaintable.ts";

/** The columns of a tree's coverage. */
export const COVERAGE_HEAD = [
  "lines",
  "branches",
  "calls",
  "function",
  "never ran",
  "ways never taken",
] as const;

/** What ran of each tree's tracking, as plain text. */
export function coverageText({ trees }: Coverage): string {
  return trees
    .map((tree) => `${coverageHead(tree)}\n\n${table(COVERAGE_HEAD, coverageRows(tree))}`)
    .join("\n");
}

/** The same as a part of a page in Markdown. */
export function coverageMarkdown({ trees }: Coverage): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const parts = trees.map((tree) => {
    const rows = coverageRows(tree).map((cells) => line(cells.with(3, `\`${cells[3]}\``)));
    return [
      coverageHead(tree),
      "",
      line(COVERAGE_HEAD),
      line(COVERAGE_HEAD.map(() => "---")),
      ...rows,
    ].join("\n");
  });
  return `## Coverage of the tracking\n\n${parts.join("\n\n")}\n`;
}

const sum = (functions: readonly FunctionCoverage[], count: (one: FunctionCoverage) => number) =>
  functions.reduce((total, one) => total + count(one), 0);

const ranOf = ({ lines, linesMissed }: FunctionCoverage) => lines - linesMissed.length;
const takenOf = ({ branches, branchesMissed }: FunctionCoverage) =>
  branches - branchesMissed.length;

/** What ran of a tree's tracking in all. */
export function coverageHead({ id, release, functions }: TreeCoverage): string {
  const called = functions.filter(({ calls }) => calls > 0).length;
  return (
    `${id} (${release}): ${called} of ${functions.length} functions of the tracking called, ` +
    `${sum(functions, ranOf)} of ${sum(functions, ({ lines }) => lines)} lines, ` +
    `${sum(functions, takenOf)} of ${sum(functions, ({ branches }) => branches)} branches`
  );
}

/** The cells of each function, in the order of the columns. */
export function coverageRows({ functions }: TreeCoverage): string[][] {
  return functions.map((one) => [
    `${ranOf(one)}/${one.lines}`,
    `${takenOf(one)}/${one.branches}`,
    `${one.calls}`,
    `${one.name} ${one.file}:${one.line}`,
    one.calls === 0 ? "all of it" : runsOf(one.linesMissed),
    one.calls === 0 ? "" : runsOf(one.branchesMissed),
  ]);
}

/** Lines as ranges: 3-5 9. */
function runsOf(lines: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const line of new Set(lines)) {
    const last = runs.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else runs.push([line, line]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(" ");
}
