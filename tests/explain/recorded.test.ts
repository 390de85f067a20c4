import { describe, expect, it } from "vitest";
import { readBaseline } from "../../src/cli/baseline.ts";
import { explainLog } from "../../src/explain/explain.ts";
import { readExcerpt } from "../../src/explain/excerpt.ts";
import { modelNamed } from "../../src/models.ts";
import type { TraceEvent } from "../../src/trace/recording.ts";
import { sampleOf } from "../long.ts";
import { readRecordings } from "../recordings.ts";

const PAGE = 4096;
/** Where the lines have it: the guests' own addresses are others, and so are the models'. */
const BASE = 0x38_0000_0000;

const inBrackets = ({ start, end }: { start: number; end: number }, base: number) =>
  `[mem 0x${(base + start * PAGE).toString(16)}-0x${(base + end * PAGE - 1).toString(16)}]`;
const bare = ({ start, end }: { start: number; end: number }, base: number) =>
  `${(base + start * PAGE).toString(16)}-${(base + end * PAGE).toString(16)}`;

/** A line of dmesg for what a recorded kernel told, or null for what is no line of the memtype code. */
function lineOf(event: TraceEvent, base: number): string | null {
  switch (event.kind) {
    case "invalid-free":
      return `x86/PAT: pcmd:71 freeing invalid memtype ${inBrackets(event, base)}`;
    case "conflict":
      return `x86/PAT: pcmd:71 conflicting memory types ${bare(event, base)} ${event.found}<->${event.other}`;
    case "reserve-failed":
      return `x86/PAT: memtype_reserve failed ${inBrackets(event, base)}, track ${event.track}, req ${event.request}`;
    case "type-mismatch":
      return `x86/PAT: pcmd:71 map pfn expected mapping type ${event.request} for ${inBrackets(event, base)}, got ${event.got}`;
    default:
      return null;
  }
}

/** What the kernel of a recording logged at one op, each kind with its modes once. */
function logsOf(name: string): Map<string, TraceEvent[]> {
  const logs = new Map<string, TraceEvent[]>();
  for (const { steps } of readRecordings(name)) {
    for (const { events } of steps) {
      const [first] = events;
      if (first === undefined) continue;
      const isPair = first.kind === "conflict" && events[1]?.kind === "reserve-failed";
      const told = events.slice(0, isPair ? 2 : 1);
      const key = JSON.stringify(told, (name, value) =>
        name === "start" || name === "end" ? undefined : value,
      );
      if (!logs.has(key)) logs.set(key, told);
    }
  }
  return logs;
}

describe("what real kernels logged in the recordings", () => {
  it.each(sampleOf(["6.12.117", "6.1.192", "6.16.12", "7.2.12"], 4))(
    "on %s has a sequence each, which logs the same when it is replayed",
    async (kernel) => {
      const baseline = await readBaseline();
      const release = kernel.split(".").slice(0, 2).join(".");
      const logs = logsOf(`linux-${kernel}.jsonl.gz`);
      expect(logs.size).toBeGreaterThan(1);
      for (const events of sampleOf([...logs.values()], 4)) {
        const lines = events.flatMap((event) => lineOf(event, BASE) ?? []);
        if (lines.length === 0) continue;
        const { answers } = explainLog(readExcerpt(lines.join("\n")), baseline, {
          runs: 6000,
          release,
        });
        const [answer] = answers;
        expect(answer?.sequences.length, lines.join("\n")).toBeGreaterThan(0);
        for (const { trace, model } of answer?.sequences ?? []) {
          const last = modelNamed(model)?.recordSync(trace).steps.at(-1);
          expect(last?.events.map(({ kind }) => kind)).toEqual(
            expect.arrayContaining(events.map(({ kind }) => kind)),
          );
        }
      }
    },
  );
});
