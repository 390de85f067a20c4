import { certificateFaults } from "../../fuzz/explore/certificate.ts";
import type { InterleaveDocument } from "../races/document.ts";
import { plural } from "../../reports/numbers.ts";
import { raceIn } from "../trace/race.ts";
import { UserError } from "../usererror.ts";
import { interleavingsIn } from "./files.ts";
import { EXIT, type ExitStatus, type Io } from "./io.ts";
import { searched, withTree } from "./racesearch.ts";

/** Differences to print of each; the first one tells most. */
const MOST_FAULTS = 5;

/**
 * Does the searches of a file of pfndiff/interleave@1 objects again, with their traces and bounds, on the trees that
 * they name or on `on`. 1 where one comes to anything else than the file says.
 */
export async function verifyInterleavings(
  io: Io,
  path: string,
  on: string | undefined,
): Promise<ExitStatus> {
  const byTree = new Map<string, InterleaveDocument[]>();
  for await (const claimed of interleavingsIn(io, path)) {
    const id = on ?? claimed.on.backend;
    byTree.set(id, [...(byTree.get(id) ?? []), claimed]);
  }
  let status: ExitStatus = EXIT.ok;
  for (const [id, claims] of byTree) {
    await withTree(id, async (tree) => {
      for (const claimed of claims) {
        if (status === EXIT.interrupted) return;
        const name = `${claimed.trace.name} on ${claimed.on.release}`;
        if (tree.release !== claimed.on.release) {
          throw new UserError(`${path}: ${name}: ${id} is of ${tree.release} (--on tree:PATH)`);
        }
        const race = raceIn(claimed.trace);
        if (race === null) throw new UserError(`${path}: ${name}: has no op "both"`);
        const found = searched(io, race, tree, claimed.bounds);
        if (found === null) status = EXIT.interrupted;
        else if (
          !(await isVerified(io, name, claimed, {
            ...found,
            on: { ...found.on, backend: claimed.on.backend },
          }))
        )
          status = EXIT.divergence;
      }
    });
  }
  return status;
}

async function isVerified(
  io: Io,
  name: string,
  claimed: InterleaveDocument,
  found: InterleaveDocument,
): Promise<boolean> {
  const faults = certificateFaults(claimed, found);
  const { schedules, outcomes, races } = found;
  if (faults.length === 0) {
    await io.out(
      `${name}: verified, ${plural(schedules, "schedule")}, ${plural(outcomes, "outcome")}, ${plural(races.length, "race")}\n`,
    );
    return true;
  }
  for (const fault of faults.slice(0, MOST_FAULTS)) await io.out(`${name}: ${fault}\n`);
  const more = faults.length - MOST_FAULTS;
  if (more > 0) await io.out(`${name}: and ${more} more differences\n`);
  return false;
}
