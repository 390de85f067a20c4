import { describe, expect, test } from "vitest";
import { runCampaign } from "../../fuzz/campaign.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import { openModel } from "../../src/cli/backends.ts";
import { ownBaseline, readBaseline } from "../../src/cli/baseline.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { baselineOf, witnessesOf } from "../../src/gate.ts";
import { IS_LONG } from "../long.ts";

async function campaignOf(
  before: string,
  after: string,
  seed: number,
  runs: number,
  witnesses = new Map(),
) {
  const sides = [await openModel(before), await openModel(after)] as const;
  const pair = new LiveDifferential(new ModelSide(sides[0]), new ModelSide(sides[1]));
  const differential = pair.run.bind(pair);
  const { campaign } = await runCampaign({ before, after, seed, runs, differential, witnesses });
  return campaign.findings;
}

/** What changed between two releases of one design, by the findings that it leads to. */
const CHANGED: readonly [before: string, after: string, what: RegExp][] = [
  ["legacy@6.1", "legacy@6.12", /^changed:errno:(mseal-ENOSYS-to-|madvise-EINVAL-to-ENOMEM$)/],
  ["modern@6.16", "modern@6.17", /^changed:errno:mremap-/],
  [
    "modern@6.18",
    "modern@6.19",
    /^(fixed|introduced):(refused|stale-memtype):(replace|retained|bridge)$|^changed:errno:madvise-EFBIG-to-EOPNOTSUPP$/,
  ],
  ["modern@7.0", "modern@7.1", /^changed:errno:(mremap-\w+-to-\w+|peek-ok-to-EIO)$/],
];

describe("neighbouring releases differ in what changed, and in nothing that follows from it", () => {
  test.each(CHANGED)("%s against %s", async (before, after, what) => {
    const told = (await campaignOf(before, after, 1, 800)).map(({ signature }) => signature);
    expect(told.filter((one) => !one.startsWith("kept:") && !what.test(one))).toEqual([]);
    expect(told.some((one) => what.test(one))).toBe(true);
  });
});

const SEEDS = IS_LONG ? 10 : 3;

test("an accepted signature has the same witness in campaigns of other seeds", async () => {
  const [before, after] = ["legacy@6.12", "modern@7.2"];
  const baseline = baselineOf(await readBaseline(ownBaseline()), { before, after });
  const witnesses = new Map(witnessesOf(baseline));
  const met = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const findings = await campaignOf(before, after, seed, 150, witnesses);
    for (const { signature, trace } of findings.filter(({ parted }) => !parted)) {
      met.add(signature);
      expect(trace.ops).toEqual(witnesses.get(signature)?.ops);
    }
  }
  expect(met.size).toBeGreaterThan(20);
});
