import { describe, expect, test } from "vitest";
import { IS_LONG } from "../long.ts";
import { runCampaign } from "../../fuzz/campaign.ts";
import { localExecutor } from "../../fuzz/executor.ts";
import { LiveDifferential } from "../../fuzz/livedifferential.ts";
import type { Root } from "../../fuzz/roots/root.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { type Replayed, rootsOf } from "../../reports/roots.ts";
import { openModels } from "../../src/cli/backends.ts";
import { acceptedFor } from "../../src/cli/baseline.ts";
import { replayOn } from "../../src/cli/bothsides.ts";
import { MUTANTS, mutantPair } from "../../src/cli/mutantlist.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import { type ModelBackend, modelBackend } from "../../src/model/backend.ts";
import type { Mutant } from "../../src/model/mutant.ts";
import type { CampaignFinding } from "../../src/oracle/finding.ts";
import type { Op, Via } from "../../src/trace/op.ts";
import type { Trace } from "../../src/trace/trace.ts";

interface Models {
  readonly before: ModelBackend;
  readonly after: ModelBackend;
}

type Shown = Pick<CampaignFinding, "signature" | "trace">;

/** Signatures in the traces that show them, as a campaign would keep them. */
async function replayed(pair: Models, shown: readonly Shown[]): Promise<Replayed[]> {
  const all: Replayed[] = [];
  for (const { signature, trace } of shown) {
    const replay = await replayOn(pair, trace);
    const found = replay.findings.find((one) => one.signature === signature);
    // Of an entry that its trace shows no more it is the gate that tells.
    if (found === undefined) continue;
    const { kind: _kind, ...finding } = found;
    all.push({ finding: { ...finding, count: 1, firstRun: 0, trace }, replay });
  }
  return all;
}

async function rootsOn(pair: Models, shown: readonly Shown[]): Promise<Root[]> {
  return rootsOf(await replayed(pair, shown), (trace) => replayOn(pair, trace));
}

/** The roots of what a campaign finds, but for what both sides show alike. */
async function rootsFound(pair: Models, runs: number): Promise<Root[]> {
  const live = new LiveDifferential(new ModelSide(pair.before), new ModelSide(pair.after));
  const differential = (trace: Trace) => live.run(trace);
  const seed = 5;
  const { campaign } = await runCampaign({
    before: pair.before.id,
    after: pair.after.id,
    seed,
    runs,
    differential,
    executor: localExecutor(seed, differential, anyTrace),
    traceOf: anyTrace,
  });
  const roots = await rootsOn(pair, campaign.findings);
  return roots.filter(({ name }) => !name.startsWith("kept:"));
}

function mutant(id: string): Mutant {
  const found = MUTANTS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no mutant ${id}`);
  return found;
}

function planted(id: string): Models {
  const { reference, mutant: after } = mutantPair(mutant(id));
  return { before: reference, after };
}

/** A design with a fault in its hooks and one in what it stands on. */
function plantedTwice(inHooks: string, below: string): Models {
  const pair = planted(inHooks);
  const { spec } = mutant(inHooks);
  const { parts = {} } = mutant(below).spec;
  return { ...pair, after: modelBackend("both", pair.after.design, { ...spec, parts }) };
}

const SHIPPED = await openModels({ before: "legacy@6.12", after: "modern@7.2" });

describe("the accepted findings of the default pair", async () => {
  const { entries } = await acceptedFor(SHIPPED, { err: () => undefined });
  const roots = await rootsOn(SHIPPED, entries);

  test("come to roots that are read on one screen", async () => {
    expect(roots.filter(({ name }) => !name.startsWith("kept:")).length).toBeLessThanOrEqual(21);
    expect(roots.length).toBeLessThanOrEqual(25);
    const lines = roots.map(({ name, notice, findings: [simplest, ...others] }) =>
      [`${name}, ${simplest}, ${others.length} more`, `  ${notice}`].join("\n"),
    );
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../data/roots.txt");
  });

  test("say first what the gravest finding of a root comes to, then what its simplest sequence does", () => {
    const retention = roots.find(({ name }) => name === "after:over-retention");
    expect(retention?.findings[0]).toBe("introduced:over-retention:unmap-tail");
    expect(retention?.findings).toContain("introduced:stale-memtype:retained");
    expect(retention?.notice).toMatch(
      /^Introduced \(only after\): a mapping gets another cache mode than it asked for: .*\. Of its simplest sequence: the memory type stays set for a time /,
    );
    for (const { notice, findings } of roots) {
      const symptoms = new Set(findings.map((signature) => signature.split(":")[1]));
      if (symptoms.size === 1) expect(notice).not.toContain("simplest sequence");
    }
  });

  test("are each in one root, unless the sides had parted", async () => {
    const all = await replayed(SHIPPED, entries);
    expect(all.length).toBeGreaterThan(70);
    const comparable = all.filter(({ finding }) => finding.verdict !== "parted");
    expect(roots.flatMap(({ findings }) => findings).sort()).toEqual(
      comparable.map(({ finding }) => finding.signature).sort(),
    );
  });

  test("keep their roots whatever their order", async () => {
    const names = (some: readonly Root[]) => some.map(({ name, findings }) => [name, findings]);
    expect(names(await rootsOn(SHIPPED, entries.toReversed()))).toEqual(names(roots));
  });
});

test("a request between a page still reserved and another mode has a root of its own", async () => {
  const mmap = (proc: number, at: number, pages: number, pfn: number, via: Via): Op => {
    return { op: "mmap", proc, at, pages, pfn, via, prot: "rw", private: false };
  };
  const signatures = ["introduced:refused:bridge", "introduced:over-retention:unmap-tail"];
  const trace: Trace = {
    format: "pfndiff/trace@1",
    name: "bridge-after-tail",
    world: { pfns: 8, vpages: 16, mtrr: "uncached" },
    ops: [
      { op: "spawn", proc: 0 },
      { op: "spawn", proc: 1 },
      mmap(0, 0, 4, 0, "resource"),
      { op: "munmap", proc: 0, at: 2, pages: 2 },
      mmap(1, 0, 2, 4, "resource_wc"),
      mmap(1, 4, 4, 2, "resource_wc"),
    ],
  };
  const roots = await rootsOn(
    SHIPPED,
    signatures.map((signature) => ({ signature, trace })),
  );
  const [bridge, ...others] = roots;
  expect(bridge).toMatchObject({ name: "after:bridge", findings: [signatures[0]] });
  expect(bridge?.notice).toContain("ok before, EINVAL after");
  expect(bridge?.notice).toContain("conflicting types UC- and WC at [2,6)");
  expect(others.map(({ name }) => name)).toEqual(["after:over-retention"]);
});

/** A few of them by themselves take seconds each; all take minutes. */
const FEW = ["fork-one-page-short", "first-put-releases", "failed-remap-leaks"];
const SAMPLE = IS_LONG ? FEW : [];
const TRIED =
  process.env["PFNDIFF_ROOTS"] === "all"
    ? MUTANTS.filter(({ equivalent }) => equivalent === undefined).map(({ id }) => id)
    : SAMPLE;

describe("planted faults", () => {
  test.each(TRIED)("%s alone has at most three roots, however many findings", async (id) => {
    const roots = await rootsFound(planted(id), 1500);
    expect(roots.length).toBeGreaterThan(0);
    expect(roots.length).toBeLessThanOrEqual(3);
  });

  test("two of them together have two", async () => {
    const both = plantedTwice("fork-without-get", "overlap-unseen");
    expect(await rootsFound(both, 100)).toHaveLength(2);
  });
});
