import { describe, expect, test } from "vitest";
import { GOALS, type Goal } from "../../fuzz/goals.ts";
import { goalsBeyond } from "../../fuzz/reachable.ts";
import { tallyRuns } from "../../fuzz/executor.ts";
import { KrefTracking } from "../../modern/tracking.ts";
import { modernSpec } from "../../modern/index.ts";
import { knownBackends, openModel } from "../../src/cli/backends.ts";
import { differentialOf } from "../../src/cli/campaign.ts";
import type { Outcome } from "../../src/mm/errno.ts";
import { type ModelBackend, modelBackend } from "../../src/model/backend.ts";
import { sampleOf } from "../long.ts";

const IDS = knownBackends().filter((id) => /[@:](?!RELEASE|PATH|TREE|REV)/.test(id));
const RUNS = 500;

const itself = (model: ModelBackend) => differentialOf({ before: model, after: model });

async function beyond(model: ModelBackend): Promise<Goal[]> {
  return (await goalsBeyond(itself(model))).map(({ goal }) => goal);
}

/** A design of one's own: the refcounted one with a hook of its own. */
function own(Tracking: typeof KrefTracking): ModelBackend {
  const spec = modernSpec("7.2");
  const tracking: typeof spec.tracking = (ranges, _log, kernel) => new Tracking(ranges, kernel);
  return modelBackend("own", "kref", { ...spec, tracking });
}

describe("goals that a pair is not held to", () => {
  test.each(sampleOf(IDS, 4))(
    "of %s against itself are those that no campaign of it reaches",
    async (id) => {
      const model = await openModel(id);
      const { goals } = await tallyRuns(5, 0, RUNS, itself(model));
      expect(await beyond(model)).toEqual(GOALS.filter((_, bit) => goals[bit] === 0));
    },
  );

  test("are none where one side alone can reach each", async () => {
    const [before, after] = await Promise.all([openModel("legacy@6.12"), openModel("modern@7.2")]);
    expect(await goalsBeyond(differentialOf({ before, after }))).toEqual([]);
  });

  test("come with what was tried", async () => {
    const [left] = await goalsBeyond(itself(await openModel("modern@7.2")));
    expect(left).toEqual({
      goal: "fork-fails",
      why: "neither side reaches it by a fork of a mapping as it is, in pieces, moved, or with its first page copied",
    });
  });

  test("follow what a design of one's own does, not what it is called", async () => {
    const copies = class extends KrefTracking {
      override copy(): Outcome {
        return "ENOMEM";
      }
    };
    const sharesOnly = class extends KrefTracking {
      override remap(...args: Parameters<KrefTracking["remap"]>): Outcome {
        const [vma] = args;
        return vma.isPrivate ? "EINVAL" : super.remap(...args);
      }
    };
    expect(await beyond(own(copies))).toEqual(["fork-split"]);
    expect(await beyond(own(sharesOnly))).toEqual(["fork-fails", "cow-first"]);
  });
});
