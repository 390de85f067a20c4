import { join } from "node:path";
import type { RaceProgram, RaceRun } from "../../tree/race/program.ts";
import type { Searched } from "../../tree/race/wire.ts";
import type { InterleaveDocument } from "../races/document.ts";
import { raceOutcome } from "../races/searched.ts";
import type { Points, Stop } from "../trace/both.ts";
import { ordersOf, type Race, type RacedTrace, raceIn } from "../trace/race.ts";
import { writeText } from "./files.ts";
import type { Io } from "./io.ts";
import { LiveLine } from "./progress.ts";
import { openRace } from "./raceside.ts";

/** What a search is bounded by. */
export interface Searching {
  readonly preemptions: number;
  /** Where not as the trace says. */
  readonly points?: Points;
}

/** Opens a tree to run two tasks, and closes it, whatever comes of it. */
export async function withTree<T>(id: string, work: (tree: RaceProgram) => Promise<T>): Promise<T> {
  const tree = await openRace(id);
  try {
    return await work(tree);
  } finally {
    tree.close();
  }
}

/** Where tasks are stopped: as is asked for, or as the trace says. */
export const pointsOf = (race: Race, asked: Points | undefined): Points =>
  asked ?? race.both.points ?? "locks";

/** Runs the orders of whole ops on a tree: a task is stopped between its ops and nowhere else. */
export function ordersOn(race: Race, tree: RaceProgram): RaceRun[] {
  return ordersOf(race).map((order) => tree.runOrder(race, order));
}

/** Every schedule up to the bound, with progress, or null where that was interrupted. */
export function searched(
  io: Io,
  race: Race,
  tree: RaceProgram,
  options: Searching,
): InterleaveDocument | null {
  const line = new LiveLine(io);
  const document = searchedUpTo(race, tree, options, ({ schedules }) => {
    line.show(() => `${tree.id}: ${schedules} schedules`);
    return !io.interrupted.aborted;
  });
  line.clear();
  return document;
}

/** Every schedule up to the bound, or null where `watch` has ended it. */
export function searchedUpTo(
  race: Race,
  tree: RaceProgram,
  options: Searching,
  watch: (sofar: Searched) => boolean,
): InterleaveDocument | null {
  const points = pointsOf(race, options.points);
  const bounds = { preemptions: options.preemptions, points };
  const found = tree.search(race, bounds, watch);
  if (found === null) return null;
  const { outcomes, schedules, mostPoints, deaths } = found;
  const orders = ordersOn(race, tree);
  const races = outcomes
    .filter(({ preemptions }) => preemptions > 0)
    .map((outcome) => {
      const ran = tree.run(race, outcome.schedule, points);
      return raceOutcome(race, { ...outcome, schedule: [...ran.schedule] }, ran, orders);
    });
  races.sort((one, other) => one.preemptions - other.preemptions);
  return {
    format: "pfndiff/interleave@1",
    trace: { ...race.trace, ops: [...race.trace.ops] },
    on: { backend: tree.id, release: tree.release, design: tree.design },
    bounds,
    schedules,
    mostPoints,
    deaths,
    outcomes: outcomes.length,
    sequential: outcomes.length - races.length,
    races,
  };
}

/** A race with a schedule, as a trace that replays alone. */
export function scheduled(
  { trace, at, both }: Race,
  schedule: readonly Stop[],
  points: Points,
): RacedTrace {
  const told = { ...both, points, schedule: [...schedule] };
  return { ...trace, ops: trace.ops.map((op, index) => (index === at ? told : op)) };
}

/** Saves the shortest schedule of each race outcome as a trace. */
export async function saveSchedules(folder: string, document: InterleaveDocument): Promise<void> {
  const race = raceIn(document.trace);
  if (race === null) return;
  const { points } = document.bounds;
  for (const [index, { schedule }] of document.races.entries()) {
    const name = document.trace.name === "" ? "race" : document.trace.name.replace(/[^\w.-]/g, "-");
    const text = JSON.stringify(scheduled(race, schedule, points));
    await writeText(join(folder, `${name}-${index + 1}.json`), `${text}\n`);
  }
}
