import { join } from "node:path";
import { raceOfRun, shrinkRace } from "../../fuzz/races.ts";
import { grouped, plural } from "../../reports/numbers.ts";
import type { RaceProgram } from "../../tree/race/program.ts";
import type { RaceOutcome } from "../races/document.ts";
import type { Race } from "../trace/race.ts";
import { byRaceSeverity, windowOf } from "../races/roots.ts";
import { UserError } from "../usererror.ts";
import { racesFolder } from "./racefiles.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import { symptomOf } from "./interleavetext.ts";
import { LiveLine } from "./progress.ts";
import { pointsOf, saveSchedule, searchedUpTo, withTree } from "./racesearch.ts";

export interface RaceCampaignOptions {
  readonly before: string;
  readonly after: string;
  readonly runs?: number;
  readonly seed: number;
  readonly out: string;
}

/** Without --runs. */
const DEFAULT_RUNS = 300;
const PREEMPTIONS = 2;
/** A search of more schedules is given up, and that is told. */
const MOST_SCHEDULES = 60_000;

/** What became of a race outcome from one tree to the other; `shown` where there is one tree alone. */
type RaceVerdict = "introduced" | "kept" | "fixed" | "shown";

interface RaceFinding {
  readonly signature: string;
  readonly verdict: RaceVerdict;
  readonly symptom: string;
  /** The function that a task is stopped in, which findings of one root have in common. */
  readonly window: string;
  runs: number;
  readonly file: string;
}

/** The race outcomes of two tasks on a tree, or null where there are too many schedules. */
function racesOn(race: Race, tree: RaceProgram): readonly RaceOutcome[] | null {
  const document = searchedUpTo(
    race,
    tree,
    { preemptions: PREEMPTIONS },
    ({ schedules }) => schedules < MOST_SCHEDULES,
  );
  return document === null ? null : document.races;
}

/** A campaign of two tasks at once: what it is about, and what it has found. */
class RaceCampaign {
  readonly found = new Map<string, RaceFinding>();
  /** Signatures before shrinking, with those that they were shrunk to. */
  private readonly known = new Map<string, string>();
  runs = 0;
  cutShort = 0;

  constructor(
    /** One tree, or the one before and the one after. */
    private readonly trees: readonly RaceProgram[],
    private readonly out: string,
  ) {}

  /** Runs a race on every tree and keeps what it shows. */
  async run(race: Race): Promise<void> {
    const sides = this.trees.map((tree) => racesOn(race, tree));
    this.runs++;
    if (sides.includes(null)) {
      this.cutShort++;
      return;
    }
    const outcomes = new Map(
      sides.flatMap((side) => side ?? []).map((one) => [one.signature, one]),
    );
    for (const outcome of outcomes.values()) await this.keep(race, outcome);
  }

  private async keep(race: Race, outcome: RaceOutcome): Promise<void> {
    const symptom = symptomOf(outcome.signature);
    const verdict = this.verdictOf(race, symptom);
    if (verdict === null) return;
    const drawn = `${verdict}:${outcome.signature}`;
    const known = this.known.get(drawn) ?? (await this.shrink(race, symptom, verdict));
    this.known.set(drawn, known);
    const finding = this.found.get(known);
    if (finding !== undefined) finding.runs++;
  }

  /** What became of a symptom, by the trees that show it in this race, or null where nobody can say. */
  private verdictOf(race: Race, symptom: string): RaceVerdict | null {
    const shows = this.trees.map((tree) => {
      const races = racesOn(race, tree);
      return races === null ? null : races.some((one) => symptomOf(one.signature) === symptom);
    });
    const [before, after] = shows;
    if (shows.includes(null)) return null;
    if (after === undefined) return before === true ? "shown" : null;
    if (before === after) return after === true ? "kept" : null;
    return after === true ? "introduced" : "fixed";
  }

