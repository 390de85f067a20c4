import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { run } from "../cli/run.ts";

const out = mkdtempSync(join(tmpdir(), "pfndiff-cases-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

const design = (name: string) => `file:tests/data/designs/${name}.js`;

describe("a refcounted design of one's own", () => {
  it("passes beside the one that shipped, and is not held to a fork that fails", async () => {
    const sides = ["--before", "modern@7.2", "--after", design("kref")];
    const ended = await run(["fuzz", ...sides, "--runs", "500", "--full", "--out", out]);
    expect(ended.out).toContain("goals: 11 reached\ngoals left out: fork-fails (neither side");
    expect(ended).toMatchObject({ status: 0 });
  });
});
