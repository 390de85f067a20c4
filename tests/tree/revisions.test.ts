import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Bisection } from "../../src/cli/bisect.ts";
import { revisionSources, standingSources } from "../../tree/sources.ts";
import { applyMbox, citation, commitOf, commitsIn, gitOf } from "../../tree/revisions.ts";

/** A repository of eight commits, each of which writes its number into a file. */
const root = mkdtempSync(join(tmpdir(), "pfndiff-revisions-"));
const repo = join(root, "repo");
const commits: string[] = [];

function git(...args: string[]): string {
  const who = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
  return execFileSync("git", ["-C", repo, ...who, ...args], { encoding: "utf8" }).trim();
}

beforeAll(() => {
  vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  execFileSync("git", ["init", "-q", repo]);
  for (let number = 0; number < 8; number++) {
    writeFileSync(join(repo, "mm.c"), `${number}\n`);
    git("add", "mm.c");
    git("commit", "-qm", `mm: number ${number}`);
    commits.push(git("rev-parse", "HEAD"));
  }
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const nth = (number: number) => commits[number] ?? "";
/** All that a repository holds, by name. */
const everything = () => readdirSync(join(repo, ".git"), { recursive: true }).sort();

describe("a series of mails", () => {
  test("becomes commits on top of BASE, and the repository does not change", async () => {
    const mbox = join(root, "series.mbox");
    writeFileSync(mbox, git("format-patch", "--stdout", "--cover-letter", `${nth(4)}..${nth(7)}`));
    const was = everything();
    // Away from where the patches come from: the same file stands there as it does at commit 4.
    const head = await applyMbox(repo, nth(4), mbox);
    expect(await gitOf(repo, ["show", `${head}:mm.c`])).toBe("7\n");
    const subjects = (await commitsIn(repo, nth(4), head)).map((one) => citation(repo, one));
    expect((await Promise.all(subjects)).map((text) => text.slice(13))).toEqual([
      '("mm: number 5")',
      '("mm: number 6")',
      '("mm: number 7")',
    ]);
    expect(everything()).toEqual(was);
  });

  test("that does not apply is one line with the patch", async () => {
    const mbox = join(root, "wrong.mbox");
    writeFileSync(mbox, git("format-patch", "--stdout", `${nth(4)}..${nth(5)}`));
    await expect(applyMbox(repo, nth(1), mbox)).rejects.toThrow(
      /wrong\.mbox: "mm: number 5" does not apply: error: patch failed: mm\.c:1/,
    );
    await expect(applyMbox(repo, nth(1), join(root, "none"))).rejects.toThrow(/is not there/);
  });

  test("a revision that there is not is one line", async () => {
    await expect(commitOf(repo, "nowhere")).rejects.toThrow(/^tree:.*@nowhere: fatal: /);
  });
});

describe("the files of a revision", () => {
  const index = join(root, "index");

  test("are known as those of the tree are that stands there, and the repository does not change", async () => {
    symlinkSync("mm.c", join(repo, "link"));
    writeFileSync(join(repo, "run"), "#!/bin/sh\n", { mode: 0o755 });
    git("add", "-A");
    git("commit", "-qm", "more kinds of files");
    const was = everything();
    const standing = await standingSources(repo, {});
    expect([...standing.files.keys()]).toEqual(["link", "mm.c", "run"]);
    expect((await revisionSources(repo, "HEAD", index)).files).toEqual(standing.files);
    const earlier = await revisionSources(repo, nth(3), index);
    expect([...earlier.files.keys()]).toEqual(["mm.c"]);
    expect(earlier.files.get("mm.c")).not.toBe(standing.files.get("mm.c"));
    expect(everything()).toEqual(was);
    git("reset", "-q", "--hard", nth(7));
  });

  test("are written where they are wanted, over what a killed one has left", async () => {
    writeFileSync(`${index}.lock`, "");
    const copy = join(root, "copy");
    const { files, write } = await revisionSources(repo, nth(3), index);
    await write([...files.keys()], copy);
    expect(readFileSync(join(copy, "mm.c"), "utf8")).toBe("3\n");
    await (await revisionSources(repo, nth(4), index)).write([], copy);
    expect(readFileSync(join(copy, "mm.c"), "utf8")).toBe("3\n");
  });
});

describe("a search for the first bad commit", () => {
  /** Marks what the search asks for until it has ended, or so many times. */
  async function search(first: number, skipped: readonly number[], most = 99): Promise<string[]> {
    const bisection = await Bisection.of(repo, nth(0), nth(7), `${first} ${skipped}`);
    for (let asked = 0; asked < most; asked++) {
      const commit = await bisection.next();
      if (commit === null) {
        const found = await bisection.found();
        bisection.end();
        return found;
      }
      const number = commits.indexOf(commit);
      const mark = number >= first ? "bad" : "good";
      await bisection.mark(commit, skipped.includes(number) ? "skip" : mark);
    }
    return [];
  }

  test.each([1, 4, 7])("finds commit %i, and the repository does not change", async (first) => {
    const was = everything();
    expect(await search(first, [])).toEqual([nth(first)]);
    expect(everything()).toEqual(was);
  });

  test("goes on where it was cut short", async () => {
    expect(await search(5, [], 1)).toEqual([]);
    const again = await Bisection.of(repo, nth(0), nth(7), "5 ");
    expect(await again.next()).not.toBe(nth(3));
    expect(await search(5, [])).toEqual([nth(5)]);
  });

  test("names several where what lies between them cannot be told", async () => {
    expect((await search(5, [4, 5])).sort()).toEqual([nth(4), nth(5), nth(6)].sort());
  });
});
