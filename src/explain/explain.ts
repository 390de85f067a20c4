import { FIX_TEXT } from "../../legacy/historic.ts";
import { requestsOfRun } from "../../fuzz/requests.ts";
import { anyTrace, SOURCES } from "../../fuzz/sources.ts";
import type { Baseline } from "../gate.ts";
import type { ModelBackend } from "../model/backend.ts";
import { modelNamed, NEWEST } from "../models.ts";
import { SCENARIOS } from "../scenarios/index.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { tellCauses } from "./causes.ts";
import type { Answer, Explanation } from "./document.ts";
import type { Excerpt } from "./excerpt.ts";
import { incidentsOf, wantedOf } from "./incidents.ts";
import { fixesOf, mendedIn, modelOfRelease } from "./releases.ts";
import { mappingsOf, reservationsOf } from "./state.ts";
import { tryOut } from "./trial.ts";
import { isBetter, type Sequence, SequenceSearch } from "./search.ts";
import { meaningOf } from "./words.ts";

export interface ExplainOptions {
  /** The release to explain it for; without, the log's own, else the newest of each design. */
  readonly release?: string;
  /** Further mappings, such as `resource_wc 0xfe800000 16K`. */
  readonly trials?: readonly string[];
  /** Traces to draw, besides scenarios and accepted findings. */
  readonly runs: number;
  /** Asked now and then: whoever waits wants to get away. */
  readonly isStopped?: () => boolean;
}

const SEED = 1;
/** One trace of so many is of any kind, the others are short and end in a request. */
const ANY_EVERY = 3;

/** The models that an excerpt is explained with; a release that none stands for is a UserError. */
export function modelsFor(release: string | null): ModelBackend[] {
  if (release === null) {
    return [NEWEST.legacy, NEWEST.modern].map((id) => modelNamed(id) as ModelBackend);
  }
  const model = modelNamed(release) ?? modelOfRelease(release);
  if (model !== null) return [model];
  throw new UserError(
    `no model stands for release ${JSON.stringify(release)} (4.5 and newer, such as 6.12)`,
  );
}

/** What the log has when a driver makes a mistake. */
const OF_MISTAKES: ReadonlySet<string> = new Set(["bad-page-map", "bug"]);

/** The traces in which lines are looked for, what is known first. */
function* candidates(baseline: Baseline, runs: number, isMistaken: boolean): Generator<Trace> {
  for (const { trace } of SCENARIOS) yield trace;
  for (const { trace } of baseline.entries) yield trace;
  const requests = isMistaken ? SOURCES.mistakes : requestsOfRun;
  for (let run = 0; run < runs; run++) {
    yield run % ANY_EVERY === 0 ? anyTrace(SEED, run) : requests(SEED, run);
  }
}

/** What the lines of an excerpt mean, and the shortest sequences that give them. */
export function explainLog(
  excerpt: Excerpt,
  baseline: Baseline,
  options: ExplainOptions,
): Explanation {
  const release = options.release ?? excerpt.release;
  const models = modelsFor(release);
  const incidents = incidentsOf(excerpt.log);
  const wanted = wantedOf(incidents);
  const searches = models.map(
    (model) =>
      new SequenceSearch(
        model,
        wanted.map(({ pattern }) => pattern),
      ),
  );
  let tried = 0;
  if (wanted.length > 0) {
    const isMistaken = excerpt.log.some(({ message }) => OF_MISTAKES.has(message.kind));
    for (const trace of candidates(baseline, options.runs, isMistaken)) {
      if (options.isStopped?.() === true) break;
      for (const search of searches) search.offer(trace);
      tried++;
    }
  }
  const answers = wanted.map(({ lines }, at): Answer => {
    const found = merged(searches.flatMap((search) => search.sequences(at)));
    return { lines: [...lines], sequences: found.map((one) => tellCauses(one, baseline)) };
  });
  return {
    format: "pfndiff/explanation@1",
    ...(release === null ? {} : { release }),
    ...(excerpt.later === null ? {} : { later: excerpt.later }),
    ...(release === null ? {} : { fixes: fixesTold(release) }),
    models: models.map(({ id }) => id),
    lines: incidents.flatMap(({ lines, count }) =>
      lines.map(({ line, text, message }) => ({
        line,
        text,
        kind: message.kind,
        count,
        meaning: meaningOf(message),
      })),
    ),
    unread: excerpt.unread,
    tried,
    answers: answered(answers),
    ...stateOf(excerpt, options.trials ?? []),
  };
}

/** The fixes of a release's tracking, none where it is of the other design or a model's own name. */
function fixesTold(release: string): NonNullable<Explanation["fixes"]> {
  return [...fixesOf(release)].map(([commit, has]) => ({
    commit,
    does: FIX_TEXT[commit][1],
    since: mendedIn(commit, release),
    has: has === null ? "unknown" : has ? "yes" : "no",
  }));
}

/** What the list and the maps tell, as far as they are given; without a list there is nothing to try. */
function stateOf(
  excerpt: Excerpt,
  trials: readonly string[],
): Pick<Explanation, "reservations" | "mappings" | "trials"> {
  if (excerpt.list === null && trials.length > 0) {
    throw new UserError("--try needs the lines of pat_memtype_list in the input");
  }
  return {
    ...(excerpt.list === null ? {} : { reservations: reservationsOf(excerpt) }),
    ...(excerpt.maps.length === 0 ? {} : { mappings: mappingsOf(excerpt) }),
    ...(trials.length === 0 ? {} : { trials: trials.map((text) => tryOut(text, excerpt)) }),
  };
}

/** Two designs may show the same sequence. */
function merged(found: readonly Sequence[]): Sequence[] {
  return found.filter(
    (one, at) => !found.some((other, o) => o !== at && isBetter(other, one, o < at)),
  );
}

/** Where a sequence gives all lines together, what gives some of them tells no more. */
function answered(answers: readonly Answer[]): Answer[] {
  const [first] = answers;
  const isWhole = first !== undefined && first.sequences.length > 0 && answers.length > 1;
  if (
    isWhole &&
    answers.slice(1).every(({ lines }) => lines.every((l) => first.lines.includes(l)))
  ) {
    return [first];
  }
  return answers.filter(({ lines, sequences }, at) => {
    const covers = answers.some(
      (other, o) => o !== at && other.lines.every((l) => lines.includes(l)),
    );
    return sequences.length > 0 || answers.length === 1 || !covers;
  });
}
