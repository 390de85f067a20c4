import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Op } from "../../src/trace/op.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { exit, munmap, record, scene, shown as shownOn, spawn } from "./scenes.ts";

/** The findings of the pair. */
const shown = (trace: Trace) => shownOn("6.12", "7.2", trace);

const onBoth = (text: string) => [`${text} (before)`, `${text} (after)`];

const setMemory = (mode: "wc" | "wb" | "uc", proc = 0, pfn = 0, pages = 4): Op => ({
  op: "set-memory",
  proc,
  mode,
  pfn,
  pages,
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
    const [, wc, wb] = record("7.2", trace).steps;
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

  test("leak for the process whose call has succeeded, and for as long as one of its pages is so", () => {
    const refused = [setMemory("wc"), setMemory("uc", 1), exit(), exit(1)];
    expect(shown(scene([spawn(), spawn(1), ...refused]))).toEqual(onBoth("5 kept:leak:set-memory"));
    const two = [setMemory("wc", 0, 0, 2), setMemory("wc", 0, 2, 2)];
    const head = [...two, setMemory("wb", 0, 0, 2), exit()];
    const tail = [...two, setMemory("wb", 0, 2, 2), exit()];
    for (const ops of [head, tail]) {
      expect(shown(scene([spawn(), ...ops]))).toEqual(onBoth("4 kept:leak:set-memory"));
    }
    const part = [setMemory("wc"), setMemory("wb", 0, 0, 3), exit()];
    expect(shown(scene([spawn(), ...part]))).toEqual(onBoth("3 kept:leak:set-memory"));
  });

  test("are asked for by those who map them, not by those who map what lies beside", () => {
    const left = [setMemory("wc", 0, 4, 4), exit()];
    expect(shown(scene([spawn(), spawn(1), ...left, mapRam(1, "wb"), exit(1)]))).toEqual(
      onBoth("5 kept:leak:set-memory"),
    );
  });
});
