import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCampaign } from "../../../fuzz/campaign.ts";
import { recordingDifferential, verdictsOf } from "../../../fuzz/differential.ts";
import { cProgram } from "../../../reports/repro/c.ts";
import type { ReproInput } from "../../../reports/repro/input.ts";
import { kselftestProgram } from "../../../reports/repro/kselftest.ts";
import { mailText } from "../../../reports/repro/mail.ts";
import { reproProgram } from "../../../reports/repro/program.ts";
import { judge } from "../../../src/oracle/judge.ts";
import { sampleOf } from "../../long.ts";
import {
  AFTER,
  BEFORE,
  baselineEntries,
  baselineInputs,
  canBeDone,
  inputOf,
  recorder,
  UNSEEN,
} from "./baselineinputs.ts";
import { hasGcc } from "./compile.ts";
import { HARNESS } from "./harness.ts";

async function campaignInputs(): Promise<ReproInput[]> {
  const differential = recordingDifferential(recorder(BEFORE), recorder(AFTER), (left, right) =>
    verdictsOf(judge(left, right)),
  );
  const options = { before: BEFORE, after: AFTER, seed: 7, runs: 300, differential };
  const { campaign } = await runCampaign(options);
  return campaign.findings.map((finding) => inputOf(finding));
}

const baseline = baselineInputs();
const inputs = [...baseline, ...(await campaignInputs())];
// What no program can check is refused: repro.test.ts has that.
const visible = inputs.filter(
  ({ finding }) => !UNSEEN.includes(finding.symptom) && canBeDone(finding.trace),
);

describe("every finding of the baseline and of a campaign", () => {
  it("is exported with a check that fails where it was found", () => {
    expect(visible.length).toBeGreaterThan(30);
    for (const input of visible) {
      const own = input.finding.side === "before" ? input.before : input.after;
      expect(reproProgram(input).fails, input.finding.signature).toContain(own.backend);
      expect(mailText(input, { command: "x", references: [] })).toContain(input.finding.signature);
    }
  });

  it("is one of the numbers that docs/reproducers.md gives", () => {
    const sides = (fails: readonly string[]) =>
      baseline.filter((input) => reproProgram(input).fails.join() === fails.join()).length;
    const [both, before, after] = [[BEFORE, AFTER], [BEFORE], [AFTER]].map(sides);
    const docs = readFileSync(new URL("../../../docs/reproducers.md", import.meta.url), "utf8");
    const text = docs.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      `Of its ${baseline.length} findings ${before} fail on 6.12 and pass on 7.x, ${after} the other way round, and ${both} fail on both`,
    );
    expect(text).toContain(`Another ${baselineEntries().length - baseline.length} are refused`);
  });

  it("fails on one side only where the other shows nothing of the kind", () => {
    const both = visible.filter((input) => reproProgram(input).passes.length === 0);
    const kept = both.filter(({ finding }) => finding.verdict === "kept");
    // The rest differ in cause alone: user space sees the same on both sides.
    expect(both.length - kept.length).toBeLessThan(visible.length / 6);
  });

  it.skipIf(!hasGcc)("is C that a strict compiler takes, alone and as a kselftest", () => {
    const folder = mkdtempSync(join(tmpdir(), "pfndiff-every-"));
    try {
      writeFileSync(join(folder, "kselftest_harness.h"), HARNESS);
      const files = sampleOf(visible, 4).flatMap((input, index) => {
        const program = join(folder, `${index}.c`);
        const test = join(folder, `test-${index}.c`);
        writeFileSync(program, cProgram(input));
        writeFileSync(test, kselftestProgram(input));
        return [program, test];
      });
      const strict = ["-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", folder];
      expect(execFileSync("gcc", [...strict, ...files], { encoding: "utf8" })).toBe("");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
