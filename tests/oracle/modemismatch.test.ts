import { describe, expect, test } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { KrefTracking } from "../../modern/tracking.ts";
import { modernSpec } from "../../modern/index.ts";
import { isModel } from "../../src/cli/backends.ts";
import { openFileBackend } from "../../src/cli/filebackend.ts";
import { TwoSides } from "../../src/engine/twosides.ts";
import { modelBackend } from "../../src/model/backend.ts";
import { judge } from "../../src/oracle/judge.ts";
import { exit, map, scene, spawn } from "./scenes.ts";

/** The refcounted design, mapping pages with the mode that was wanted, whatever is reserved. */
class MapsWanted extends KrefTracking {
  override remap(...[vma, wanted, granted, pfn]: Parameters<KrefTracking["remap"]>) {
    const error = super.remap(vma, wanted, granted, pfn);
    granted.mode = wanted;
    return error;
  }
}

const right = modelBackend("right", "kref", modernSpec("7.2"));
const wrong = modelBackend("wrong", "kref", {
  ...modernSpec("7.2"),
  tracking: (ranges, _log, kernel) => new MapsWanted(ranges, kernel),
});

const trace = scene([spawn(), map(0, 1, 0, { via: "resource_wc" }), map(2, 1, 0), exit()]);

describe("a page mapped with another mode than is reserved for it", () => {
  test("is found while the sides run, and in their recordings", () => {
    const contexts = { contexts: true };
    const recorded = judge(right.recordSync(trace, contexts), wrong.recordSync(trace, contexts));
    for (const { findings } of [new TwoSides(right, wrong).run(trace), recorded]) {
      expect(findings.map(({ signature, step }) => `${step} ${signature}`)).toEqual([
        "2 introduced:missed-conflict:mmap",
        "2 introduced:mode-mismatch:mmap",
        "2 introduced:alias:mmap",
      ]);
    }
  });

  test("is no finding of a design that maps what was granted", () => {
    expect(new TwoSides(right, right).run(trace).findings).toEqual([]);
  });

  test.each(["maps-wanted-mode", "maps-wanted-mode-files-only"])(
    "is found in the design %s by every seed of four, within 20,000 ops of system calls",
    async (name) => {
      const own = await openFileBackend(`file:tests/data/designs/${name}.js`);
      if (!isModel(own)) throw new Error("the design is a model");
      const sides = new TwoSides(right, own);
      for (const seed of [1, 2, 3, 4]) {
        let [ops, isFound] = [0, false];
        for (let run = 0; ops < 20_000 && !isFound; run++) {
          const drawn = traceOfRun(seed, run);
          ops += drawn.ops.length;
          isFound = sides.run(drawn).findings.some(({ symptom }) => symptom === "mode-mismatch");
        }
        expect(isFound).toBe(true);
      }
    },
  );
});
