import { TreeBackend } from "../../tree/backend.ts";
import { buildTree } from "../../tree/build.ts";
import { RaceProgram } from "../../tree/race/program.ts";
import { treeSpec } from "../../tree/sources.ts";
import { UserError } from "../usererror.ts";
import { opening } from "./opening.ts";
import { LiveLine } from "./progress.ts";
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
  const line = io === null ? null : new LiveLine(io);
  try {
    const tell = (text: string) => io?.err(`${text}\n`);
    const progress = (text: string) => line?.show(() => text);
    const options = { config, isCovered: false, isRaced: true };
    const { program } = await buildTree(id, treeSpec(id.slice("tree:".length)), options, {
      progress,
      tell,
    });
    line?.clear();
    const backend = new TreeBackend(id, program);
    try {
      await selfTest(backend, tell);
    } finally {
      await backend.close();
    }
    return new RaceProgram(id, program);
  } finally {
    line?.clear();
  }
}
