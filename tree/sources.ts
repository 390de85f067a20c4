import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
} from "node:fs";
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
  if (spec === "") throw new UserError("tree: names no kernel tree (tree:PATH, tree:PATH@REV)");
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
/** And this one, which knows what files can be punched (madvise(MADV_REMOVE)). */
const FILES = ["fs/open.c"];
/** Folders without anything that the build reads. */
const NOTHING = ["tools/testing/", ".git/"];
/** What configures and steers the build, wherever it stands. */
const STEERING = /(^|\/)(Kconfig[^/]*|Makefile[^/]*|Kbuild[^/]*|Build)$/;
/** Folders of which the code includes headers. */
const HEADERS = /^(block|crypto|fs|io_uring|ipc|net|security|virt)\/.*\.h$/;
/** What a build has left there; ours makes its own. */
const BUILT = /(\.(o|a|so|ko|cmd|d|order|mod|symvers)|(^|\/)(\.config[^/]*|vmlinux|\.tmp[^/]*))$/;
const BUILT_FOLDERS = ["include/generated/", "include/config/", "arch/x86/include/generated/"];

/** Whether a build may need a file, by its path in the tree. */
export type Wants = (path: string) => boolean;

/** Texts, other processors, and drivers of what no guest has: half of a tree's files, most of its size. */
const NOT_OF_GUESTS =
  /^(Documentation|sound|arch\/(?!x86\/)\w+|drivers\/(gpu|net|media|infiniband|staging|scsi|iio|clk|pinctrl))\//;

const isSource: Wants = (path) =>
  !BUILT.test(path) && ![...BUILT_FOLDERS, ...NOTHING].some((folder) => path.startsWith(folder));

/** Whether a guest's kernel may be built of a file. */
export const isOfKernel: Wants = (path) =>
  isSource(path) && (!NOT_OF_GUESTS.test(path) || STEERING.test(path));

/** Whether the build of a program may need a file. */
export function isWanted(path: string): boolean {
  if (!isSource(path)) return false;
  if (WHOLE.some((folder) => path.startsWith(folder))) return true;
  if (FILES.includes(path)) return true;
  return STEERING.test(path) || HEADERS.test(path) || !path.includes("/");
}

function walk(root: string, folder: string, paths: string[], wants: Wants): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      if (!NOTHING.includes(`${path}/`)) walk(root, `${path}/`, paths, wants);
    } else if (wants(path)) paths.push(path);
  }
}

/** The files of a tree as it stands that the build may need, in order. */
export async function sourcesOf(path: string, wants: Wants = isWanted): Promise<string[]> {
  const listed = existsSync(join(path, ".git"))
    ? await run("git", ["-C", path, "ls-files", "-z", "-co", "--exclude-standard"])
    : null;
  if (listed === null || listed.missing || listed.status !== 0) {
    const paths: string[] = [];
    walk(path, "", paths, wants);
    return paths.sort();
  }
  const names = listed.stdout.split("\0").filter((name) => name !== "" && wants(name));
  // The index may name what has been deleted since.
  return [...new Set(names)].sort().filter((name) => isFile(join(path, name)));
}

function isFile(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isDirectory();
}

/** The files of a tree that its build may need. */
export interface Sources {
  /** Each file's mode and git's hash of what it holds: a file of a revision and one as it stands compare. */
  readonly files: ReadonlyMap<string, string>;
  /** Writes some of them below a folder, where nothing stands in their way. */
  write(paths: readonly string[], folder: string): Promise<void>;
}

/** A tree as it stands; `seen` is brought up to date. */
export async function standingSources(
  path: string,
  seen: Seen,
  wants: Wants = isWanted,
): Promise<Sources> {
  return {
    files: filesOf(path, await sourcesOf(path, wants), seen),
    async write(paths, folder) {
      const made = new Set<string>();
      for (const name of paths) {
        const to = join(folder, name);
        if (!made.has(dirname(to))) mkdirSync(dirname(to), { recursive: true });
        made.add(dirname(to));
        copyAsIs(join(path, name), to);
      }
    },
  };
}

function copyAsIs(from: string, to: string): void {
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to);
}

/**
 * A revision of a tree's repository, in which nothing changes: what git writes down goes into `index`, a file
 * of our own.
 */
export async function revisionSources(
  path: string,
  rev: string,
  index: string,
  wants: Wants = isWanted,
): Promise<Sources> {
  const git = (args: readonly string[]) =>
    gitOf(path, args, { env: { GIT_INDEX_FILE: index }, what: `tree:${path}@${rev}` });
  const commit = await commitOf(path, rev);
  return {
    files: filesInListing(await git(["ls-tree", "-r", "-z", "--full-tree", commit]), wants),
    async write(paths, folder) {
      // Whoever writes is alone here: a lock is what a killed one has left.
      rmSync(`${index}.lock`, { force: true });
      await git(["read-tree", commit]);
      for (let from = 0; from < paths.length; from += FILES_A_CALL) {
        const some = paths.slice(from, from + FILES_A_CALL);
        await git(["checkout-index", "-f", `--prefix=${folder}/`, "--", ...some]);
      }
    },
  };
}

/** A command line has room for so many paths. */
const FILES_A_CALL = 1000;
/** An entry of `git ls-tree -z` that is a file or a link. */
const ENTRY = /^(\d+) blob ([0-9a-f]+)\t([^]*)$/;

/** The wanted files of what `git ls-tree -r -z` lists. */
export function filesInListing(listing: string, wants: Wants = isWanted): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of listing.split("\0")) {
    const [, mode = "", hash = "", path = ""] = ENTRY.exec(entry) ?? [];
    if (path !== "" && wants(path)) files.set(path, `${mode} ${hash}`);
  }
  return files;
}

/** What is known of a file from an earlier look: while size and time stay, its content does. */
export type Seen = Record<string, readonly [size: number, changedMs: number, hash: string]>;

/** What files of a folder are, as git has it; `seen` is brought up to date. */
export function filesOf(root: string, paths: readonly string[], seen: Seen): Map<string, string> {
  const files = new Map<string, string>();
  for (const path of paths) {
    const stat = lstatSync(join(root, path));
    const { size, mtimeMs } = stat;
    const [knownSize, knownMs, known] = seen[path] ?? [];
    const isSame = known !== undefined && knownSize === size && knownMs === mtimeMs;
    const hash = isSame ? known : blobHash(contentOf(join(root, path), stat));
    seen[path] = [size, mtimeMs, hash];
    files.set(path, `${modeOf(stat)} ${hash}`);
  }
  return files;
}

/** What a file holds, or where a link leads. */
function contentOf(path: string, stat: Stats): Buffer {
  return stat.isSymbolicLink() ? Buffer.from(readlinkSync(path)) : readFileSync(path);
}

function blobHash(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

function modeOf(stat: Stats): string {
  if (stat.isSymbolicLink()) return "120000";
  return (stat.mode & 0o100) === 0 ? "100644" : "100755";
}

/** One hash of all of a tree's files. */
export function digestOf(files: ReadonlyMap<string, string>): string {
  const sum = createHash("sha256");
  for (const path of [...files.keys()].sort()) sum.update(`${path} ${files.get(path)}\n`);
  return sum.digest("hex").slice(0, 16);
}
