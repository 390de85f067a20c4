import { TreeBackend } from "../../tree/backend.ts";
import { buildTree } from "../../tree/build.ts";
import { RaceProgram } from "../../tree/race/program.ts";
import { treeSpec } from "../../tree/sources.ts";
import type { Backend } from "../backend.ts";
import type { Race } from "../trace/race.ts";
import type { Recording } from "../trace/recording.ts";
import { UserError } from "../usererror.ts";
import { watched } from "./building.ts";
import { opening } from "./opening.ts";
import { selfTest } from "./treeselftest.ts";

/**
 * Opens `tree:PATH[@REV]` to run two tasks by turns: builds it with calls where locks and accesses are, and
 * tests it on recordings as any tree. Throws UserError for what is no tree.
 */
export async function openRace(id: string): Promise<RaceProgram> {
  if (!id.startsWith("tree:")) {
    throw new UserError(
      `${id}: only the code of a kernel tree runs two tasks by turns (tree:PATH)`,
    );
  }
  const { io, config } = opening;
  const spec = treeSpec(id.slice("tree:".length));
  const options = { config, isCovered: false, isRaced: true };
  return watched(io, async (watcher) => {
    const { program } = await buildTree(id, spec, options, watcher);
    const backend = new TreeBackend(id, program);
    try {
      await selfTest(backend, watcher.tell);
    } finally {
      await backend.close();
    }
    return new RaceProgram(id, program);
  });
}

/** Records schedules of two tasks; its tree is built for that when the first one comes. */
export class RaceRecorder {
  private program: RaceProgram | null = null;

  constructor(private readonly backend: Backend) {}

  /**
   * The recording of a schedule: its ops in the order in which they came to their ends. Throws UserError where
   * the backend is no tree, or another one than the schedule is of.
   */
  async record(race: Race): Promise<Recording> {
    const { points = "locks", schedule = [] } = race.both;
    const { id } = this.backend;
    if (!id.startsWith("tree:")) {
      throw new UserError(
        `${id}: ops[${race.at}] has a schedule, which only tree:PATH can run (without one every order of whole ops is run)`,
      );
    }
    this.program ??= await openRace(id);
    return this.program.run(race, schedule, points).recording;
  }

  close(): void {
    this.program?.close();
  }
}
