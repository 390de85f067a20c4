import { join } from "node:path";
import { pointText, type RaceProgram, type RaceRun } from "../../tree/race/program.ts";
import type { RacePoint, Searched } from "../../tree/race/wire.ts";
import type {
  InterleaveDocument,
  LanePoint,
  RaceOutcome,
  ScheduleDocument,
} from "../races/document.ts";
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
    on: nameOf(tree),
    bounds,
    schedules,
    mostPoints,
    deaths,
    outcomes: outcomes.length,
    sequential: outcomes.length - races.length,
    races,
  };
}

const nameOf = ({ id, release, design }: RaceProgram) => ({ backend: id, release, design });

function lanePoint(point: RacePoint, { design }: RaceProgram): LanePoint {
  const { task, number, turn, state } = point;
  const vmas = (state?.vmas ?? []).map(({ isPatLost, ...vma }) =>
    design === "vm-pat" ? { ...vma, vmPat: !isPatLost } : vma,
  );
  return {
    task,
    number,
    turn,
    does: turn === "through" ? "through" : pointText(point),
    state: state === null ? null : { memtype: [...state.memtype], vmas },
  };
}

/** A schedule as it ran on a tree, with what came of it. */
export function scheduleRun(
  race: Race,
  tree: RaceProgram,
  ran: RaceRun,
  { points, outcome }: { readonly points: Points; readonly outcome: RaceOutcome },
): ScheduleDocument {
  const trace = scheduled(race, ran.schedule, points);
  return {
    format: "pfndiff/schedule@1",
    trace: { ...trace, ops: [...trace.ops] },
    on: nameOf(tree),
    points: ran.points.map((point) => lanePoint(point, tree)),
    outcome,
  };
}

/** A race with a schedule, as a trace that replays alone. */
function scheduled(
  { trace, at, both }: Race,
  schedule: readonly Stop[],
  points: Points,
): RacedTrace {
  const told = { ...both, points, schedule: [...schedule] };
  return { ...trace, ops: trace.ops.map((op, index) => (index === at ? told : op)) };
}

/** Saves the shortest schedule of an outcome, as it runs. */
export async function saveSchedule(
  path: string,
  race: Race,
  tree: RaceProgram,
  { points, outcome }: { readonly points: Points; readonly outcome: RaceOutcome },
): Promise<void> {
  const ran = tree.run(race, outcome.schedule, points);
  const document = scheduleRun(race, tree, ran, { points, outcome });
  await writeText(path, `${JSON.stringify(document)}\n`);
}

/** Saves the shortest schedule of each race outcome. */
export async function saveSchedules(
  folder: string,
  document: InterleaveDocument,
  tree: RaceProgram,
): Promise<void> {
  const race = raceIn(document.trace);
  if (race === null) return;
  const { points } = document.bounds;
  const name = race.trace.name === "" ? "race" : race.trace.name.replace(/[^\w.-]/g, "-");
  for (const [index, outcome] of document.races.entries()) {
    const path = join(folder, `${name}-${index + 1}.json`);
    await saveSchedule(path, race, tree, { points, outcome });
  }
}
