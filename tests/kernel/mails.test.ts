import { basename, dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { locateImage } from "../../kernel/images.ts";
import { isStraight } from "../../reports/repro/cstraight.ts";
import { holds } from "../../reports/repro/expectation.ts";
import { mailProgram } from "../../reports/repro/mailprogram.ts";
import { type Program as Repro, reproProgram } from "../../reports/repro/program.ts";
import { closedTrace } from "../../src/trace/closed.ts";
import { modelOf } from "../models.ts";
import { IS_LONG, sampleOf } from "../long.ts";
import { baselineInputs } from "../reports/repro/baselineinputs.ts";
import { seenBy } from "./programs/look.ts";
import { Initramfs, type Program, runPrograms } from "./programs/machine.ts";
import { RUNNABLE, skipAloud } from "./there.ts";

skipAloud("the programs of mails on real kernels");

interface Mailed {
  readonly repro: Repro;
  readonly program: Program;
}

/** The short programs of mails, run by one that shows where the mail says to look. */
const mailed: readonly Mailed[] = baselineInputs().flatMap((input) => {
  const repro = reproProgram(input);
  const made = isStraight(repro) ? mailProgram(repro) : null;
  if (made === null) return [];
  const { signature, trace } = input.finding;
  const { code: text, given } = made;
  return [{ repro, program: { name: signature, text, given, options: [], world: trace.world } }];
});

describe.runIf(IS_LONG && RUNNABLE.length > 0)("mails of the baseline's findings", () => {
  const initramfs = new Initramfs();

  beforeAll(() => initramfs.pack(mailed.map(({ program }) => program)), 240_000);
  afterAll(() => initramfs.remove());

  test.each(sampleOf(RUNNABLE, 2))(
    `${mailed.length} short programs show on %s what they say, where they say it`,
    { timeout: 300_000 },
    async (release) => {
      const kernelRelease = basename(dirname(locateImage(release)));
      const ended = await runPrograms(release, initramfs);
      expect(ended.length).toBe(mailed.length);
      const right = mailed.map(({ repro }, at) =>
        holds(repro.expectation, seenBy(repro, ended[at] ?? expect.fail())),
      );
      const wanted = mailed.map(({ repro }) =>
        holds(
          repro.expectation,
          modelOf(kernelRelease).recordSync(closedTrace(repro.finding.trace), {}),
        ),
      );
      const wrong = mailed.flatMap(({ program: { name } }, at) =>
        right[at] === wanted[at]
          ? []
          : [`${name}: ${right[at] ? "right" : "wrong"}\n${ended[at]?.output.join("\n")}`],
      );
      expect(wrong).toEqual([]);
      const failed = right.filter((isRight) => !isRight).length;
      process.stderr.write(
        `kernel ${release}: ${failed} of ${ended.length} programs of mails show it\n`,
      );
      expect(failed).toBeGreaterThan(0);
      expect(failed).toBeLessThan(ended.length);
    },
  );
});
