import { mayImport, rowOf } from "./directions.ts";
import type { Source } from "./source.ts";

/** A breach of a rule; the place is what an exemption names. */
export interface Breach {
  readonly place: string;
  readonly why: string;
}

export interface Rule {
  readonly name: string;
  breaches(sources: readonly Source[]): Breach[];
}

export const LONGEST_FILE = 300;
export const LONGEST_FUNCTION = 50;

const isTest = (path: string) => path.startsWith("tests/");

function directionBreaches(sources: readonly Source[]): Breach[] {
  return sources.flatMap(({ path, imports, builtins }) => {
    if (rowOf(path) === undefined) return [{ place: path, why: "is in no row of the table" }];
    return [...imports, ...(builtins.length > 0 ? ["node"] : [])]
      .filter((target) => !mayImport(path, target))
      .map((target) => ({ place: `${path} -> ${target}`, why: "is not in the table" }));
  });
}

/** What only Node has. */
const NODE_ONLY =
  /\b(process\.(argv|cwd|env|exit|exitCode|kill|on|pid|stderr|stdin|stdout)|Buffer|setImmediate)\b/;

/** What a browser lacks, and the terminal, are for those who may import Node. */
function outsideWorldBreaches(sources: readonly Source[]): Breach[] {
  return sources
    .filter(({ path }) => !mayImport(path, "node"))
    .filter((source) => NODE_ONLY.test(codeOf(source)) || /\bconsole\.\w/.test(codeOf(source)))
    .map(({ path }) => ({ place: path, why: "needs Node or the terminal" }));
}

/** Files that nothing imports because something else starts them. */
const ENTRIES = [
  /^tests\/tree\/toyprogram\.ts$/,
  /^src\/cli\/(entry|benchworker|exploreworker|worker)\.ts$/,
  // What the package exports.
  /^src\/library\/(index|fastcheck|vitest)\.ts$/,
  // What vitest loads before every test.
  /^tests\/thorough\.ts$/,
  /^reports\/html\/viewer\/main\.tsx$/,
  /\.test\.ts$/,
  /^tests\/(bench\/|bundle\.ts$|torture\/torture\.ts$)/,
];

function unreachableBreaches(sources: readonly Source[]): Breach[] {
  const imports = new Map(sources.map((source) => [source.path, source.imports]));
  const reachFrom = (starts: readonly string[]) => {
    const seen = new Set<string>();
    const queue = [...starts];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      queue.push(...(imports.get(path) ?? []));
    }
    return seen;
  };
  const entries = [...imports.keys()].filter((path) => ENTRIES.some((entry) => entry.test(path)));
  // What only a test reaches is not part of the program, unless it is the tests' own.
  const program = reachFrom(entries.filter((path) => !isTest(path)));
  const tested = reachFrom(entries);
  return [...imports.keys()]
    .filter((path) => !(isTest(path) ? tested : program).has(path))
    .map((path) => ({ place: path, why: "is not reachable from an entry point" }));
}

function fileLengthBreaches(sources: readonly Source[]): Breach[] {
  return sources
    .filter(({ lines }) => lines.length > LONGEST_FILE)
    .map(({ path, lines }) => ({ place: path, why: `has ${lines.length} lines` }));
}

const HEADS = [
  /^(?<indent> *)(?:export )?(?:async )?function\*? (?<name>\w+)/,
  /^(?<indent> *)(?:export )?const (?<name>\w+) = (?:async )?(?:<.*>)?\(/,
  /^(?<indent> +)(?:(?:private|protected|static|override|async|get|set) )*\*?(?<name>[#\w]+)(?:<.*>)?\(/,
];
const NOT_A_HEAD = /^ *(?:if|for|while|switch|return|catch|describe|it|test|expect|await)\b/;

/**
 * Functions by the house's formatting: a head ends in `{`, or in `(` and has its `{` on the line
 * that closes the parameters; the body ends at the `}` with the head's indentation.
 */
function functionLengthBreaches(sources: readonly Source[]): Breach[] {
  return sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, start) => {
      const head = NOT_A_HEAD.test(line) ? undefined : matchHead(line);
      if (head === undefined) return [];
      const from = line.endsWith("(") ? nextWith(lines, start, `${head.indent})`) : start;
      if (lines[from]?.endsWith("{") !== true) return [];
      const length = nextWith(lines, from, `${head.indent}}`) - start + 1;
      if (length <= LONGEST_FUNCTION) return [];
      return [{ place: `${path} ${head.name}`, why: `has ${length} lines` }];
    }),
  );
}

function matchHead(line: string): { indent: string; name: string } | undefined {
  const groups = HEADS.map((head) => head.exec(line)?.groups).find((found) => found !== undefined);
  return groups && { indent: groups["indent"] ?? "", name: groups["name"] ?? "" };
}

function nextWith(lines: readonly string[], after: number, start: string): number {
  return lines.findIndex((line, index) => index > after && line.startsWith(start));
}

/** Text that has no place in the code. */
const IN_CODE: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /(: |as |<|\| )any\b/, why: "switches the compiler off" },
  { pattern: /as unknown as/, why: "switches the compiler off" },
  { pattern: /catch( \(\w+\))? \{\s*\}/, why: "swallows an error" },
  { pattern: /\.(skip|only|todo)\(/, why: "a test that does not run" },
];
const ANYWHERE: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX)\b/, why: "unfinished" },
  { pattern: /@ts-(ignore|nocheck|expect-error)/, why: "switches the compiler off" },
];

/** The scan itself has to name what it looks for. */
const SCAN = /^tests\/tidy\b/;

function textBreaches(sources: readonly Source[]): Breach[] {
  return sources.flatMap((source) => {
    if (SCAN.test(source.path)) return [];
    const breach = (text: string) => (rule: { pattern: RegExp; why: string }) => {
      const found = rule.pattern.exec(text);
      return found === null ? [] : [{ place: `${source.path} ${found[0].trim()}`, why: rule.why }];
    };
    return [...IN_CODE.flatMap(breach(codeOf(source))), ...ANYWHERE.flatMap(breach(source.text))];
  });
}

/** A file without the lines that are comments. */
function codeOf({ lines }: Source): string {
  return lines.filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line)).join("\n");
}

export const RULES: readonly Rule[] = [
  { name: "import directions", breaches: directionBreaches },
  { name: "the outside world", breaches: outsideWorldBreaches },
  { name: "unreachable files", breaches: unreachableBreaches },
  { name: "file length", breaches: fileLengthBreaches },
  { name: "function length", breaches: functionLengthBreaches },
  { name: "forbidden text", breaches: textBreaches },
];
