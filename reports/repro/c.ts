import { plural } from "../numbers.ts";
import { isDevice } from "../../src/trace/trace.ts";
import { lockstepCode } from "./clockstep.ts";
import { oneProcessCode } from "./coneprocess.ts";
import { hasWindow, isStraight, usageOf } from "./cstraight.ts";
import { comment } from "./ctext.ts";
import type { ReproInput } from "./input.ts";
import { checkText, type Program, recordedText, reproProgram } from "./program.ts";

/**
 * A C program that performs the finding's ops on a real kernel and says PASS, FAIL (the symptom
 * shows) or SKIP, with kselftest's exit codes: straight lines where one process does all of it, else
 * processes in lockstep. It needs libc only. UserError where user space cannot see the symptom.
 */
export function cProgram(input: ReproInput): string {
  const program = reproProgram(input);
  return `// SPDX-License-Identifier: MIT\n${heading(program)}\n${cCode(program)}`;
}

/** The same without its head, which a mail says already. */
export function cCode(program: Program): string {
  return isStraight(program) ? oneProcessCode(program) : lockstepCode(program);
}

function heading(program: Program): string {
  const { finding } = program;
  return comment([
    finding.signature,
    "",
    finding.detail,
    "",
    `PASS: ${checkText(program)}`,
    ...recordedText(program),
    "",
    ...usage(program),
    "Exit status: 0 PASS, 1 FAIL, 4 SKIP.",
  ]);
}

function usage(program: Program): string[] {
  const { world } = program;
  if (!hasWindow(program)) return ["It takes no arguments, and needs no device."];
  const where = isDevice(world) ? "OFFSET" : "ADDRESS";
  return [
    `Usage: repro ${usageOf(program)}`,
    `As root, with debugfs mounted; ${where} (bytes, 0x for hex) is where a window of ${plural(world.pfns, "page")} begins that nothing else uses.`,
    "Kernels up to 6.15 leak for good: take another place for another run.",
  ];
}
