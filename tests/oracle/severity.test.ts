import { expect, test } from "vitest";
import { bySeverity, isFault, isOfKernel, SYMPTOMS, VERDICTS } from "../../src/oracle/severity.ts";

test("findings are told by symptom, verdict and signature, and the parted ones last", () => {
  const sorted = [false, true].flatMap((isParted) =>
    SYMPTOMS.flatMap((symptom) =>
      VERDICTS.filter((verdict) => (verdict === "parted") === isParted).flatMap((verdict) =>
        ["cow", "split"].map((cause) => ({
          symptom,
          verdict,
          signature: `${verdict}:${symptom}:${cause}`,
        })),
      ),
    ),
  );
  expect(sorted.toReversed().sort(bySeverity)).toEqual(sorted);
  const shuffled = sorted.toSorted((a, b) => a.signature.length - b.signature.length);
  expect(shuffled.sort(bySeverity)).toEqual(sorted);
});

test("a warning, a price and another answer are no faults", () => {
  expect(SYMPTOMS.filter((symptom) => !isFault(symptom))).toEqual([
    "warning",
    "over-retention",
    "errno",
  ]);
});

test("what a kernel's own code has met is told whatever the other side did", () => {
  expect(SYMPTOMS.filter(isOfKernel)).toEqual(["crash", "bug", "hang", "kernel-leak"]);
});
