import { describe, expect, it } from "vitest";
import { changesOf } from "../../src/explain/changes.ts";
import { readExcerpt } from "../../src/explain/excerpt.ts";
import { fixesOf, mendedIn, modelOfRelease, RELEASES } from "../../src/explain/releases.ts";
import { run } from "../cli/run.ts";

describe("the change that a behaviour began or ended with", () => {
  const legacy = RELEASES.map(({ id }) => id).filter((id) => id.startsWith("legacy@"));

  it.each([
    [["legacy@6.1.0", "legacy@6.6.0"], ["ended 04c35ab3bdae"]],
    [["legacy@6.12.23"], ["began dc84bc2aba85", "ended e9f180d7cfde"]],
    [legacy, ["ended the series"]],
    [RELEASES.map(({ id }) => id).filter((id) => !legacy.includes(id)), ["began the series"]],
    // One of the models of a stage alone: another reason than the fixes, of which nothing is said.
    [["legacy@6.15"], []],
    [["modern@7.2"], []],
    [[], []],
  ])("%j", (shows, told) => {
    const changes = changesOf(shows).map(({ how, by }) => `${how} ${by}`);
    expect(changes).toHaveLength(told.length);
    for (const [at, words] of told.entries()) expect(changes[at]).toContain(words);
  });

  it("is told with a sequence, which shows on models of that stage alone", async () => {
    const stdin = "x86/PAT: gl:8 freeing invalid memtype [mem 0xfe001000-0xfe001fff]";
    const argv = ["explain", "--runs", "300", "--release", "6.12.25", "--json", "-"];
    const { answers } = JSON.parse((await run(argv, { stdin })).out);
    const changes = answers.flatMap(
      ({ sequences }: { sequences: { changes: { by: string }[] }[] }) =>
        sequences.flatMap((sequence) => sequence.changes.map(({ by }) => by.split(" ")[0])),
    );
    expect(changes).toContain("e9f180d7cfde");
  });
});

describe("a point release", () => {
  it.each([
    ["4.4.302", undefined],
    ["5.15.154", "legacy@6.1.0"],
    ["6.1.84", "legacy@6.1.0"],
    ["6.1.85", "legacy@6.12.0"],
    ["6.1.159", "legacy@6.12.0"],
    ["6.1.160", "legacy@6.1"],
    ["6.1.0-56-amd64", "legacy@6.1"],
    ["6.3.13", "legacy@6.6.0"],
    ["6.6.26", "legacy@6.12.0"],
    ["6.6.87", "legacy@6.12.23"],
    ["6.6.93", "legacy@6.1"],
    ["6.8.5", "legacy@6.12.0"],
    ["6.12.22", "legacy@6.12.0"],
    ["6.12.30", "legacy@6.12.23"],
    ["6.12.31", "legacy@6.12"],
    ["6.13.12", "legacy@6.12.23"],
    ["6.14.1", "legacy@6.12.0"],
    ["6.14.8", "legacy@6.12.23"],
    ["6.14.9", "legacy@6.12"],
    ["6.15.4", "legacy@6.15"],
    ["6.16.3", "modern@6.16"],
    ["9.0", "modern@7.3"],
  ])("%s is stood for by %s", (release, model) => {
    expect(modelOfRelease(release)?.id).toBe(model);
  });

  it.each([
    ["6.6.90", { e9f180d7cfde: "6.6.93" }, {}],
    ["6.1.120", { d155df53f310: "6.1.160", dc84bc2aba85: "6.1.160" }, {}],
    ["6.14.8", { e9f180d7cfde: "6.14.9" }, {}],
    ["6.14.9", {}, {}],
    ["6.12.117+deb12-amd64", {}, {}],
    ["5.14.0-427.el9", {}, { "04c35ab3bdae": "6.9", d155df53f310: "6.3" }],
  ])("%s lacks these fixes, which later ones have: %j", (release, lacks, unknown) => {
    const fixes = [...fixesOf(release)];
    const those = (has: boolean | null) =>
      Object.fromEntries(
        fixes.filter((fix) => fix[1] === has).map(([fix]) => [fix, mendedIn(fix, release)]),
      );
    expect(those(false)).toEqual(lacks);
    expect(those(null)).toMatchObject(unknown);
  });

  it("of a Debian kernel is what stands beside its name", () => {
    const line =
      "Linux version 6.1.0-56-amd64 (gcc) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026)";
    expect(readExcerpt(line).release).toBe("6.1.192-2 (6.1.0-56-amd64)");
    const tainted = "CPU: 0 PID: 9 Comm: gl Not tainted 6.1.0-30-amd64 #1  Debian 6.1.124-1";
    expect(readExcerpt(tainted).release).toBe("6.1.124-1 (6.1.0-30-amd64)");
  });

  it("is told with what it lacks and since when that is mended", async () => {
    const stdin = "x86/PAT: gl:8 freeing invalid memtype [mem 0xfe001000-0xfe001fff]";
    const { out } = await run(["explain", "--runs", "1", "--release", "6.6.90", "-"], { stdin });
    const text = out.replaceAll("\n", " ");
    expect(text).toMatch(
      /Its tracking lacks e9f180d7cfde \(only the copies [^)]*; in 6\.6\.93\)\./,
    );
    const newest = await run(["explain", "--runs", "1", "--release", "6.12.117", "-"], { stdin });
    expect(newest.out).not.toContain("lacks");
  });
});
