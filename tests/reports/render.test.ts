import { beforeAll, describe, expect, it } from "vitest";
import type { Campaign } from "../../fuzz/summary.ts";
import { GOALS } from "../../fuzz/goals.ts";
import { campaignText } from "../../reports/campaigntext.ts";
import { drawReplay } from "../../reports/draw.ts";
import { ANSI, PLAIN } from "../../reports/paint.ts";
import { REPORT_FORMATS } from "../../reports/formats.ts";
import { judgedReport } from "../../reports/formats/report.ts";
import { type ReportMaterial, RENDERERS } from "../../reports/renderers.ts";
import { replayText } from "../../reports/replaytext.ts";
import { type CampaignView, replayCommand } from "../../reports/view.ts";
import { openPair } from "../../src/cli/backends.ts";
import { replayOn } from "../../src/cli/bothsides.ts";
import type { Replay } from "../../src/replay.ts";
import { scenarioNamed } from "../../src/scenarios/index.ts";

/** A campaign as the command line hands it to a renderer, with an empty baseline. */
function materialOf(view: CampaignView): ReportMaterial {
  const baseline = { format: "pfndiff/baseline@1", entries: [] } as const;
  const judged = judgedReport(view.campaign, { ...baseline, entries: [] });
  return { view, judged, version: "0.1.0", file: "reports/baseline.json" };
}

const replays = new Map<string, Replay>();
const replay = (name: string): Replay => {
  const found = replays.get(name);
  if (found === undefined) throw new Error(`no replay of ${name}`);
  return found;
};

beforeAll(async () => {
  const pair = await openPair({ before: "legacy", after: "modern" });
  for (const name of ["munmap-head", "retained-tail-refuses", "pfnmap-fork"]) {
    replays.set(name, await replayOn(pair, scenarioNamed(name).trace));
  }
});

describe("a drawing", () => {
  it("shows pages by their pfn, reservations by their extent, and marks what differs", () => {
    expect(drawReplay(replay("munmap-head"))).toEqual([
      "    before               after",
      "  0: spawn p0",
      "    p0    ..             p0    ..",
      "  1: mmap p0 [0,2) = pfn [0,2) resource rw shared",
      "    p0    01             p0    01",
      "    UC-   ##             UC-   ##",
      "  2: munmap p0 [0,1)",
      "    p0    .1             p0    .1",
      "    UC-   ##             UC-   ##",
      "  ! log before: invalid free of [0,1)",
      "  3: munmap p0 [1,2)",
      "    p0    ..             p0    ..",
      "  ! UC-   #.",
      "  4: exit p0",
      "  ! UC-   #.",
    ]);
  });

  it("says which side failed with what", () => {
    const lines = drawReplay(replay("retained-tail-refuses"));
    expect(lines).toContain(
      "  3: mmap p0 [4,5) = pfn [1,2) devmem_sync rw shared  ok before, EAGAIN after",
    );
  });
});

