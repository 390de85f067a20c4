import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { run } from "../kernel/run.ts";
import { UserError } from "../src/usererror.ts";
import { commitOf, gitOf } from "./revisions.ts";

/** A tree by what the user wrote: a folder, and a revision of its repository where one is named. */
export interface TreeSpec {
  readonly path: string;
  readonly rev: string | null;
}

/** Reads `PATH[@REV]`; a folder whose own name has an @ is taken as it is. */
export function treeSpec(spec: string): TreeSpec {
  const at = spec.lastIndexOf("@");
  const isPlain = at <= 0 || existsSync(spec);
  const [path, rev] = isPlain ? [spec, null] : [spec.slice(0, at), spec.slice(at + 1)];
  const whole = resolve(path);
  if (rev === "") throw new UserError(`tree:${spec}: names no revision after the @`);
  if (!existsSync(join(whole, "Kbuild")) || !existsSync(join(whole, "mm"))) {
    throw new UserError(`tree:${spec}: ${path} is no kernel tree (it has no Kbuild and mm)`);
  }
  return { path: whole, rev };
}

/** Folders of which the build may need every file. */
const WHOLE = [
  "arch/x86/",
  "drivers/char/",
  "drivers/pci/",
  "include/",
  "init/",
  "kernel/",
  "lib/",
  "mm/",
  "scripts/",
  "tools/arch/x86/",
  "tools/build/",
  "tools/include/",
  "tools/lib/",
  "tools/objtool/",
  "tools/scripts/",
];
/** Folders without anything that the build reads. */
const NOTHING = ["tools/testing/", ".git/"];
/** What configures and steers the build, wherever it stands. */
const STEERING = /(^|\/)(Kconfig[^/]*|Makefile[^/]*|Kbuild[^/]*|Build)$/;
/** Folders of which the code includes headers. */
const HEADERS = /^(block|crypto|fs|io_uring|ipc|net|security|virt)\/.*\.h$/;
/** What a build has left there; ours makes its own. */
const BUILT = /(\.(o|a|so|ko|cmd|d|order|mod|symvers)|(^|\/)(\.config[^/]*|vmlinux|\.tmp[^/]*))$/;
const BUILT_FOLDERS = ["include/generated/", "include/config/", "arch/x86/include/generated/"];

/** Whether the build may need a file, by its path in the tree. */
export function isWanted(path: string): boolean {
  if (BUILT.test(path) || BUILT_FOLDERS.some((folder) => path.startsWith(folder))) return false;
  if (NOTHING.some((folder) => path.startsWith(folder))) return false;
  if (WHOLE.some((folder) => path.startsWith(folder))) return true;
  return STEERING.test(path) || HEADERS.test(path) || !path.includes("/");
}

function walk(root: string, folder: string, paths: string[]): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      if (!NOTHING.includes(`${path}/`)) walk(root, `${path}/`, paths);
    } else if (isWanted(path)) paths.push(path);
  }
}

/** The files of a tree as it stands that the build may need, in order. */
export async function sourcesOf(path: string): Promise<string[]> {
  const listed = existsSync(join(path, ".git"))
    ? await run("git", ["-C", path, "ls-files", "-z", "-co", "--exclude-standard"])
    : null;
  if (listed === null || listed.missing || listed.status !== 0) {
    const paths: string[] = [];
    walk(path, "", paths);
    return paths.sort();
  }
  const names = listed.stdout.split("\0").filter((name) => name !== "" && isWanted(name));
  // The index may name what has been deleted since.
  return [...new Set(names)].sort().filter((name) => isFile(join(path, name)));
}

function isFile(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isDirectory();
}

/**
 * Writes a revision's files into a folder. An index of our own serves, outside of the repository, in
 * which nothing changes.
 */
export async function exportRevision(path: string, rev: string, folder: string): Promise<string[]> {
  const env = { GIT_INDEX_FILE: join(dirname(folder), "index") };
  const git = (args: readonly string[]) => gitOf(path, args, { env, what: `tree:${path}@${rev}` });
  const commit = await commitOf(path, rev);
  const names = (await git(["ls-tree", "-r", "-z", "--name-only", commit])).split("\0");
  const wanted = names.filter((name) => name !== "" && isWanted(name));
  await git(["read-tree", commit]);
  for (let from = 0; from < wanted.length; from += FILES_A_CALL) {
    const some = wanted.slice(from, from + FILES_A_CALL);
    await git(["checkout-index", "-f", `--prefix=${folder}/`, "--", ...some]);
  }
  return wanted.sort();
}

/** A command line has room for so many paths. */
const FILES_A_CALL = 1000;

/** What is known of a file from an earlier look: while size and time stay, its content does. */
export type Seen = Record<string, readonly [size: number, changedMs: number, hash: string]>;

/** The content of each file as a hash; `seen` is brought up to date. */
export function hashesOf(root: string, paths: readonly string[], seen: Seen): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const path of paths) {
    const { size, mtimeMs } = lstatSync(join(root, path));
    const [knownSize, knownMs, known] = seen[path] ?? [];
    const isSame = known !== undefined && knownSize === size && knownMs === mtimeMs;
    const hash = isSame
      ? known
      : createHash("sha1")
          .update(contentOf(join(root, path)))
          .digest("hex");
    seen[path] = [size, mtimeMs, hash];
    hashes.set(path, hash);
  }
  return hashes;
}

/** What a file holds, or where a link leads. */
function contentOf(path: string): Buffer | string {
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : readFileSync(path);
}

/** One hash of all of a tree's files. */
export function digestOf(hashes: ReadonlyMap<string, string>): string {
  const sum = createHash("sha256");
  for (const [path, hash] of hashes) sum.update(`${path} ${hash}\n`);
  return sum.digest("hex").slice(0, 16);
}
