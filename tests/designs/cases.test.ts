import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SOURCES } from "../../fuzz/sources.ts";
import { isModel } from "../../src/cli/backends.ts";
import { openFileBackend } from "../../src/cli/filebackend.ts";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { run } from "../cli/run.ts";
import { MODELS } from "../models.ts";

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

  it.each([
    "sixteen-sharers",
    "context-over-8-pages",
    "failed-move-loses-reference",
    "failed-fork-leaks-reference",
  ])("with the fault %s is found by every seed of three, within 200,000 ops", async (name) => {
    const own = await openFileBackend(design(name));
    if (!isModel(own)) throw new Error("the design is a model");
    const sides = new TwoSides(MODELS["7.2"] as ModelBackend, own);
    for (const seed of [1, 2, 3]) {
      let [ops, isFound] = [0, false];
      for (let at = 0; ops < 200_000 && !isFound; at++) {
        const drawn = SOURCES.mixed(seed, at);
        ops += drawn.ops.length;
        const { findings } = sides.run(drawn);
        isFound = findings.some(({ verdict }) => verdict === "introduced");
      }
      expect(isFound).toBe(true);
    }
  });
});
