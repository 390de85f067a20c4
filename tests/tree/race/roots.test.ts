import { describe, expect, test } from "vitest";
import { byRaceSeverity, windowOf } from "../../../src/races/roots.ts";

describe("where the window of a race is", () => {
  const stop = (at: string) => ({ task: "a", point: 1, at }) as const;

  test.each([
    [
      ["after spin_unlock(memtype_lock) in memtype_free < untrack_pfn < zap_page_range_single"],
      "untrack_pfn()",
    ],
    [
      [
        "before its first op",
        "before spin_lock(page_table_lock) in __pte_offset_map_lock < follow_phys",
      ],
      "follow_phys()",
    ],
    [["between two ops", "before store(vma->vm_flags) in mprotect_fixup"], "mprotect_fixup()"],
    [["before its first op"], null],
  ])("%j: %s", (stops, window) => {
    expect(windowOf(stops.map(stop))).toBe(window);
  });
});

test("what corrupts is told before what only says that results differ", () => {
  const symptoms = ["other", "warning", "deadlock", "double-untrack", "bug"];
  const shown = symptoms.map((symptom) => ({ symptom, verdict: "fixed", signature: symptom }));
  expect(shown.sort(byRaceSeverity).map(({ symptom }) => symptom)).toEqual([
    "bug",
    "deadlock",
    "double-untrack",
    "warning",
    "other",
  ]);
});
