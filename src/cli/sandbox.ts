import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { renderSandbox } from "../../reports/html/index.ts";
import { linkFault } from "../trace/link.ts";
import { UserError } from "../usererror.ts";
import { replayOf } from "../replay.ts";
import { openModels } from "./backends.ts";
import { recorderOf } from "./bothsides.ts";
import { projectRoot } from "./files.ts";
import { givenTrace } from "./given.ts";
import { EXIT, type Io } from "./io.ts";

export interface SandboxOptions {
  readonly before?: string;
  readonly after?: string;
}

/** Prints the sandbox as one HTML file, with a trace on its bench. */
export async function sandbox(io: Io, file: string, options: SandboxOptions): Promise<number> {
  const { trace, sides, race, recorded } = await givenTrace(io, file, options, true);
  if (race !== undefined && recorded === undefined) {
    throw new UserError(
      `${file}: no model runs two tasks by turns; save a schedule on a tree: pfndiff interleave ${file} --on tree:PATH --out DIR`,
    );
  }
  const { before, after } = await openModels(sides);
  const fault = linkFault(trace);
  if (fault !== null) throw new UserError(`${file}: ${fault} (pfndiff replay takes any length)`);
  const replay = replayOf(await recorderOf(before)(trace), await recorderOf(after)(trace));
  const step = replay.findings.at(-1)?.step ?? 0;
  const linked = { before: before.id, after: after.id, trace, step };
  const template = await readFile(join(projectRoot(), "dist", "viewer.html"), "utf8");
  await io.out(renderSandbox(linked, template, recorded));
  return EXIT.ok;
}
