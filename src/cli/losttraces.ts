import { join } from "node:path";
import { shortHash } from "../../fuzz/plan.ts";
import type { Backend } from "../backend.ts";
import { isKernel } from "./backends.ts";
import { writeText } from "./files.ts";
import type { Io } from "./io.ts";

/** Where the consoles of guests that were lost go, inside the results folder. */
const LOST = "lost";

/**
 * Tells of every trace that a kernel could not finish (a hang, a panic, an answer that cannot be)
 * and saves it with the guest's console, and of what a kernel said at boot. Returns how many there were of either.
 */
export async function reportLost(
  io: Pick<Io, "err">,
  out: string,
  backends: readonly Backend[],
): Promise<{ lost: number; atBoot: number }> {
  const count = { lost: 0, atBoot: 0 };
  for (const { id, lost, atBoot } of backends.filter(isKernel)) {
    for (const said of atBoot) io.err(`${id}: at boot, before any trace: ${said}\n`);
    count.atBoot += atBoot.size;
    for (const { trace, kind, why, op, console } of lost) {
      count.lost += 1;
      const hash = shortHash([id, trace]);
      const path = join(out, LOST, `${kind}-${hash}`);
      await writeText(`${path}.json`, `${JSON.stringify(trace)}\n`);
      await writeText(`${path}.console`, console);
      const where = op === null ? "" : ` at op ${op}`;
      io.err(`${id}: ${trace.name}${where}: ${why} (saved: ${path}.json and .console)\n`);
    }
  }
  return count;
}
