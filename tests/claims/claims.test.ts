import { beforeAll, describe, expect, it } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { shrink } from "../../fuzz/shrink.ts";
import { certify } from "../../fuzz/explore/certificate.ts";
import { Expander } from "../../fuzz/explore/expander.ts";
import { search } from "../../fuzz/explore/search.ts";
import type { JudgedClaim } from "../../src/claims/claim.ts";
import type { Explored } from "../../src/claims/explored.ts";
import {
  type Evidence,
  gather,
  type RecordedKernel,
  type Subjects,
} from "../../src/claims/gather.ts";
import { judgeClaims } from "../../src/claims/judge.ts";
import { legacyLaxFork } from "../../legacy/variants.ts";
import { krefEraseByEnd } from "../../modern/variants/erasebyend.ts";
import { SpillFolder } from "../../src/cli/spillfolder.ts";
import { MachineSide } from "../../src/engine/machineside.ts";
import { ModelSide } from "../../src/engine/modelside.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { modelOf } from "../models.ts";
import { readRecordings } from "../recordings.ts";

const OLD = modelOf("6.12");
const NEW = modelOf("7.2");

interface Cast {
  readonly before?: ModelBackend;
  readonly after?: ModelBackend;
  readonly eraseByEnd?: ModelBackend;
  readonly laxFork?: ModelBackend;
}

function subjects({
  before = OLD,
  after = NEW,
  eraseByEnd = krefEraseByEnd(),
  laxFork = legacyLaxFork(),
}: Cast): Subjects {
  const subject = (model: ModelBackend) => ({ id: model.id, side: new ModelSide(model) });
  const [was, is] = [subject(before), subject(after)];
  return {
    before: was,
    after: is,
    eraseByEnd: { base: is, variant: subject(eraseByEnd) },
    laxFork: { base: was, variant: subject(laxFork) },
  };
}

function gathered(
  cast: Cast,
  kernels: readonly RecordedKernel[] = [],
  runs = 150,
): Promise<Evidence> {
  const goOn = () => Promise.resolve(true);
  const {
    before = OLD,
    after = NEW,
    eraseByEnd = krefEraseByEnd(),
    laxFork = legacyLaxFork(),
  } = cast;
  const pairs = {
    series: () => explored(before, after, true),
    "erase-by-end": () => explored(after, eraseByEnd, false),
    "lax-fork": () => explored(before, laxFork, false),
  };
  return gather(subjects(cast), kernels, {
    runs,
    explore: (pair) => pairs[pair](),
    traceOf: (run) => traceOfRun(1, run),
    shrink,
    goOn,
  });
}

/** Every sequence of three ops: enough for a leak before. */
const BOUNDS = { procs: 2, slots: 2, pages: 2, depth: 3 };

async function explored(
  before: ModelBackend,
  after: ModelBackend,
  judged: boolean,
): Promise<Explored> {
  const expander = new Expander(BOUNDS, new MachineSide(before), new MachineSide(after), judged);
  const expand = async (paths: Parameters<Expander["expand"]>[0]) => expander.expand(paths);
  const spill = new SpillFolder(null);
  const limits = { ahead: 1, memory: 2 ** 26, spill };
  const result = await search({ bounds: BOUNDS, expander, expand, ...limits });
  return certify({ before: before.id, after: after.id, bounds: BOUNDS, judged }, result);
}

function claim(judged: readonly JudgedClaim[], number: number): JudgedClaim {
  const found = judged.find((one) => one.number === number);
  if (found === undefined) throw new Error(`no claim ${number}`);
  return found;
}

