import { TreeBackend } from "../../tree/backend.ts";
import { buildTree } from "../../tree/build.ts";
import { treeSpec } from "../../tree/sources.ts";
import { opening } from "./opening.ts";
import { LiveLine } from "./progress.ts";
import { selfTest } from "./treeselftest.ts";

/**
 * Opens `tree:PATH[@REV]`: builds its program where it is not built yet, with progress, and tests it on
 * recordings of real kernels. Throws UserError for what is no tree, KernelUnavailable where it does not build
 * or agrees with no recording.
 */
export async function openTree(id: string): Promise<TreeBackend> {
  const { io, config, programs } = opening;
  const known = programs[id];
  if (known !== undefined) return new TreeBackend(id, known);
  const spec = treeSpec(id.slice("tree:".length));
  const line = io === null ? null : new LiveLine(io);
  try {
    const tell = (text: string) => io?.err(`${text}\n`);
    const progress = (text: string) => line?.show(() => text);
    const { program } = await buildTree(id, spec, config, { progress, tell });
    const backend = new TreeBackend(id, program);
    line?.clear();
    await selfTest(backend, tell);
    return backend;
  } finally {
    line?.clear();
  }
}
