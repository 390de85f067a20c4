import type { ModelBackend } from "../model/backend.ts";
import type { Design } from "../trace/recording.ts";
import { MODELS, modelNamed } from "../models.ts";

const numbersOf = (text: string) => text.split(".").map(Number);

/** Whether one release is older; a series by its name alone holds all of its point releases. */
function isOlder(one: string, other: string): boolean {
  const [mine, its] = [numbersOf(one), numbersOf(other)];
  for (const at of [0, 1, 2]) {
    const [a, b] = [mine[at] ?? Infinity, its[at] ?? Infinity];
    if (a !== b) return a < b;
  }
  return false;
}

/** The release that a model is of. */
export function releaseOf({ id }: ModelBackend): string {
  return id.split("@")[1] ?? id;
}

/** A model of every release, oldest first. */
export const RELEASES: readonly ModelBackend[] = MODELS.filter(({ id }) =>
  /^(?:legacy|modern)@[\d.]+$/.test(id),
).sort((a, b) => (isOlder(releaseOf(a), releaseOf(b)) ? -1 : 1));

/**
 * Which model stands for releases, from each on: by the fixes that the tracking had by then. Which
 * point release of 6.1 and 6.6 took which fix is known only roughly.
 */
const FROM: readonly (readonly [release: string, model: string])[] = [
  ["4.5.0", "legacy@6.1.0"],
  ["6.1.85", "legacy@6.12.0"],
  ["6.1.159", "legacy@6.1"],
  ["6.2.0", "legacy@6.1.0"],
  ["6.3.0", "legacy@6.6.0"],
  ["6.6.26", "legacy@6.12.0"],
  ["6.6.87", "legacy@6.12"],
  ["6.7.0", "legacy@6.6.0"],
  ["6.9.0", "legacy@6.12.0"],
  ["6.12.23", "legacy@6.12.23"],
  ["6.12.31", "legacy@6.12"],
  ["6.13.0", "legacy@6.12.0"],
  ["6.15.0", "legacy@6.15"],
];

/** The model that stands for a release such as `6.12`, `6.12.25` or `7.0.4-1-amd64`, or null. */
export function modelOfRelease(text: string): ModelBackend | null {
  const [, major = "", minor, point] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (minor === undefined) return null;
  const series = `${major}.${minor}`;
  const modern = modelNamed(`modern@${series}`);
  if (modern !== undefined) return modern;
  const legacy = modelNamed(`legacy@${series}`);
  if (point === undefined && legacy !== undefined) return legacy;
  const release = `${series}.${point ?? 0}`;
  const newest = RELEASES.at(-1);
  if (newest !== undefined && isOlder(releaseOf(newest), release)) return newest;
  const row = FROM.findLast(([from]) => !isOlder(release, from));
  return row === undefined ? null : (modelNamed(row[1]) ?? null);
}

/**
 * The model to go by for a kernel that calls itself `release` and shows `design`, whether or not it
 * has a profile: where the release's own model is of the other design, the newest of this one that
 * is not newer, or the oldest.
 */
export function nearestModel(release: string, design: Design): ModelBackend {
  const own = modelOfRelease(release);
  if (own?.design === design) return own;
  const known = RELEASES.filter((model) => model.design === design);
  const version = /^v?(\d+\.\d+(?:\.\d+)?)/.exec(release)?.[1];
  const older = known.filter(
    (model) => version === undefined || !isOlder(version, releaseOf(model)),
  );
  const nearest = older.at(-1) ?? known[0];
  if (nearest === undefined) throw new Error(`there is no model of ${design}`);
  return nearest;
}