describe("a replay on a terminal", () => {
  it("has two lanes on a wide one, and no line is wider", () => {
    for (const columns of [100, 120, 200]) {
      const lines = [...replayText(replay("retained-tail-refuses"), columns, PLAIN)]
        .join("")
        .split("\n");
      const body = lines.filter((line) => /^[! ] /.test(line) && !line.includes(">>"));
      expect(Math.max(...body.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(lines.some((line) => /^! result +ok +EAGAIN$/.test(line))).toBe(true);
    }
  });

  it("stacks the sides on a narrow one, and says what is equal only once", () => {
    const text = [...replayText(replay("munmap-head"), 80, PLAIN)].join("");
    expect(text).toContain(
      "! memtype   legacy@6.12  [0,1) UC-\n!           modern@7.2   (empty)\n",
    );
    expect(text.match(/result +ok/g)).toHaveLength(5);
  });

  it("marks differences in words: without colour nothing is lost", () => {
    const plain = [...replayText(replay("munmap-head"), 80, PLAIN)].join("");
    const painted = [...replayText(replay("munmap-head"), 80, ANSI)].join("");
    expect(plain).not.toContain("\u001b");
    expect(painted).toContain("\u001b");
    expect(painted.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  it("VM_PAT, which one design has, is shown and is no difference", () => {
    const text = [...replayText(replay("pfnmap-fork"), 80, PLAIN)].join("");
    expect(text).toContain("VM_PAT");
    expect(text).not.toContain("! p0");
  });

  it("lists each finding at its step", () => {
    const text = [...replayText(replay("munmap-head"), 80, PLAIN)].join("");
    const [, step3 = ""] = text.split("step 3");
    expect(step3.split("step 4")[0]).toContain(">> fixed:leak:unmap-head (before)");
  });
});

function viewOf(known: boolean): CampaignView {
  const shown = replay("munmap-head");
  const findings = shown.findings.slice(0, 1).map((judged) => {
    const { signature, verdict, symptom, cause, side, parted, detail, step } = judged;
    const seen = { count: 3, firstRun: 0, trace: shown.trace, step };
    return { signature, verdict, symptom, cause, side, parted, detail, ...seen };
  });
  const campaign: Campaign = {
    format: "pfndiff/campaign@1",
    before: "legacy@6.12",
    after: "modern@7.2",
    seed: 1,
    runs: 3,
    ops: 30,
    opsPerSecond: 1000,
    digest: "0".repeat(64),
    goals: Object.fromEntries(GOALS.map((goal) => [goal, 1])) as Campaign["goals"],
    goalsMissed: [],
    notComparable: 0,
    residual: { chance: 0.25, low: 0, high: 0.5 },
    retention: { pageOps: 4, refused: 1, changed: 0 },
    findings,
  };
  const path = ".pfndiff/latest/x.json";
  return {
    campaign,
    accepted: 1,
    findings: findings.map((finding) => ({ finding, known, replay: shown, path })),
  };
}

describe("a campaign in words", () => {
  it("has the table, the drawing, both values of the first difference, and a command", () => {
    const text = campaignText(viewOf(false), PLAIN);
    expect(text).toMatch(/^symptom +introduced +changed +kept +fixed\n/);
    expect(text).toContain("[NOT ACCEPTED; in 3 runs]");
    expect(text).toContain("before  log: invalid free of [0,1)\n    after   log: -");
    expect(text).toContain("npx pfndiff replay .pfndiff/latest/x.json");
    expect(text.trimEnd().endsWith("1 finding, 1 NOT ACCEPTED by the baseline.")).toBe(true);
  });

  it("says so when all of it is known", () => {
    expect(campaignText(viewOf(true), PLAIN)).toContain("all accepted by the baseline");
  });
});

describe("reports", () => {
  it("every text format has a renderer that takes a campaign with and without findings", () => {
    const empty = { ...viewOf(true), findings: [] };
    const none = { ...empty, campaign: { ...empty.campaign, findings: [] } };
    expect(["html", ...Object.keys(RENDERERS)]).toEqual([...REPORT_FORMATS]);
    for (const render of Object.values(RENDERERS)) {
      expect(render(materialOf(viewOf(true))).endsWith("\n")).toBe(true);
      expect(render(materialOf(none))).not.toContain("undefined");
    }
  });

  it("markdown shows the table and the drawing as text, and marks what is new", () => {
    const text = RENDERERS.markdown(materialOf(viewOf(false)));
    expect(text).toContain("| symptom | introduced | changed | kept | fixed |");
    const root = {
      name: "before:untied",
      notice: "n",
      findings: ["fixed:double-untrack:unmap-head"],
    };
    const rooted = viewOf(false);
    const campaign = { ...rooted.campaign, roots: [root] };
    const drawn = RENDERERS.markdown(materialOf({ ...rooted, campaign }));
    expect(drawn).toContain("before  pfn 0  .    #    h   [h]  [h]\n");
    expect(drawn).toContain("after   pfn 0  .    #1   h1  [.]  [.]\n");
    expect(text).toContain("**not accepted**");
    expect(RENDERERS.markdown(materialOf(viewOf(true)))).not.toContain("**not accepted**");
  });

  it("a path with a space or a quote is quoted for the shell", () => {
    expect(replayCommand("a b/it's.json")).toBe("npx pfndiff replay 'a b/it'\\''s.json'");
  });
});
