import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { TreeBackend } from "../../tree/backend.ts";
import { buildTree } from "../../tree/build.ts";
import { treeSpec } from "../../tree/sources.ts";
import { watched } from "./building.ts";
import { opening } from "./opening.ts";
import { selfTest } from "./treeselftest.ts";

/**
 * Opens `tree:PATH[@REV]`: builds its program where it is not built yet, with progress, and tests it on
 * recordings of real kernels. Throws UserError for what is no tree, KernelUnavailable where it does not build,
 * GlueToBlame where it agrees with no recording.
 */
export async function openTree(id: string): Promise<TreeBackend> {
  const { io, config, sanitize: isSanitized, counters, programs } = opening;
  const known = programs[id];
  if (known !== undefined) return new TreeBackend(id, known);
  const spec = treeSpec(id.slice("tree:".length));
  return watched(io, async (watcher) => {
    const isCovered = counters !== null;
    const options = { config, isCovered, isSanitized };
    const { program } = await buildTree(id, spec, options, watcher);
    const counts = isCovered ? join(counters, basename(program)) : null;
    const backend = new TreeBackend(id, program, counts);
    try {
      await selfTest(backend, watcher.tell);
    } catch (error) {
      await backend.close();
      throw error;
    }
    if (counts !== null) {
      // What the self-test has run is nobody's campaign.
      await backend.close();
      rmSync(counts, { recursive: true, force: true });
    }
    return backend;
  });
}
