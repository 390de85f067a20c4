import { HISTORIC_RELEASES } from "../../legacy/historic.ts";
import { type Neighbours, differencesPage } from "../../reports/differences.ts";
import { RELEASES, releaseOf } from "../explain/releases.ts";
import type { PlainBounds } from "../trace/bounds.ts";
import { withPair } from "./backends.ts";
import { acceptedFor } from "./baseline.ts";
import { exploreScope, type SearchLimits } from "./explorescope.ts";
import { EXIT, type Io } from "./io.ts";

/** Releases that were compared with real kernels; of those between them only the tracking is modelled. */
const MEASURED = RELEASES.filter(
  (model) => !HISTORIC_RELEASES.some((release) => release === releaseOf(model)),
);

/** Explores every two releases that follow each other, and prints the page of what differs. */
export async function neighbours(
  io: Io,
  bounds: PlainBounds,
  limits: SearchLimits,
): Promise<number> {
  const found: Neighbours[] = [];
  for (const [at, older] of MEASURED.slice(0, -1).entries()) {
    const newer = MEASURED[at + 1];
    if (newer === undefined) break;
    const sides = { before: older.id, after: newer.id };
    io.err(`${sides.before} -> ${sides.after} (${at + 1} of ${MEASURED.length - 1})\n`);
    const one = await withPair(sides, async (pair) => {
      const scope = { ...sides, bounds, judged: true };
      const certificate = await exploreScope(io, pair, scope, limits);
      return certificate === null ? null : { certificate, accepted: await acceptedFor(pair, io) };
    });
    if (one === null) return EXIT.interrupted;
    found.push(one);
  }
  await io.out(differencesPage(bounds, found));
  return EXIT.ok;
}
