import { describe, expect, test } from "vitest";
import type { Symptom } from "../../src/oracle/finding.ts";
import { judge, judgeSide } from "../../src/oracle/judge.ts";
import type { Recording } from "../../src/trace/recording.ts";
import { readRecordings, recordingFiles } from "../recordings.ts";

const recordings = new Map<string, Recording[]>(
  recordingFiles().map((name) => [name.split(".").slice(0, 2).join("."), readRecordings(name)]),
);

function of(release: string): Recording[] {
  const found = recordings.get(`linux-${release}`);
  if (found === undefined) throw new Error(`there is no recording of ${release}`);
  return found;
}

function judgeAll(before: string, after: string) {
  const others = of(after);
  return of(before).flatMap((recording, index) => {
    const other = others[index];
    if (other === undefined) throw new Error("the recordings are of the same traces");
    return judge(recording, other).findings;
  });
}

const FREE_OF: readonly Symptom[] = [
  "leak",
  "double-untrack",
  "wrong-owner-untrack",
  "untracked-mapping",
  "alias",
  "missed-conflict",
  "refcount",
  "warning",
  "errno",
];

const NAMED =
  /^(unmap-(head|middle|tail)|move-(head|middle|tail)|shrink|split|replace|cow|cow-head|end-match|equal-match|retained|bridge|leaked|revoke|isa-window)$/;

describe("real kernels", () => {
  test.each(["6.16", "6.18", "7.2"])("%s tracks without a fault but over-retention", (release) => {
    const found = of(release).flatMap((recording) => judgeSide(recording, "after").findings);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ symptom }) => FREE_OF.includes(symptom))).toEqual([]);
  });

  test.each(["6.1", "6.12"])("every fault of %s has a cause in its history", (release) => {
    const found = of(release).flatMap((recording) => judgeSide(recording, "before").findings);
    expect(found.length).toBeGreaterThan(500);
    expect(found.filter(({ cause }) => !NAMED.test(cause))).toEqual([]);
  });

  test.each(["6.1", "6.12", "6.16", "6.18", "7.2"])("%s against itself keeps all", (release) => {
    const verdicts = new Set(judgeAll(release, release).map(({ verdict }) => verdict));
    expect(verdicts).toEqual(new Set(["kept"]));
  });

  test("from 6.12 to 6.18 faults are fixed and over-retention is introduced", () => {
    const found = new Set(judgeAll("6.12", "6.18").map(({ signature }) => signature));
    for (const signature of [
      "fixed:leak:unmap-head",
      "fixed:double-untrack:split",
      "fixed:wrong-owner-untrack:end-match",
      "fixed:leak:move-tail",
      "introduced:over-retention:unmap-tail",
      "introduced:stale-memtype:retained",
      "introduced:stale-memtype:replace",
      "changed:errno:mremap-EFAULT-to-ok",
    ]) {
      expect(found).toContain(signature);
    }
    const told = [...found].filter((signature) => !signature.startsWith("parted:"));
    expect(told.length).toBeLessThan(60);
  });

  test("from 6.16 to 6.18 results differ in mremap() alone", () => {
    const results = judgeAll("6.16", "6.18").filter(({ symptom }) => symptom === "errno");
    expect(results.length).toBeGreaterThan(0);
    expect(results.every(({ cause }) => cause.startsWith("mremap-E"))).toBe(true);
  });
});
