import { join } from "node:path";
import type { RaceProgram } from "../../tree/race/program.ts";
import type { InterleaveDocument } from "../races/document.ts";
import { raceOutcome } from "../races/searched.ts";
import { RACE_SCENARIOS, raceScenarioNamed } from "../scenarios/races.ts";
import { type Race, withoutSchedule } from "../trace/race.ts";
import { UserError } from "../usererror.ts";
import { onlyRaceIn, writeText } from "./files.ts";
import { verifyInterleavings } from "./interleaveverify.ts";
import { comparisonText, interleaveText, scenariosText, scheduleText } from "./interleavetext.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import {
  ordersOn,
  pointsOf,
  saveSchedules,
  scheduleRun,
  type Searching,
  searched,
  withTree,
} from "./racesearch.ts";

export interface InterleaveOptions extends Searching {
  readonly on?: string;
  readonly before?: string;
  readonly after?: string;
  readonly json?: boolean;
  readonly out?: string;
  /** Searches that were saved, to be done again in place of a trace's. */
  readonly verify?: string;
}

const SCENARIO = "scenario:";
/** In place of a trace: every scenario, a line for each. */
const ALL = "scenarios";

/** The two tasks of a file, or of `scenario:NAME`. */
async function givenRace(io: Io, name: string): Promise<Race> {
  if (name.startsWith(SCENARIO)) return raceScenarioNamed(name.slice(SCENARIO.length)).race;
  const given = await onlyRaceIn(io, name);
  if ("race" in given) return given.race;
  throw new UserError(`${name}: has no op "both", so there are no two tasks to interleave`);
}

/**
 * Searches the schedules of two tasks on a tree's code, or on two trees' and says what the change did; a trace
 * with a schedule is run as it says. 1 where an outcome shows that no order of whole ops gives, of two trees
 * where the second one introduces one.
 */
export async function interleave(
  io: Io,
  name: string | undefined,
  options: InterleaveOptions,
): Promise<ExitStatus> {
  const { on, before, after, verify } = options;
  if (verify !== undefined) return verifyInterleavings(io, verify, on);
  if (name === undefined) {
    throw new UserError("interleave takes a trace, scenario:NAME or scenarios (or --verify FILE)");
  }
  if (name === ALL) return everyScenario(io, options);
  const race = await givenRace(io, name);
  if (on !== undefined) return withTree(on, (tree) => onOne(io, race, tree, options));
  if (before === undefined || after === undefined) {
    throw new UserError("interleave takes --on tree:PATH, or --before and --after");
  }
  // A schedule names points of one tree: of two, the tasks are searched.
  const open = withoutSchedule(race);
  return withTree(before, (was) => withTree(after, (is) => onTwo(io, open, [was, is], options)));
}

/** Searches every scenario on a tree and tells a line of each. */
async function everyScenario(io: Io, options: InterleaveOptions): Promise<ExitStatus> {
  const { on } = options;
  if (on === undefined) throw new UserError("interleave scenarios takes --on tree:PATH");
  return withTree(on, async (tree) => {
    let status: ExitStatus = EXIT.ok;
    const documents: InterleaveDocument[] = [];
    for (const { race } of RACE_SCENARIOS) {
      const document = searched(io, race, tree, options);
      if (document === null) return EXIT.interrupted;
      if (options.out !== undefined) await saveSchedules(options.out, document, tree);
      if (document.races.length > 0) status = EXIT.divergence;
      if (options.json === true) await io.out(`${JSON.stringify(document)}\n`);
      else documents.push(document);
    }
    if (options.json !== true) await io.out(scenariosText(documents));
    return status;
  });
}

async function onOne(
  io: Io,
  race: Race,
  tree: RaceProgram,
  options: InterleaveOptions,
): Promise<ExitStatus> {
  const { schedule } = race.both;
  if (schedule !== undefined) return runSchedule(io, race, tree, options);
  const document = searched(io, race, tree, options);
  if (document === null) return EXIT.interrupted;
  if (options.out !== undefined) await saveSchedules(options.out, document, tree);
  await io.out(
    options.json === true ? `${JSON.stringify(document)}\n` : interleaveText(race, document),
  );
  return document.races.length > 0 ? EXIT.divergence : EXIT.ok;
}

async function onTwo(
  io: Io,
  race: Race,
  trees: readonly [RaceProgram, RaceProgram],
  options: InterleaveOptions,
): Promise<ExitStatus> {
  const [before, after] = trees.map((tree) => searched(io, race, tree, options));
  if (before === undefined || after === undefined) throw new Error("two trees are two");
  if (before === null || after === null) return EXIT.interrupted;
  if (options.out !== undefined) {
    await saveSchedules(join(options.out, "before"), before, trees[0]);
    await saveSchedules(join(options.out, "after"), after, trees[1]);
  }
  await io.out(
    options.json === true
      ? [before, after].map((document) => `${JSON.stringify(document)}\n`).join("")
      : comparisonText(race, before, after),
  );
  const known = new Set(before.races.map(({ signature }) => signature));
  const isIntroduced = after.races.some(({ signature }) => !known.has(signature));
  return isIntroduced ? EXIT.divergence : EXIT.ok;
}

/** Replays a schedule on both sides, which have to be trees. */
export async function replaySchedule(
  io: Io,
  race: Race,
  sides: { readonly before: string; readonly after: string },
): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok;
  for (const id of new Set([sides.before, sides.after])) {
    const one = await withTree(id, (tree) => runSchedule(io, race, tree));
    if (one !== EXIT.ok) status = one;
  }
  return status;
}

/** Runs the schedule that a trace tells, and shows it point by point. */
async function runSchedule(
  io: Io,
  race: Race,
  tree: RaceProgram,
  { json, out }: Pick<InterleaveOptions, "json" | "out"> = {},
): Promise<ExitStatus> {
  const { schedule = [] } = race.both;
  const points = pointsOf(race, undefined);
  const ran = tree.run(race, schedule, points);
  const outcome = raceOutcome(
    race,
    { schedules: 1, preemptions: schedule.length, schedule: [...ran.schedule] },
    ran,
    ordersOn(race, tree),
  );
  const document = scheduleRun(race, tree, ran, { points, outcome });
  const text = JSON.stringify(document);
  if (out !== undefined) await writeText(join(out, "schedule.json"), `${text}\n`);
  await io.out(json === true ? `${text}\n` : scheduleText(race, document));
  return outcome.differs.length > 0 ? EXIT.divergence : EXIT.ok;
}
