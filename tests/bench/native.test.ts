import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasGcc, withNative } from "./native/compile.ts";
import { knownTraces, stepLines, traceLines } from "./native/lines.ts";
import { campaignMix, nativeMix, runNative } from "./native/mix.ts";

const SEED = 4;
const TRACES = 300;
const WITHOUT_GCC = hasGcc ? "" : " (SKIPPED: there is no gcc)";
const MEBIBYTE = 1 << 20;
const MIX_TRACES = 6_000;
/** Percent of all ops. */
const NEAR = 1.5;
/** Percent: a short trace is likelier to be without what the native program does not know. */
const NEAR_LENGTH = 8;

describe.skipIf(!hasGcc)(`the native program of the bench${WITHOUT_GCC}`, () => {
  const traces = knownTraces(SEED, TRACES);

  it("is on both sides in the state that the models are in, after every op", () => {
    const shown = withNative((program, folder) => {
      const file = join(folder, "traces");
      writeFileSync(file, `${traces.flatMap(traceLines).join("\n")}\n`);
      const options = { encoding: "utf8", maxBuffer: 64 * MEBIBYTE } as const;
      return execFileSync(program, ["--check", file], options).trimEnd().split("\n");
    });
    const expected = traces.flatMap(stepLines);
    const first = expected.findIndex((line, at) => line !== shown[at]);
    expect(first < 0 ? "all agree" : { line: first, shown: shown[first] }).toEqual(
      first < 0 ? "all agree" : { line: first, shown: expected[first] },
    );
    expect(shown).toHaveLength(expected.length);
  });

  it("draws traces as a campaign does: as long, of the same ops, and as often in vain", () => {
    const native = withNative((program) => nativeMix(runNative(program, 0.01, MIX_TRACES)));
    const ours = campaignMix(SEED, MIX_TRACES);
    expect(Object.keys(native.kinds).toSorted()).toEqual(Object.keys(ours.kinds).toSorted());
    const differences = [
      native.before - ours.before,
      native.after - ours.after,
      ...Object.entries(ours.kinds).map(([kind, share]) => (native.kinds[kind] ?? 0) - share),
    ];
    expect(Math.abs((100 * native.length) / ours.length - 100)).toBeLessThan(NEAR_LENGTH);
    expect(Math.max(...differences.map(Math.abs))).toBeLessThan(NEAR);
  });
});
