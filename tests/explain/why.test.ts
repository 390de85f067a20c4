import { describe, expect, it } from "vitest";
import { readBaseline } from "../../src/cli/baseline.ts";
import { callsOf } from "../../src/explain/calls.ts";
import { RELEASES } from "../../src/explain/releases.ts";
import { whyOf } from "../../src/explain/why.ts";
import { anyTrace } from "../../fuzz/sources.ts";
import { run } from "../cli/run.ts";

const told = async (...args: string[]) => {
  const { status, out, err } = await run(["why", ...args], { columns: 100 });
  expect([status, err]).toEqual([0, ""]);
  return out.replaceAll(/\s+/g, " ");
};

describe("pfndiff why", () => {
  it("tells of a leak what each design's functions do, since when and until when, to whom, and its traces", async () => {
    const text = await told("fixed:leak:unmap-head");
    expect(text).toContain(
      "1 mmap p0 [0,2) = pfn [0,2) resource rw shared: ok track_pfn_remap() on [0,2): reserves [0,2) UC-",
    );
    expect(text).toContain(
      'untrack_pfn() on [0,1): asks for [0,1), no entry is equal: it logs "invalid free of [0,1)"; clears VM_PAT',
    );
    expect(text).toContain(
      "untrack_pfn() on [1,2): asks for [1,2), no entry is equal, the erase by end cuts [0,2) UC- to [0,1)",
    );
    expect(text).toContain(
      "vma_pfnmap_track_ctx_release() on [1,2): asks for [0,2), an entry is equal: [0,2) UC- goes; leaves the context 0 references",
    );
    expect(text).toContain("until legacy@6.15; from modern@6.16 on it is gone");
    expect(text).toContain(
      "who any program that may map the device. It takes: mmap, munmap, exit.",
    );
    expect(text).toContain(
      "the log has invalid free of [0,1), and pat_memtype_list ends with [0,1) UC-",
    );
    expect(text).toContain("npx pfndiff repro fixed:leak:unmap-head");
  });

  it("tells since when a fault that came with the new design is there", async () => {
    const text = await told("introduced:refused:bridge");
    expect(text).toContain("since modern@6.16, it is there on the newest one");
    expect(text).toContain(
      "remap_pfn_range_track() on [0,3): logs conflicting types WC and UC- at [0,3)",
    );
  });

  it("says of a difference of answers alone that no release shows it by itself", async () => {
    const text = await told("changed:errno:mremap-EFAULT-effect");
    expect(text).toContain("no model shows it beside itself");
    expect(text).toContain("On modern@6.16:");
  });

  it("refuses what is no signature, and one that nobody has accepted, in a line", async () => {
    for (const [name, says] of [
      ["leak", "is no signature"],
      ["fixed:nonsense:x", "is no signature"],
      ["fixed:leak:never-seen", "the baseline has no such signature"],
    ] as const) {
      const { status, out, err } = await run(["why", name]);
      expect([status, out]).toEqual([2, ""]);
      expect(err).toContain(says);
      expect(err.trimEnd()).not.toContain("\n");
    }
  });
});

describe("what is told of a trace", () => {
  it("is what the models do when nobody watches, with every change of the list and every line", () => {
    for (let n = 0; n < 12; n++) {
      const trace = anyTrace(7, n);
      for (const model of RELEASES.filter((_, at) => at % 4 === 0)) {
        const { steps } = model.recordSync(trace);
        const calls = callsOf(model, trace);
        expect(calls.map(({ list }) => list)).toEqual(steps.map(({ memtype }) => memtype));
        expect(calls.map(({ logged }) => logged)).toEqual(steps.map(({ events }) => events));
        let size = 0;
        for (const op of calls) {
          for (const { reserved, freed } of op.calls) size += reserved.length - freed.length;
          expect(size).toBe(op.list.length);
          expect(op.calls.flatMap(({ logged }) => logged)).toEqual(op.logged);
        }
      }
    }
  });

  it("shows on the releases that the entries of the baseline name", async () => {
    const { entries } = await readBaseline();
    const leaks = entries.filter(
      ({ verdict, symptom }) => verdict === "fixed" && symptom === "leak",
    );
    expect(leaks.length).toBeGreaterThan(3);
    for (const { trace, symptom, cause, before, after } of leaks) {
      const { shows } = whyOf(trace, symptom, cause);
      expect(shows).toContain(before);
      expect(shows).not.toContain(after);
    }
  });
});
