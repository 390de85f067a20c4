import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../usererror.ts";

/** What the bundle is made of. The guest's C and the baseline are read when they are used. */
export const SOURCE_FOLDERS = ["src", "legacy", "modern", "fuzz", "kernel", "tree", "reports"];
const SOURCE = /\.(tsx?|css|html)$/;
export const SOURCE_FILES = [
  "package.json",
  "package-lock.json",
  "tsconfig.types.json",
  "tsconfig.json",
  "vite.config.ts",
  "vite.viewer.config.ts",
];

/** The file of a build that tells its sources. */
export const SOURCES_FILE = "sources.json";

/** Of each source the bytes, the time of its last change in milliseconds, and the SHA-1 of its text. */
type Sources = Readonly<
  Record<string, readonly [bytes: number, changedMs: number, contentHash: string]>
>;

const hashOf = (path: string) => createHash("sha1").update(readFileSync(path)).digest("hex");

/** The sources as they are now. */
export function sourcesIn(root: string): Sources {
  const named = SOURCE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => SOURCE.test(name))
      .map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(
    [...named, ...SOURCE_FILES].sort().map((name) => {
      const { size, mtimeMs } = statSync(join(root, name));
      return [name, [size, mtimeMs, hashOf(join(root, name))] as const];
    }),
  );
}

/** Names what runs: by the text of its sources, or, where an installed package has none, by its version. */
export function buildOf(root: string): string {
  if (!existsSync(join(root, "src"))) {
    return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
  }
  const texts = Object.entries(sourcesIn(root)).map(([name, [, , text]]) => `${name} ${text}\n`);
  return createHash("sha1").update(texts.join("")).digest("hex");
}

/** A build that runs in a checkout whose sources are others than those it was made of. */
export class StaleBuild extends UserError {
  /** Whether that checkout is being bisected. */
  readonly isBisected: boolean;

  constructor(root: string, source: string) {
    super(`this build is not that of the sources beside it (${source} differs): run npm run build`);
    this.isBisected = existsSync(join(gitFolder(root), "BISECT_LOG"));
  }
}

/** The git directory of a checkout; that of a worktree is named in a file. */
function gitFolder(root: string): string {
  const path = join(root, ".git");
  if (!existsSync(path) || statSync(path).isDirectory()) return path;
  return resolve(
    root,
    readFileSync(path, "utf8")
      .replace(/^gitdir: /, "")
      .trim(),
  );
}

/**
 * Throws StaleBuild where the build in `dist` is not that of the sources beside that folder. An
 * installed package has none, and a run of the sources themselves has no build.
 */
export function refuseStaleBuild(dist: string): void {
  const list = join(dist, SOURCES_FILE);
  const root = resolve(dist, "..");
  if (!existsSync(list) || !existsSync(join(root, "src"))) return;
  const sources: Sources = JSON.parse(readFileSync(list, "utf8"));
  for (const [name, built] of Object.entries(sources)) {
    if (!isSame(join(root, name), built)) throw new StaleBuild(root, name);
  }
}

/** Whether a file is as it was. Text that was not written since is not read again. */
function isSame(path: string, [bytes, changedMs, contentHash]: Sources[string]): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now === undefined || now.size !== bytes) return false;
  return now.mtimeMs === changedMs || hashOf(path) === contentHash;
}
