import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { PLAIN } from "../../reports/paint.ts";
import { replayText } from "../../reports/replaytext.ts";
import { openPair, type Pair } from "../../src/cli/backends.ts";
import { replayOn } from "../../src/cli/bothsides.ts";
import type { Replay } from "../../src/replay.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import { traceSchema } from "../../src/trace/trace.ts";
import { run } from "../cli/run.ts";

const NAMES = ["asked-wc-got-uc", "bar-in-two-modes", "refault-keeps-mode"] as const;
const pathOf = (name: string) => `tests/data/traces/${name}.json`;

const replays = new Map<string, Replay>();

beforeAll(async () => {
  const pair: Pair = await openPair({ before: "legacy", after: "modern" });
  for (const name of NAMES) {
    const trace = traceSchema.parse(JSON.parse(readFileSync(pathOf(name), "utf8")));
    replays.set(name, await replayOn(pair, trace));
  }
});

function replayed(name: (typeof NAMES)[number]): Replay {
  const replay = replays.get(name);
  if (replay === undefined) throw new Error(`${name} was not replayed`);
  return replay;
}

/** A text without its line breaks, so that a sentence is found wherever it was broken. */
const textOf = (name: (typeof NAMES)[number]) =>
  [...replayText(replayed(name), 80, PLAIN)].join("").replace(/\s+/g, " ");

const IOREMAP = {
  start: 0,
  end: 4,
  type: "uncached-minus",
  step: 1,
  op: "ioremap",
  of: "kernel",
  proc: 0,
  holders: [],
} as const;

describe("a mapping that asked for WC where ioremap() holds UC-", () => {
  test("carries on every step what it asked for, what it got, and because of what", () => {
    for (const index of [2, 3]) {
      const step = replayed("asked-wc-got-uc").steps[index];
      for (const side of [step?.before, step?.after]) {
        expect(side?.vmas["0"]?.[0]?.asked).toEqual([
          {
            at: 0,
            pages: 4,
            step: 2,
            asked: "write-combining",
            got: "uncached-minus",
            by: "reservation",
            entries: [IOREMAP],
          },
        ]);
        expect(side?.kernelMaps?.[0]?.asked).toMatchObject({ step: 1, by: "asked" });
      }
    }
  });

  test("is in the summary, of both sides at once, though they never differ", () => {
    const { modes, findings } = replayed("asked-wc-got-uc");
    expect(findings).toEqual([]);
    const request = { asked: "write-combining", got: "uncached-minus", entries: [IOREMAP] };
    expect(modes).toMatchObject([{ step: 2, before: request, after: request }]);
    expect(textOf("asked-wc-got-uc")).toContain(
      "both sides: pfn [0,4) asked WC, got UC-: the mode of what is reserved there is taken: " +
        "[0,4) UC-, reserved by the kernel's ioremap at step 1",
    );
  });

  test("is in the recording that record --asked writes, and in replay --json", async () => {
    const trace = pathOf("asked-wc-got-uc");
    for (const id of ["legacy", "modern"]) {
      const { out } = await run(["record", "--asked", "--backend", id, trace]);
      const recording = recordingSchema.parse(JSON.parse(out));
      expect(recording.steps[3]?.vmas["0"]?.[0]?.asked).toMatchObject([{ entries: [IOREMAP] }]);
    }
    const { out } = await run(["replay", trace, "--json"]);
    expect(JSON.parse(out)).toMatchObject({ modes: [{ step: 2 }] });
  });
});

describe("a BAR that the kernel has mapped in two modes", () => {
  test("says which entries refuse a mapping of all of it, and which calls would be granted", () => {
    expect(replayed("bar-in-two-modes").modes).toMatchObject([
      {
        step: 3,
        after: {
          by: "two-modes",
          entries: [
            { start: 0, end: 1, type: "write-combining", step: 1, op: "ioremap" },
            { start: 1, end: 4, type: "uncached-minus", step: 2, op: "ioremap" },
          ],
          works: [
            { start: 0, end: 1, type: "write-combining" },
            { start: 1, end: 4, type: "uncached-minus" },
          ],
        },
      },
    ]);
    expect(textOf("bar-in-two-modes")).toContain(
      "both sides: each alone would be granted: pfn [0,1) asking WC (resource_wc); " +
        "pfn [1,4) asking UC- as here (resource)",
    );
  });
});

describe("a page that comes back after a zap", () => {
  test("keeps WC after and gets UC- before: a gain, which is a finding", () => {
    const { findings } = replayed("refault-keeps-mode");
    expect(findings.map(({ step, signature }) => `${step} ${signature}`)).toEqual([
      "2 introduced:over-retention:drv-zap",
      "3 fixed:stale-memtype:drv-zap",
      "4 fixed:stale-memtype:drv-zap",
    ]);
  });

  test("tells that nothing is reserved before, and whose reservation gives WC after", () => {
    const step = replayed("refault-keeps-mode").steps[3];
    expect(step?.before.requests).toEqual([
      { start: 0, end: 1, asked: "write-combining", got: "uncached-minus", by: "unreserved" },
    ]);
    expect(step?.after.requests).toMatchObject([
      { got: "write-combining", by: "reservation", entries: [{ step: 1, of: "driver", proc: 0 }] },
    ]);
  });
});
