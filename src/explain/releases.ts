import type { ModelBackend } from "../model/backend.ts";
import type { Design } from "../trace/recording.ts";
import { BACKPORTS, type Fix, FIX_TEXT, FIXES } from "../../legacy/historic.ts";
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

/** A release by its numbers; the point is null where the name does not tell which one it is. */
interface Version {
  readonly series: string;
  readonly point: number | null;
}

/** Debian calls every kernel of 6.1 by its ABI, 6.1.0-56-amd64, and Ubuntu calls its own likewise. */
const BY_ABI = /^v?\d+\.\d+\.0-\d+/;

function versionIn(text: string): Version | null {
  const [, major = "", minor, point] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (minor === undefined) return null;
  const named = point === undefined || BY_ABI.test(text) ? null : Number(point);
  return { series: `${major}.${minor}`, point: named };
}

/** What is known of a fix in a release: in it, not in it, or neither. */
function hasFix(fix: Fix, { series, point }: Version): boolean | null {
  const since = FIX_TEXT[fix][0].replace(/-rc.*/, "");
  if (!isOlder(`${series}.0`, `${since}.0`)) return true;
  const from = BACKPORTS[fix][series];
  // Of a build that does not name its point release only its own people know what it has taken over.
  if (from === undefined) return point === null ? null : false;
  return point === null ? null : point >= from;
}

/** What is known of the fixes that the tracking of a release before 6.16 got, oldest first. */
export function fixesOf(text: string): ReadonlyMap<Fix, boolean | null> {
  const version = versionIn(text);
  if (version === null || !isOlder(`${version.series}.0`, "6.16.0")) return new Map();
  const fixes = new Map(FIXES.map((fix) => [fix, hasFix(fix, version)]));
  // It mends what the fix before it broke.
  if (fixes.get("dc84bc2aba85") === false) fixes.delete("e9f180d7cfde");
  return fixes;
}

/** The first release of a series that has a fix, or of all. */
export function mendedIn(fix: Fix, text: string): string {
  const series = versionIn(text)?.series ?? "";
  const from = BACKPORTS[fix][series];
  return from === undefined ? FIX_TEXT[fix][0] : `${series}.${from}`;
}

/** The models of releases by the last of the fixes that they have. */
export const BY_FIX: Readonly<Record<Fix, string>> = {
  "2039e6acaf94": "legacy@6.1.0",
  d155df53f310: "legacy@6.6.0",
  "04c35ab3bdae": "legacy@6.12.0",
  dc84bc2aba85: "legacy@6.12.23",
  e9f180d7cfde: "legacy@6.12",
};

/** The model that stands for a release such as `6.12`, `6.12.25` or `7.0.4-1-amd64`, or null. */
export function modelOfRelease(text: string): ModelBackend | null {
  const version = versionIn(text);
  if (version === null) return null;
  const { series, point } = version;
  const modern = modelNamed(`modern@${series}`);
  if (modern !== undefined) return modern;
  const legacy = modelNamed(`legacy@${series}`);
  if (point === null && legacy !== undefined) return legacy;
  const newest = RELEASES.at(-1);
  if (newest !== undefined && isOlder(releaseOf(newest), `${series}.${point ?? 0}`)) return newest;
  const fixes = fixesOf(text);
  const last = FIXES.findLast((fix) => fixes.get(fix) === true);
  if (last === undefined) return null;
  // With all of them it is what its series became: mmap() unmaps what it replaces first, to 6.11.
  const isWhole = last === FIXES.at(-1);
  const ofSeries =
    legacy ?? (isOlder(`${series}.0`, "6.12.0") ? modelNamed("legacy@6.1") : undefined);
  return (isWhole ? ofSeries : undefined) ?? modelNamed(BY_FIX[last]) ?? null;
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
