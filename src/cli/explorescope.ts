import { type Certificate, certify, type Scope } from "../../fuzz/explore/certificate.ts";
import { search, type SearchProgress, type SearchResult } from "../../fuzz/explore/search.ts";
import { type Pair, programsOf } from "./backends.ts";
import { expandHere, expandInThreads, expanderOf } from "./expanders.ts";
import type { Io } from "./io.ts";
import { askedOf, keptIn, SearchKeeper } from "./explorekept.ts";
import { LiveLine } from "./progress.ts";
import { SpillFolder } from "./spillfolder.ts";

/** What an exploration may use. */
export interface SearchLimits {
  /** Worker threads; 1 is this one. */
  readonly jobs: number;
  /** Levels to search, where not all that the bounds have. */
  readonly levels?: number;
  /** Megabytes for states and paths; the rest goes to the disk. */
  readonly memory: number;
  /** A file that keeps the search as it goes, and to go on from where it is there. */
  readonly resume?: string;
}

const MEGABYTE = 2 ** 20;

/** Explores a scope, with progress on stderr; null when interrupted. */
export async function exploreScope(
  io: Io,
  pair: Pair,
  scope: Scope,
  { jobs, memory, levels, resume }: SearchLimits,
): Promise<Certificate | null> {
  const { bounds } = scope;
  const programs = programsOf(pair);
  const asked = resume === undefined ? "" : askedOf(scope, programs);
  const kept = resume === undefined ? undefined : await keptIn(resume, asked);
  // Without a file to keep the search in, nothing that was spilled is of use later.
  const spill = new SpillFolder(resume === undefined ? null : `${resume}.spill`);
  const keeper = resume === undefined ? null : new SearchKeeper(resume, asked, spill);
  const expander = expanderOf(pair, scope);
  const setup = { scope, programs };
  const expanders = jobs === 1 ? expandHere(expander) : expandInThreads(setup, jobs);
  const line = new LiveLine(io);
  const start = performance.now();
  let result: SearchResult;
  try {
    result = await search({
      bounds,
      expander,
      expand: expanders.expand,
      ahead: expanders.ahead,
      memory: memory * MEGABYTE,
      spill,
      ...(levels === undefined ? {} : { levels }),
      signal: io.interrupted,
      kept,
      ...keeper?.hooks,
      onProgress: (state) => line.show(() => progressText(state, performance.now() - start)),
    });
  } finally {
    line.clear();
    await expanders.close();
    if (resume === undefined) spill.drop();
    else spill.close();
  }
  if (result.interrupted) {
    if (resume !== undefined) io.err(`kept in ${resume}; the same command goes on\n`);
    return null;
  }
  await keeper?.drop();
  spill.drop();
  return certify(scope, result);
}

function progressText(progress: SearchProgress, milliseconds: number): string {
  const { depth, done, of, transitions, states, signatures } = progress;
  const part = `${Math.floor((done / of) * 100)}%`;
  const seconds = Math.round(milliseconds / 1000);
  return `depth ${depth}: ${part}, ${states} states, ${transitions} transitions, ${signatures} signatures, ${seconds} s`;
}
