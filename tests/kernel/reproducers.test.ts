import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { basename, dirname } from "node:path";
import { locateImage } from "../../kernel/images.ts";
import { cProgram } from "../../reports/repro/c.ts";
import { holds } from "../../reports/repro/expectation.ts";
import type { ReproInput } from "../../reports/repro/input.ts";
import { kselftestProgram } from "../../reports/repro/kselftest.ts";
import { reproProgram } from "../../reports/repro/program.ts";
import { closedTrace } from "../../src/trace/closed.ts";
import { modelOf } from "../models.ts";
import { sampleOf } from "../long.ts";
import { baselineInputs } from "../reports/repro/baselineinputs.ts";
import { HARNESS } from "../reports/repro/harness.ts";
import { type Ended, Initramfs, type Program, runPrograms } from "./programs/machine.ts";
import { RUNNABLE, skipAloud } from "./there.ts";

skipAloud("reproducers on real kernels");

const inputs = sampleOf(baselineInputs(), 12);
const PASS = 0;
const FAIL = 1;

/** Each finding twice: as a program, and as a test of the kernel's harness. */
const programs: readonly Program[] = inputs.flatMap((input) => {
  const { world } = input.finding.trace;
  const name = input.finding.signature;
  return [
    { name, text: cProgram(input), options: [], world },
    {
      name: `${name} (kselftest)`,
      text: kselftestProgram(input),
      headers: { "kselftest_harness.h": HARNESS },
      options: ["--"],
      world,
    },
  ];
});

/** What a program is to exit with on a kernel: what its release's model shows decides. */
function expected(input: ReproInput, kernelRelease: string): number {
  const { expectation } = reproProgram(input);
  const shown = modelOf(kernelRelease).recordSync(closedTrace(input.finding.trace), {});
  return holds(expectation, shown) ? PASS : FAIL;
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
      const kernelRelease = basename(dirname(locateImage(release)));
      const wanted = inputs.flatMap((input) => {
        const status = expected(input, kernelRelease);
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
