import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { isStraight } from "../../../reports/repro/cstraight.ts";
import { mailText } from "../../../reports/repro/mail.ts";
import { mailProgram } from "../../../reports/repro/mailprogram.ts";
import { reproProgram } from "../../../reports/repro/program.ts";
import { sampleOf } from "../../long.ts";
import { baselineInputs } from "./baselineinputs.ts";
import { hasGcc, withCompiled } from "./compile.ts";

const programs = baselineInputs().map((input) => ({ input, program: reproProgram(input) }));
const short = programs.flatMap(({ input, program }) => {
  const made = isStraight(program) ? mailProgram(program) : null;
  return made === null ? [] : [{ input, program, ...made }];
});

/** The lines of a mail behind the words about its program. */
const codeOf = (text: string) => text.slice(text.indexOf("\n#define _GNU_SOURCE\n") + 1);

describe("the program of a mail", () => {
  it("is what one process calls, in some thirty lines", () => {
    const leak = short.find(({ program }) => program.finding.signature === "fixed:leak:unmap-head");
    const lines = codeOf(mailText(leak?.input ?? expect.fail(), { command: "x", references: [] }));
    expect(lines.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
    const lengths = short.map(({ code }) => code.split("\n").length).sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(45);
    expect(lengths.at(-1)).toBeLessThanOrEqual(70);
    const straight = programs.filter(({ program }) => isStraight(program));
    expect(short.map(({ input }) => input)).toEqual(straight.map(({ input }) => input));
    for (const { code } of short)
      expect(code.match(/^(static )?(int|void) \w+\(/gm)).toHaveLength(2);
  });

  it("gives back the limit on VMAs that it sets", () => {
    const limited = short.filter(({ program }) => program.world.maps !== undefined);
    expect(limited.length).toBeGreaterThan(0);
    for (const { code } of limited) {
      expect(code).toContain('fprintf(limit, "%ld", own + ');
      expect(code).toMatch(
        /rewind\(limit\);\n\tfprintf\(limit, "%ld", was\);\n\tfclose\(limit\);\n\treturn 0;/,
      );
    }
  });

  it("makes every call of its process up to the step that is checked", () => {
    for (const { code, program } of short) {
      const own = program.steps.filter(
        ({ op, index }) =>
          index <= program.expectation.step && op.op !== "spawn" && op.op !== "exit",
      );
      for (const { index } of own) expect(code).toContain(`done(${index}, `);
      expect(code.match(/\bdone\(\d/g)).toHaveLength(own.length);
    }
  });

  it.skipIf(!hasGcc)(
    "compiles without a warning, and touches nothing where it is given nothing",
    () => {
      for (const { code, program } of sampleOf(short, 6)) {
        const { status } = withCompiled(code, (path) => spawnSync(path, { timeout: 20_000 }));
        if (program.vias.length > 0) expect(status, code).toBe(4);
        else expect([0, 4]).toContain(status);
      }
    },
  );
});
