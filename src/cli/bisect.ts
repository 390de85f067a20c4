import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../kernel/cache.ts";
import { KernelUnavailable } from "../../kernel/unavailable.ts";
import { borrowedRepository, citation, commitOf, gitOf } from "../../tree/revisions.ts";
import { treeSpec } from "../../tree/sources.ts";
import { findingFileSchema } from "../results/findings.ts";
import { readJson } from "../results/json.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import { withPair } from "./backends.ts";
import { replayOn } from "./bothsides.ts";
import { givenTrace, isSignature } from "./given.ts";
import { EXIT, type Io } from "./io.ts";

/** What a commit shows of a finding: `skip` where that cannot be told. */
export type Mark = "good" | "bad" | "skip";

/** A search for the first bad commit, by `git bisect` in a repository of our own. */
export class Bisection {
  private constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Begins, or goes on with one that was cut short; `key` names what is searched for. */
  static async of(path: string, good: string, bad: string, key: string): Promise<Bisection> {
    const name = createHash("sha256").update([path, good, bad, key].join("\0")).digest("hex");
    const folder = join(cacheFolder(), "trees", `${name.slice(0, 16)}.bisect`);
    const bisection = new Bisection(folder, { GIT_DIR: folder });
    if (existsSync(join(folder, "BISECT_LOG"))) return bisection;
    rmSync(folder, { recursive: true, force: true });
    await borrowedRepository(path, folder, bad);
    await bisection.git(["start", "--no-checkout", bad, good]);
    return bisection;
  }

  /** The commit to look at next, or null once no more of them can tell. */
  async next(): Promise<string | null> {
    const log = await this.git(["log"]);
    if (/^# (first bad commit|only skipped commits left)/m.test(log)) return null;
    return (await gitOf(this.folder, ["rev-parse", "BISECT_HEAD"], { env: this.env })).trim();
  }

  async mark(commit: string, mark: Mark): Promise<void> {
    // With only skipped commits left, git says so by its status.
    await this.git([mark, commit]).catch(async (error: unknown) => {
      if ((await this.next()) !== null) throw error;
    });
  }

  /** The first bad commit; several where those between them could not be told. */
  async found(): Promise<string[]> {
    const log = await this.git(["log"]);
    const [, first] = /^# first bad commit: \[([0-9a-f]+)\]/m.exec(log) ?? [];
    if (first !== undefined) return [first];
    return [...log.matchAll(/^# possible first bad commit: \[([0-9a-f]+)\]/gm)].map(
      ([, commit = ""]) => commit,
    );
  }

  /** Forgets the search. */
  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private git(args: readonly string[]): Promise<string> {
    return gitOf(this.folder, ["bisect", ...args], { env: this.env });
  }
}

/**
 * Finds the first commit of a tree that shows a finding which GOOD does not show. Returns 4 where commits
 * that do not build leave several.
 */
export async function bisect(
  io: Io,
  tree: string,
  [goodRev, badRev]: readonly [good: string, bad: string],
  name: string,
): Promise<number> {
  const { path } = treeSpec(tree);
  const { signature, trace } = await findingOf(io, name);
  const [good, bad] = [await commitOf(path, goodRev), await commitOf(path, badRev)];
  const shows = (commit: string) => isShown(path, good, commit, signature, trace);
  const bisection = await Bisection.of(
    path,
    good,
    bad,
    `${signature} ${JSON.stringify(trace.ops)}`,
  );
  if (!(await shows(bad))) {
    bisection.end();
    throw new UserError(`${badRev}: does not show ${signature} against ${goodRev}`);
  }
  for (let commit = await bisection.next(); commit !== null; commit = await bisection.next()) {
    const mark = await markOf(shows(commit));
    if (io.interrupted.aborted) return EXIT.interrupted;
    io.err(`${mark}: ${await citation(path, commit)}\n`);
    await bisection.mark(commit, mark);
  }
  const found = await bisection.found();
  bisection.end();
  const cited = await Promise.all(found.map((commit) => citation(path, commit)));
  if (found.length === 1) {
    await io.out(`${cited[0]} is the first commit that shows ${signature}\n`);
    return EXIT.ok;
  }
  await io.out(`one of these is the first that shows ${signature}:\n${cited.join("\n")}\n`);
  return EXIT.nothingRan;
}

/** A finding that is accepted, by its signature, or one that was saved, by its file. */
async function findingOf(io: Io, name: string): Promise<{ signature: string; trace: Trace }> {
  if (!isSignature(name)) {
    if (!existsSync(name)) {
      throw new UserError(`${name}: is no file, and no signature such as introduced:leak:exit`);
    }
    return (await readJson(name, findingFileSchema)).finding;
  }
  const { trace } = await givenTrace(io, name, {});
  return { signature: name, trace };
}

/** Whether a commit shows a finding against GOOD. Throws KernelUnavailable where it cannot be built. */
function isShown(
  path: string,
  good: string,
  commit: string,
  signature: string,
  trace: Trace,
): Promise<boolean> {
  const ids = { before: `tree:${path}@${good}`, after: `tree:${path}@${commit}` };
  return withPair(ids, async (pair) => {
    const { findings } = await replayOn(pair, trace);
    return findings.some((finding) => finding.signature === signature);
  });
}

/** What is shown as a mark; a commit that cannot be built tells nothing. */
async function markOf(shown: Promise<boolean>): Promise<Mark> {
  try {
    return (await shown) ? "bad" : "good";
  } catch (error) {
    if (error instanceof KernelUnavailable) return "skip";
    throw error;
  }
}
