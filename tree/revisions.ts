import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../kernel/cache.ts";
import { run } from "../kernel/run.ts";
import { UserError } from "../src/usererror.ts";

/** Objects that we make of a tree's revisions lie here, never in its repository. */
function objectsOf(path: string): string {
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
  return join(cacheFolder(), "trees", `${name}.objects`);
}

/** How a call of git is made. */
interface GitOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Begins the line of an error. */
  readonly what?: string;
}

/**
 * Calls git on a tree's repository and on the objects that we made of it; nothing is written but what `env`
 * says. Throws UserError with git's first line.
 */
export async function gitOf(
  path: string,
  args: readonly string[],
  { env = {}, what = path }: GitOptions = {},
): Promise<string> {
  const made = objectsOf(path);
  const seen = existsSync(made) ? { GIT_ALTERNATE_OBJECT_DIRECTORIES: made } : {};
  const outcome = await run("git", ["-C", path, ...args], { env: { ...seen, ...env } });
  if (outcome.missing) throw new UserError(`${what}: git is not installed`);
  if (outcome.status === 0) return outcome.stdout;
  const [why = "git fails"] = outcome.stderr.trim().split("\n");
  throw new UserError(`${what}: ${why}`);
}

/** Where something lies in a tree's repository. */
async function gitPath(path: string, name: string): Promise<string> {
  const args = ["rev-parse", "--path-format=absolute", "--git-path", name];
  return (await gitOf(path, args)).trim();
}

/** The whole hash of the commit that a revision names. */
export async function commitOf(path: string, rev: string): Promise<string> {
  const args = ["rev-parse", "--verify", "--end-of-options", `${rev}^{commit}`];
  return (await gitOf(path, args, { what: `tree:${path}@${rev}` })).trim();
}

/** Twelve digits of a commit's hash and its subject, as commits are cited. */
export async function citation(path: string, commit: string): Promise<string> {
  const text = await gitOf(path, ["show", "-s", "--abbrev=12", '--format=%h ("%s")', commit]);
  return text.trim();
}

/** The commits of a range, the oldest first. */
export async function commitsIn(path: string, base: string, head: string): Promise<string[]> {
  const text = await gitOf(path, ["rev-list", "--reverse", "--no-merges", `${base}..${head}`]);
  return text.split("\n").filter((line) => line !== "");
}

/** How git heads what changes: with the line that begins the function before it. */
const HUNK = /^@@ [^@]* @@ (.*)$/gm;

/** The functions in which, or right after which, C files differ between two commits, in order. */
export async function patchedFunctions(path: string, from: string, to: string): Promise<string[]> {
  const args = ["diff-tree", "-p", "-r", "-U0", "--no-color", "--no-ext-diff", from, to];
  return functionsIn(await gitOf(path, [...args, "--", "*.c", "*.h"]));
}

/** The functions that the heads of a patch's hunks name. */
export function functionsIn(patch: string): string[] {
  const names = [...patch.matchAll(HUNK)].map(([, line = ""]) => {
    const call = /^SYSCALL_DEFINE\d\((\w+)/.exec(line)?.[1];
    return call === undefined ? /(\w+)\s*\(/.exec(line)?.[1] : `__do_sys_${call}`;
  });
  return [...new Set(names.filter((name) => name !== undefined))];
}

const WHO = {
  GIT_COMMITTER_NAME: "pfndiff",
  GIT_COMMITTER_EMAIL: "pfndiff@localhost",
  GIT_COMMITTER_DATE: "2000-01-01T00:00:00Z",
};

/**
 * Applies the mails of a series one after another to a commit. Returns the last commit; all of them lie
 * outside of the user's repository. Throws UserError for a patch that does not apply.
 */
export async function applyMbox(path: string, base: string, mbox: string): Promise<string> {
  if (!existsSync(mbox)) throw new UserError(`--mbox: ${mbox} is not there`);
  const folder = mkdtempSync(join(tmpdir(), "pfndiff-mbox-"));
  const objects = objectsOf(path);
  mkdirSync(objects, { recursive: true });
  const env = {
    GIT_INDEX_FILE: join(folder, "index"),
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: await gitPath(path, "objects"),
  };
  try {
    await gitOf(path, ["mailsplit", "-b", `-o${folder}`, "--", mbox], { what: mbox });
    await gitOf(path, ["read-tree", base], { env });
    const mails = readdirSync(folder).filter((name) => /^\d+$/.test(name));
    if (mails.length === 0) throw new UserError(`--mbox: ${mbox} holds no mail`);
    let head = base;
    for (const mail of mails.sort())
      head = await applyMail({ path, folder, mail, mbox, env }, head);
    return head;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Applying {
  readonly path: string;
  readonly folder: string;
  /** The name of the mail's file in the folder. */
  readonly mail: string;
  readonly mbox: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The commit that a mail makes of its parent; a cover letter changes nothing. */
async function applyMail(
  { path, folder, mail, mbox, env }: Applying,
  parent: string,
): Promise<string> {
  const [message, patch] = [join(folder, "message"), join(folder, "patch")];
  const script = 'git mailinfo "$1" "$2" < "$3"';
  const told = await run("sh", ["-c", script, "sh", message, patch, join(folder, mail)]);
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(told.stdout)?.[1] ?? "";
  const subject = field("Subject");
  if (!readFileSync(patch, "utf8").includes("\ndiff --git ")) return parent;
  const what = `${mbox}: ${JSON.stringify(subject)} does not apply`;
  await gitOf(path, ["apply", "--cached", "--whitespace=nowarn", patch], { env, what });
  const tree = (await gitOf(path, ["write-tree"], { env })).trim();
  writeFileSync(message, `${subject}\n\n${readFileSync(message, "utf8")}`);
  const author = {
    GIT_AUTHOR_NAME: field("Author") || "unknown",
    GIT_AUTHOR_EMAIL: field("Email") || "unknown",
    GIT_AUTHOR_DATE: field("Date") || WHO.GIT_COMMITTER_DATE,
  };
  const args = ["commit-tree", "-p", parent, "-F", message, tree];
  return (await gitOf(path, args, { env: { ...env, ...WHO, ...author } })).trim();
}

/** A repository of our own, at a commit of a tree's, for what git writes down while it bisects. */
export async function borrowedRepository(
  path: string,
  folder: string,
  commit: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const [own, shallow] = [await gitPath(path, "objects"), await gitPath(path, "shallow")];
  await gitOf(folder, ["init", "-q", "--bare", "."]);
  writeFileSync(join(folder, "objects", "info", "alternates"), `${own}\n`);
  if (existsSync(shallow)) copyFileSync(shallow, join(folder, "shallow"));
  await gitOf(folder, ["update-ref", "--no-deref", "HEAD", commit]);
}
