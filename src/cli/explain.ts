import { explainLog } from "../explain/explain.ts";
import { type Excerpt, readExcerpt } from "../explain/excerpt.ts";
import type { Explanation } from "../explain/document.ts";
import { UserError } from "../usererror.ts";
import { readBaseline } from "./baseline.ts";
import { ExplanationText } from "./explaintext.ts";
import { textIn, writeText } from "./files.ts";
import { EXIT, type Io } from "./io.ts";

export interface ExplainCommandOptions {
  readonly release?: string;
  readonly runs: number;
  readonly json?: boolean;
  readonly out?: string;
  readonly pick: number;
  readonly try: readonly string[];
}

/** Says what an excerpt means; 1 when nothing in it was recognised. */
export async function explain(
  io: Io,
  file: string,
  options: ExplainCommandOptions,
): Promise<number> {
  const excerpt = await excerptIn(io, file);
  if (excerpt.log.length + excerpt.maps.length === 0 && excerpt.list === null) {
    io.err(
      `${file === "-" ? "standard input" : file}: nothing in it is recognised (kernel lines of x86/PAT and ioremap, pat_memtype_list, /proc/PID/maps)\n`,
    );
    return EXIT.divergence;
  }
  const { release, runs } = options;
  const explanation = explainLog(excerpt, await readBaseline(), {
    runs,
    trials: options.try,
    ...(release === undefined ? {} : { release }),
    isStopped: () => io.interrupted.aborted,
  });
  if (io.interrupted.aborted) return EXIT.interrupted;
  if (options.out !== undefined) await save(io, options.out, explanation, options.pick);
  const columns = Math.min(io.columns, 100);
  const text = () => new ExplanationText(columns).whole(explanation);
  await io.out(options.json === true ? `${JSON.stringify(explanation)}\n` : text());
  return EXIT.ok;
}

/** What a file or standard input holds of a machine's log and state. */
export async function excerptIn(io: Io, file: string): Promise<Excerpt> {
  const text = await textIn(io, file);
  try {
    return readExcerpt(text);
  } catch (error) {
    const source = file === "-" ? "standard input" : file;
    if (error instanceof UserError) throw new UserError(`${source}: ${error.message}`);
    throw error;
  }
}

/** Writes one of the sequences as a trace, numbered as the text numbers those of the first answer. */
async function save(io: Io, path: string, { answers }: Explanation, pick: number): Promise<void> {
  const found = answers.flatMap(({ sequences }) => sequences);
  const chosen = found[pick - 1];
  if (chosen === undefined) {
    throw new UserError(`--out: there is no sequence ${pick} to save (found: ${found.length})`);
  }
  const { trace, before, after } = chosen;
  await writeText(path, `${JSON.stringify({ ...trace, name: `explain ${pick}` })}\n`);
  io.err(`${path}: pfndiff replay ${path} --before ${before} --after ${after}\n`);
}