  /** The signature of the least race that shows the same, which is saved with its shortest schedule. */
  private async shrink(race: Race, symptom: string, verdict: RaceVerdict): Promise<string> {
    const least = shrinkRace(race, (smaller) => this.verdictOf(smaller, symptom) === verdict);
    const tree = verdict === "fixed" ? this.trees[0] : this.trees.at(-1);
    if (tree === undefined) throw new Error("a campaign without a tree");
    const shortest = racesOn(least, tree)?.find((one) => symptomOf(one.signature) === symptom);
    if (shortest === undefined) throw new Error("a shrunk race that does not show what it shows");
    const signature = `${verdict}:${shortest.signature}`;
    if (!this.found.has(signature)) {
      const file = join(racesFolder(this.out), `${signature.replaceAll(/[^\w.-]+/g, "-")}.json`);
      const points = pointsOf(least, undefined);
      await saveSchedule(file, least, tree, { points, outcome: shortest });
      const window = windowOf(shortest.schedule) ?? "code without a name";
      this.found.set(signature, { signature, verdict, symptom, window, runs: 0, file });
    }
    return signature;
  }
}

/** Findings by the window that they come of, the gravest window first. */
function rootsText(found: readonly RaceFinding[]): string[] {
  const roots = new Map<string, RaceFinding[]>();
  for (const each of [...found].sort(byRaceSeverity)) {
    roots.set(each.window, [...(roots.get(each.window) ?? []), each]);
  }
  return [...roots].flatMap(([window, some]) => [
    `a task is stopped in ${window}: ${plural(some.length, "kind")}`,
    ...some.map(
      ({ signature, runs, file }) => `  ${signature}, in ${plural(runs, "run")}: ${file}`,
    ),
  ]);
}

function campaignText({ found, runs, cutShort }: RaceCampaign): string {
  const lines = rootsText([...found.values()]);
  const cut =
    cutShort === 0
      ? ""
      : `, ${grouped(cutShort)} of them given up (over ${grouped(MOST_SCHEDULES)} schedules)`;
  const head = `${plural(runs, "race")} searched to ${PREEMPTIONS} preemptions${cut}: ${plural(found.size, "kind")} of outcomes that no order of whole ops gives`;
  return `${[head, ...lines].join("\n")}\n`;
}

/**
 * Draws races and searches each on a tree, or on two: `fuzz --races`. 1 where the second introduces an outcome that
 * no order of whole ops gives, of one tree where it has any.
 */
export async function fuzzRaces(io: Io, options: RaceCampaignOptions): Promise<ExitStatus> {
  const { before, after } = options;
  for (const id of [before, after]) {
    if (!id.startsWith("tree:")) {
      throw new UserError(
        `--races: ${id} is no tree (--before tree:PATH --after tree:PATH; the same for one)`,
      );
    }
  }
  return withTree(after, (is) =>
    before === after
      ? campaign(io, [is], options)
      : withTree(before, (was) => campaign(io, [was, is], options)),
  );
}

async function campaign(
  io: Io,
  trees: readonly RaceProgram[],
  { seed, runs = DEFAULT_RUNS, out }: RaceCampaignOptions,
): Promise<ExitStatus> {
  const work = new RaceCampaign(trees, out);
  const line = new LiveLine(io);
  for (let run = 0; run < runs && !io.interrupted.aborted; run++) {
    line.show(() => `race ${run} of ${runs}, ${plural(work.found.size, "kind")} of outcomes found`);
    // Accesses multiply the schedules, and what locks show comes first.
    const race = raceOfRun(seed, run, run % 4 === 3 ? "memory" : "locks");
    if (race !== null) await work.run(race);
    // Answers come at once: an interrupt is heard between two races.
    await new Promise((resolve) => setImmediate(resolve));
  }
  line.clear();
  await io.out(campaignText(work));
  if (io.interrupted.aborted) return EXIT.interrupted;
  const counts = trees.length === 1 ? "shown:" : "introduced:";
  return [...work.found.keys()].some((one) => one.startsWith(counts)) ? EXIT.divergence : EXIT.ok;
}
