import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TwoSides } from "../../src/engine/twosides.ts";
import type { ModelBackend } from "../../src/model/backend.ts";
import { judge } from "../../src/oracle/judge.ts";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";
import { exit, munmap, scene, spawn } from "./scenes.ts";

const before = MODELS["6.12"] as ModelBackend;
const after = MODELS["7.2"] as ModelBackend;

/** The findings of the pair, live and by recordings, which must agree. */
function shown(trace: Trace): string[] {
  const contexts = { contexts: true };
  const recorded = judge(before.recordSync(trace, contexts), after.recordSync(trace, contexts));
  const told = (findings: typeof recorded.findings) =>
    findings.map(({ step, signature, side }) => `${step} ${signature} (${side})`);
  const live = told(new TwoSides(before, after).run(trace).findings);
  expect(live).toEqual(told(recorded.findings));
  return live;
}

const onBoth = (text: string) => [`${text} (before)`, `${text} (after)`];

const setMemory = (mode: "wc" | "wb", proc = 0): Op => ({
  op: "set-memory",
  proc,
  mode,
  pfn: 0,
  pages: 4,
  ram: true,
});

function mapRam(proc: number, mode: "wc" | "wb"): Op {
  const call = { call: "remap", off: 0, pages: 0, pfn: 0, mode, ram: true } as const;
  const rest = { off: 0, prot: "rw", private: false } as const;
  return { op: "drv-mmap", proc, at: 0, pages: 4, ...rest, calls: [call] };
}

describe("pages of RAM that set-memory has made write-combining", () => {
  test("are in the steps until they are set back", () => {
    const trace = scene([spawn(), setMemory("wc"), setMemory("wb")]);
    const [, wc, wb] = after.recordSync(trace).steps;
    expect(wc?.ram).toEqual([{ start: 0, end: 4, type: "write-combining" }]);
    expect(wb).not.toHaveProperty("ram");
  });

  test("and left so give the next one who maps them a mode that nobody needs", () => {
    const path = new URL("../data/cases/ram-left-wc.json", import.meta.url);
    const trace = traceSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    expect(shown(trace)).toEqual(onBoth("5 kept:stale-memtype:set-memory"));
  });

  test("are nobody's fault once they were set back", () => {
    const used = [setMemory("wc"), mapRam(0, "wc"), munmap(0, 4), setMemory("wb")];
    expect(shown(scene([spawn(), spawn(1), ...used, mapRam(1, "wb"), exit(), exit(1)]))).toEqual(
      [],
    );
  });

  test("are not left while a mapping has them, or before the first", () => {
    expect(shown(scene([spawn(), spawn(1), setMemory("wc"), mapRam(0, "wb")]))).toEqual([]);
    const shared = [setMemory("wc"), mapRam(0, "wc"), mapRam(1, "wb")];
    expect(shown(scene([spawn(), spawn(1), ...shared]))).toEqual([]);
  });

  test("leak when no process is left, and are told once", () => {
    const trace = scene([spawn(), setMemory("wc"), exit(), spawn(1), exit(1)]);
    expect(shown(trace)).toEqual(onBoth("2 kept:leak:set-memory"));
  });
});