describe("the series' claims between 6.12 and 7.2", () => {
  let evidence: Evidence;
  let judged: JudgedClaim[];

  beforeAll(async () => {
    const recordings = readRecordings("linux-6.12.117.jsonl.gz");
    evidence = await gathered({}, [{ release: "6.12.117", side: "before", recordings }], 300);
    judged = judgeClaims(evidence);
  });

  it("are nine, in order, each with evidence", () => {
    expect(judged.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { evidence: said } of judged) expect(said.length).toBeGreaterThan(0);
  });

  it("a whole mapping that is alone shrinks and loses its tail cleanly, and no other part", () => {
    const { sole } = evidence.before.facts;
    expect(sole.shrink.all).toBeGreaterThan(3);
    expect(sole.shrink.exact).toBe(sole.shrink.all);
    expect(sole.head.all).toBeGreaterThan(3);
    expect([sole.head.exact, sole.middle.exact]).toEqual([0, 0]);
  });

  it("a real kernel's recordings say the same, and those that are not there are missed", () => {
    expect(claim(judged, 1).evidence.join(" ")).toMatch(
      /Kernel 6\.12\.117, \d+ recorded traces: (\d+) of \1 sole/,
    );
    expect(claim(judged, 3).evidence.join(" ")).toContain("No recording of a real kernel");
  });

  it("after, every partial unmap leaves the whole reservation and nothing outlives the processes", () => {
    expect(claim(judged, 3).judgement).toBe("holds");
    expect(evidence.after.facts.left).toBe(0);
    expect(evidence.before.facts.left).toBeGreaterThan(100);
  });

  it("moves, forks and splits lose all their faults, and the clean-ups change nothing", () => {
    expect([5, 6, 7, 8, 9].map((number) => claim(judged, number).judgement)).toEqual(
      Array.from({ length: 5 }, () => "holds"),
    );
    expect(claim(judged, 4).judgement).toBe("open");
  });

  it("what is absent is said up to a bound, with counts, and what shows with its fewest ops", () => {
    const within =
      "Every sequence of up to 3 ops by 2 processes in 2 areas of 2 pages (3,204 transitions, 1,261 states): ";
    expect(claim(judged, 3).evidence).toContain(
      `${within}after, no leak, no untracked-mapping, no refcount, over-retention from 2 ops on; ` +
        "before, leak from 3 ops on, no untracked-mapping, no refcount, over-retention from 2 ops on.",
    );
    expect(claim(judged, 6).evidence).toContain(
      `${within}after, no untracked-mapping, no alias, no missed-conflict; ` +
        "before, no untracked-mapping, no alias, no missed-conflict.",
    );
    expect(claim(judged, 8).evidence).toContain(
      `${within}after, no double-untrack; before, double-untrack from 2 ops on.`,
    );
    expect(claim(judged, 7).evidence.filter((one) => one.includes("show the same"))).toHaveLength(
      2,
    );
  });

  it("each witness is short, ends with every process gone, and shows what it is for", () => {
    const broken = claim(judged, 8).witness;
    expect(broken?.trace.ops.map(({ op }) => op)).toEqual([
      "spawn",
      "mmap",
      expect.any(String),
      "exit",
    ]);
    const { events } = OLD.recordSync(broken?.trace ?? traceOfRun(1, 0)).steps.at(-1) ?? {
      events: [],
    };
    const all = OLD.recordSync(broken?.trace ?? traceOfRun(1, 0)).steps.flatMap(
      (step) => step.events,
    );
    expect([...events, ...all].some(({ kind }) => kind === "invalid-free")).toBe(true);
  });
});

describe("a claim that does not hold is said not to", () => {
  it("with the sides swapped the new design leaks, and logs", async () => {
    const judged = judgeClaims(
      await gathered({ before: NEW, after: OLD, eraseByEnd: OLD, laxFork: NEW }),
    );
    expect([3, 5, 8].map((number) => claim(judged, number).judgement)).toEqual([
      "fails",
      "fails",
      "fails",
    ]);
    expect(claim(judged, 8).witness?.says).toContain("after");
    // Found by trying everything, so nothing shorter leaks: three ops after the process is there.
    const leak = claim(judged, 3).witness;
    expect([leak?.says, leak?.trace.ops.length]).toEqual(["The shortest way to a leak after.", 4]);
  });

  it("exploring alone is enough to fail a claim", async () => {
    const evidence = await gathered({}, [], 20);
    const reversed = await explored(NEW, OLD, true);
    const differing = await explored(NEW, OLD, false);
    const judged = judgeClaims({
      ...evidence,
      explored: {
        series: reversed,
        "erase-by-end": evidence.explored["erase-by-end"],
        "lax-fork": differing,
      },
    });
    expect([3, 7].map((number) => claim(judged, number).judgement)).toEqual(["fails", "partly"]);
    expect(claim(judged, 8).judgement).not.toBe("holds");
    expect(claim(judged, 7).witness?.pair).toBe("lax-fork");
  });

  it("a clean-up that changes something is seen, with a witness", async () => {
    const evidence = await gathered({ eraseByEnd: OLD });
    expect(evidence.eraseByEnd.differing).toBeGreaterThan(0);
    const seven = claim(judgeClaims(evidence), 7);
    expect([seven.judgement, seven.witness?.pair]).toEqual(["fails", "erase-by-end"]);
    expect(seven.witness?.trace.ops.length).toBe(3);
    expect(seven.evidence.join(" ")).toContain("differ from 2 ops on");
  });
});
