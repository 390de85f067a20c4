import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReportFinding } from "../../../reports/data.ts";
import { differingParts, openingStep } from "../../../reports/html/viewer/difference.ts";
import {
  filterHash,
  filterOf,
  inReadingOrder,
  matching,
  NO_FILTER,
  SORTS,
} from "../../../reports/html/viewer/order.ts";
import { findingHash, routeOf } from "../../../reports/html/viewer/route.ts";
import { changeLines, stateNotes } from "../../../reports/html/viewer/sidetext.ts";
import { stateMap } from "../../../reports/html/viewer/statemap.ts";
import { addressOf, GOAL_TEXT, SYMPTOM_TEXT } from "../../../reports/html/words.ts";
import { GOALS } from "../../../fuzz/goals.ts";
import { SYMPTOMS } from "../../../src/oracle/finding.ts";
import type { Step } from "../../../src/trace/recording.ts";
import { glanceOf } from "../../../reports/glance.ts";
import { scenarioNamed } from "../../../src/scenarios/index.ts";
import { modelOf } from "../../models.ts";
import { sampleReport } from "./sample.ts";

const { findings } = sampleReport();

function named(signature: string): ReportFinding {
  const finding = findings.find((one) => one.signature === signature);
  if (finding === undefined) throw new Error(`no sample ${signature}`);
  return finding;
}

function stepOf(finding: ReportFinding, side: "before" | "after", index: number): Step {
  const step = finding[side].steps[index];
  if (step === undefined) throw new Error(`no step ${index}`);
  return step;
}

function mapOf(finding: ReportFinding, side: "before" | "after", index: number) {
  const previous = index === 0 ? null : stepOf(finding, side, index - 1);
  return stateMap(stepOf(finding, side, index), previous);
}

const leak = named("fixed:leak:unmap-head");

describe("a side after a step", () => {
  test("shows what was unmapped, what was cut, and whose reservation stayed", () => {
    const map = mapOf(leak, "before", 2);
    expect(map.procs[0]?.gone).toEqual([{ start: 0, end: 1 }]);
    expect(map.procs[0]?.vmas.map(({ change }) => change)).toEqual(["changed"]);
    expect(map.mapped).toEqual([{ start: 1, end: 2, by: ["p0"] }]);
    expect(map.reservations[0]?.runs).toEqual([
      { start: 0, end: 1, held: true },
      { start: 1, end: 2, held: false },
    ]);
    expect(map.held).toEqual([{ start: 0, end: 1 }]);
  });

  test("tells a page that a context keeps from a page that is lost", () => {
    const tones = (side: "before" | "after", step: number) =>
      stateNotes(mapOf(leak, side, step)).map(({ tone }) => tone);
    expect(tones("before", 2)).toEqual(["bad"]);
    expect(tones("after", 2)).toEqual(["wait"]);
    expect(tones("after", 3)).toEqual(["good"]);
    expect(stateNotes(mapOf(leak, "before", 4))[0]?.text).toBe(
      "pfn 0 is still reserved, and no process is left to free it.",
    );
  });

  test("does not call lost what the refcounted design keeps, though a kernel shows no context", () => {
    const { contexts: _hidden, ...step } = stepOf(leak, "after", 2);
    expect(stateNotes(stateMap(step, null), "kref").map(({ tone }) => tone)).toEqual(["wait"]);
    expect(stateNotes(stateMap(step, null)).map(({ tone }) => tone)).toEqual(["bad"]);
  });

  test("shows what the kernel maps for itself as mapped: nobody has lost its reservation", () => {
    const { trace } = scenarioNamed("ioremap-of-an-unmapped-head");
    const { steps } = modelOf("7.2").recordSync(trace, { contexts: true });
    const at = trace.ops.findIndex(({ op }) => op === "ioremap");
    const step = steps[at] as Step;
    const map = stateMap(step, null);
    expect(map.mapped.filter(({ by }) => by.includes("kernel"))).not.toEqual([]);
    expect(map.held).toEqual([]);
    const { rows } = glanceOf({ before: steps, after: steps });
    expect(rows.flatMap(({ after }) => after[at]?.state ?? [])).not.toContain("held");
    expect(changeLines(step, steps[at - 1] ?? null)).toContainEqual({
      sign: "+",
      text: expect.stringMatching(/^kernel .*ioremap/),
    });
  });

  test("calls nothing good where the kernel complained of a free", () => {
    const { memtype, vmas, result } = stepOf(leak, "after", 1);
    const step: Step = { result, memtype, vmas, events: [] };
    const event = { kind: "invalid-free", start: 0, end: 1 } as const;
    expect(stateNotes(stateMap(step, null), "vm-pat")[0]?.tone).toBe("good");
    const said = stateNotes(stateMap({ ...step, events: [event] }, null), "vm-pat", [event]);
    expect(said.map(({ tone }) => tone)).toEqual(["bad"]);
    expect(said[0]?.text).toContain("pfns [0,1)");
  });

  test("says when a mapping has no reservation", () => {
    const step: Step = {
      result: { ok: true },
      memtype: [],
      vmas: { 0: [{ start: 3, end: 5, prot: "rw", private: false, pfn: 1 }] },
      events: [],
    };
    expect(stateNotes(stateMap(step, null))).toEqual([
      {
        tone: "bad",
        text: "pfns 1–2 are mapped without a reservation: nothing guards the cache mode.",
      },
    ]);
  });

  test("says what a step took and made, each of several equal reservations once", () => {
    const twice: Step = {
      result: { ok: true },
      memtype: [
        { start: 0, end: 1, type: "uncached-minus" },
        { start: 0, end: 1, type: "uncached-minus" },
      ],
      vmas: {},
      events: [],
    };
    const once = { ...twice, memtype: twice.memtype.slice(1) };
    expect(changeLines(once, twice)).toEqual([{ sign: "−", text: "reservation [0,1) UC-" }]);
    expect(stateMap(once, twice).reservations.map(({ change }) => change)).toEqual([
      "same",
      "freed",
    ]);
  });
});

