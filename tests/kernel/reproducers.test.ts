import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cProgram } from "../../reports/repro/c.ts";
import type { ReproInput } from "../../reports/repro/input.ts";
import { kselftestProgram } from "../../reports/repro/kselftest.ts";
import { reproProgram } from "../../reports/repro/program.ts";
import { sampleOf } from "../long.ts";
import { AFTER, baselineInputs, BEFORE } from "../reports/repro/baselineinputs.ts";
import { HARNESS } from "../reports/repro/harness.ts";
import { type Ended, Initramfs, type Program, runPrograms } from "./programs/machine.ts";
import { RUNNABLE, skipAloud } from "./there.ts";

skipAloud("reproducers on real kernels");

const inputs = sampleOf(baselineInputs(), 12);
const PASS = 0;
const FAIL = 1;

/** What the models stand for: which side's outcome a release is to show. */
const SIDE = { "6.12": BEFORE, "7": AFTER } as const;

/** Each finding twice: as a program, and as a test of the kernel's harness. */
const programs: readonly Program[] = inputs.flatMap((input) => {
  const { mtrr } = input.finding.trace.world;
  const name = input.finding.signature;
  return [
    { name, text: cProgram(input), options: [], mtrr },
    {
      name: `${name} (kselftest)`,
      text: kselftestProgram(input),
      headers: { "kselftest_harness.h": HARNESS },
      options: ["--"],
      mtrr,
    },
  ];
});

function expected(input: ReproInput, side: string): number {
  return reproProgram(input).fails.includes(side) ? FAIL : PASS;
}

describe.runIf(RUNNABLE.length > 0)("findings of the baseline, exported", () => {
  const initramfs = new Initramfs();

  beforeAll(() => initramfs.pack(programs), 240_000);
  afterAll(() => initramfs.remove());

  test.each(sampleOf(RUNNABLE, 2))(
    `${inputs.length} programs and as many kselftests fail on %s exactly where it has the symptom`,
    { timeout: 300_000 },
    async (release) => {
      const ended = await runPrograms(release, initramfs);
      const wanted = inputs.flatMap((input) => {
        const status = expected(input, SIDE[release]);
        return [status, status];
      });
      expect(ended.length).toBe(programs.length);
      const wrong = programs.flatMap(({ name }, at) => {
        const { status, last } = ended[at] as Ended;
        return status === wanted[at] ? [] : [`${name}: ${status} for ${wanted[at]}: ${last}`];
      });
      expect(wrong).toEqual([]);
      const failed = ended.filter(({ status }) => status === FAIL).length;
      process.stderr.write(
        `kernel ${release}: ${failed} of ${ended.length} reproducers fail, the others pass\n`,
      );
      // Neither side has all the symptoms, nor none.
      expect(failed).toBeGreaterThan(0);
      expect(failed).toBeLessThan(ended.length);
    },
  );
});
