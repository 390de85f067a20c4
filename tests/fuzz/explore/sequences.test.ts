import { describe, expect, it } from "vitest";
import { Expander, symptomKey } from "../../../fuzz/explore/expander.ts";
import { search } from "../../../fuzz/explore/search.ts";
import { everySequence, type ScopeTally } from "../../../fuzz/explore/sequences.ts";
import { VARIANTS, variantBackend } from "../../../src/models.ts";
import { SpillFolder } from "../../../src/cli/spillfolder.ts";
import { MachineSide } from "../../../src/engine/machineside.ts";
import type { ModelBackend } from "../../../src/model/backend.ts";
import { SYMPTOMS } from "../../../src/oracle/finding.ts";
import { judgeSide } from "../../../src/oracle/judge.ts";
import { traceSchema } from "../../../src/trace/trace.ts";
import { MODELS } from "../../models.ts";

const BOUNDS = { procs: 2, slots: 2, pages: 2, depth: 3 };

const legacy = MODELS["6.12"] as ModelBackend;
const modern = MODELS["7.2"] as ModelBackend;

function tallyOf(model: ModelBackend, depth = BOUNDS.depth): ScopeTally {
  let last: ScopeTally | undefined;
  for (const tally of everySequence({ ...BOUNDS, depth }, new MachineSide(model))) last = tally;
  if (last === undefined) throw new Error("a scope has a tally");
  return last;
}

describe("every sequence of a small scope", () => {
  it.each([
    ["VM_PAT", legacy],
    ["refcounted", modern],
  ])("shows of the %s design what exploring it shows, as early", async (_name, model) => {
    const expander = new Expander(BOUNDS, new MachineSide(model), new MachineSide(model));
    const expand = async (paths: Parameters<Expander["expand"]>[0]) => expander.expand(paths);
    const limits = { ahead: 1, memory: 2 ** 28, spill: new SpillFolder(null) };
    const found = await search({ bounds: BOUNDS, expander, expand, ...limits });
    const depths = new Map(found.symptoms.map(({ key, depth }) => [key, depth]));
    const { shown } = tallyOf(model);
    for (const symptom of SYMPTOMS) {
      const { fewest, shortest } = shown[symptom];
      expect(fewest).toBe(depths.get(symptomKey("after", symptom)) ?? null);
      if (shortest === undefined) expect(fewest).toBeNull();
      else {
        // The process comes first; the last op shows the symptom, and no other does.
        expect(shortest.ops).toHaveLength((fewest ?? 0) + 1);
        const { findings } = judgeSide(model.recordSync(traceSchema.parse(shortest)), "after");
        const steps = findings.filter((one) => one.symptom === symptom).map(({ step }) => step);
        expect(new Set(steps)).toEqual(new Set([fewest]));
      }
    }
    expect(shown["over-retention"].sequences).toBeGreaterThan(10);
  });

  it("counts a sequence once, and only what its last op shows", () => {
    const [one, two] = [tallyOf(legacy, 1), tallyOf(legacy, 2)];
    // Spawn, fork and exit; 3 ranges of pfns in 4 flavours, in each of 2 areas.
    expect(one.sequences).toBe(3 + 2 * 3 * 4);
    expect(one.shown["double-untrack"]).toEqual({ sequences: 0, fewest: null });
    // The head of a mapping of two pages, unmapped or replaced: each flavour and area.
    expect(two.shown["double-untrack"].fewest).toBe(2);
    expect(two.shown.leak.sequences).toBe(0);
  });

  it("tells designs apart as the arena does: A gives back more, D6 refuses", () => {
    const of = (name: string) => {
      const variant = VARIANTS.find((known) => known.name === name);
      if (variant === undefined) throw new Error(`no variant ${name}`);
      return tallyOf(variantBackend(variant));
    };
    expect(of("A").pageOps).toBeLessThan(tallyOf(modern).pageOps);
    expect(of("D6").shown.refused.fewest).toBe(1);
    expect(of("C2-old").shown["double-untrack"].fewest).toBeNull();
  });
});