describe("the opening step", () => {
  test("is the first at which the sides differ, be it in the log only", () => {
    expect(differingParts(stepOf(leak, "before", 2), stepOf(leak, "after", 2))).toEqual(["log"]);
    expect(openingStep(leak)).toBe(2);
  });

  test("is the finding's own step where the sides never differ", () => {
    expect(openingStep({ ...leak, after: leak.before })).toBe(leak.step);
  });
});

describe("the list", () => {
  test("has unexpected findings first, then the graver ones", () => {
    const order = inReadingOrder(findings).map(({ status, verdict }) => `${status} ${verdict}`);
    expect(order.slice(0, 4)).toEqual([
      "new introduced",
      "vanished changed",
      "known fixed",
      "known fixed",
    ]);
  });

  test("keeps what has every word of a search, in whatever order", () => {
    const found = (text: string) =>
      matching(findings, { ...NO_FILTER, text }).map(({ signature }) => signature);
    expect(found("HEAD leak")).toEqual(["fixed:leak:unmap-head"]);
    expect(found("nowhere")).toEqual([]);
    expect(matching(findings, { ...NO_FILTER, symptom: "refused" })).toHaveLength(2);
    // What the ops are, and why it is accepted.
    expect(found("munmap p0 [1,2)")).toContain("fixed:leak:unmap-head");
    expect(found("match by end address, whoever")).toHaveLength(1);
    expect(found("head leak drv-mmap")).toEqual([]);
  });
});

test("the address keeps the filter and the order, and what it names wrongly is left out", () => {
  fc.assert(
    fc.property(
      fc.record({
        text: fc.string({ maxLength: 200 }),
        status: fc.constantFrom(null, "new", "known"),
        verdict: fc.constantFrom(null, "kept", "fixed"),
        symptom: fc.constantFrom(null, "leak", "alias"),
        sort: fc.constantFrom(...SORTS),
      }),
      (filter) => {
        const hash = filterHash(filter);
        const said = hash === "#/" ? NO_FILTER : filterOf(hash);
        expect(said).toEqual(filter);
        const route = { page: "front", search: false, filter: hash === "#/" ? null : hash };
        expect(routeOf(hash)).toEqual(route);
      },
    ),
    { numRuns: 50 },
  );
  expect(filterOf("#/?verdict=best&sort=random&text=leak")).toEqual({ ...NO_FILTER, text: "leak" });
  const counts = matching(findings, { ...NO_FILTER, sort: "runs" }).map(({ count }) => count);
  expect(counts).toEqual([...counts].sort((a, b) => b - a));
});

test("every goal and every symptom has words", () => {
  expect(Object.keys(GOAL_TEXT)).toEqual([...GOALS]);
  expect(Object.keys(SYMPTOM_TEXT).sort()).toEqual([...SYMPTOMS].sort());
});

test("a permalink leads back to its finding and step, whatever the signature", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.nat(), (signature, step) => {
      const route = { page: "finding", signature };
      expect(routeOf(findingHash({ signature }, step))).toEqual({ ...route, step });
      expect(routeOf(findingHash({ signature }))).toEqual({ ...route, step: null });
    }),
  );
  expect(routeOf("#/finding/%E0%A4%A")).toEqual({ page: "front", search: false, filter: null });
  expect(findingHash(leak, 3)).toBe("#/finding/fixed:leak:unmap-head/step/3");
});

test("a reference leads to its commit or message, and anything else is text", () => {
  expect(addressOf('a85dc37186a5 ("mm/mremap: check remap conditions earlier")')).toBe(
    "https://git.kernel.org/linus/a85dc37186a5",
  );
  expect(addressOf("20240825152403.3171682-1-namcao@linutronix.de")).toBe(
    "https://lore.kernel.org/r/20240825152403.3171682-1-namcao%40linutronix.de/",
  );
  for (const text of ["KERNEL.md L2", "javascript:alert(1)", "https://a b"]) {
    expect(addressOf(text)).toBeNull();
  }
});
