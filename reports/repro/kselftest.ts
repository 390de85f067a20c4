import { plural } from "../numbers.ts";
import { isDevice } from "../../src/trace/trace.ts";
import {
  asksMtrr,
  checkHelpers,
  straightSymptom,
  symptom,
  watches,
  wrongMemory,
} from "./ccheck.ts";
import { headers, NOT_EMPTY, opening, RESERVED, state } from "./chelpers.ts";
import { isLimited } from "./climits.ts";
import { lockstepMemoryCheck } from "./clockstep.ts";
import { performing, stepTable } from "./csteps.ts";
import {
  checksAtExit,
  hasWindow,
  isStraight,
  ownSteps,
  stepExpression,
  stepRemark,
  straightHeaders,
  straightHelpers,
  straightState,
  usageOf,
  windowLines,
  windowVariables,
} from "./cstraight.ts";
import { comment, literal, remark, statement } from "./ctext.ts";
import { expectationText, outcomeName } from "./expectation.ts";
import type { ReproInput } from "./input.ts";
import {
  checkText,
  type Program,
  type ProgramStep,
  recordedText,
  reproProgram,
} from "./program.ts";

/**
 * The finding as a test of the kernel's selftest harness, made to sit beside
 * tools/testing/selftests/mm/pfnmap.c: it asserts the memtype list and the log, not only return
 * codes. UserError where user space cannot see the symptom.
 */
export function kselftestProgram(input: ReproInput): string {
  const program = reproProgram(input);
  return `// SPDX-License-Identifier: GPL-2.0\n${heading(program)}\n${code(program)}`;
}

function code(program: Program): string {
  const isOne = isStraight(program);
  const parts = isOne
    ? [straightState(program), ...straightHelpers(program)]
    : [state(program), opening(program), RESERVED, ...lockstepMemoryCheck(program)];
  return [
    `#define _GNU_SOURCE\n${isOne ? straightHeaders(program) : headers(program)}\n${HARNESS}`,
    ...parts,
    ...checkHelpers(program),
    ...(isOne ? [] : [stepTable(program), performing(program)]),
    isOne ? straightTest(program) : lockstepTest(program),
    main(program, isOne),
  ].join("\n");
}

/** 6.12's tests have it in the folder above; later ones have that on the compiler's path. */
const HARNESS = `#if __has_include("kselftest_harness.h")
#include "kselftest_harness.h"
#else
#include "../kselftest_harness.h"
#endif
`;

/** The test's name as an identifier, and that of its file. */
export function testName(signature: string): string {
  return signature.replaceAll(/[^a-zA-Z0-9]+/g, "_").toLowerCase();
}

function heading(program: Program): string {
  const { finding, world } = program;
  return comment([
    `Tracking of PFN mappings: ${finding.signature}.`,
    "",
    finding.detail,
    checkText(program),
    ...recordedText(program),
    ...(hasWindow(program) || !isStraight(program)
      ? [
          "",
          `Usage: TEST [harness options] -- ${usageOf(program)}`,
          `The file must have ${plural(world.pfns, "page")} from there on that nothing else uses.`,
          "Without a file, or where something is missing, it skips and exits with 4.",
        ]
      : []),
  ]);
}

/** One process: the steps stand in the test. What is left once it is gone takes a child. */
function straightTest(program: Program): string {
  const steps = ownSteps(program);
  const isResult = watches(program) === "result";
  const { step: checked } = program.expectation;
  const apart = checksAtExit(program);
  const lines = steps.flatMap((step) => {
    if (isResult && step.index === checked)
      return [...stepRemark(step), ...resultLines(program, step)];
    return [...stepRemark(step), ...(apart ? childLines(step) : stepLines(step))];
  });
  const needsError = !apart && steps.some(({ before, after }) => before !== after);
  const body = apart ? [...CHILD, ...lines.map((line) => `\t${line}`), ...CHILD_END] : lines;
  return test(program, [
    ...(needsError || (isResult && !apart) ? ["int error;", ""] : []),
    ...(apart ? ["int status;", "pid_t pid;", ""] : []),
    ...(isLimited(program) ? ["ASSERT_EQ(0, limit_maps());"] : []),
    ...body,
    ...(isResult ? [] : ["", ...check(program, straightSymptom(program))]),
  ]);
}

const CHILD = ["pid = fork();", "ASSERT_LE(0, pid);", "if (pid == 0) {"];
const CHILD_END = [
  "\t_exit(0);",
  "}",
  "ASSERT_EQ(pid, waitpid(pid, &status, 0));",
  "ASSERT_EQ(0, status);",
];

/** A result that both sides share is asserted; another has to be one of theirs. */
function stepLines(step: ProgramStep): string[] {
  const [before, after] = [outcomeName(step.before), outcomeName(step.after)];
  const expression = stepExpression(step);
  if (before === after) return statement(`ASSERT_EQ(${before}, (${expression}));`);
  return [
    ...statement(`error = ${expression};`),
    `ASSERT_TRUE(error == ${before} || error == ${after});`,
  ];
}

/** A child has no assertions: it ends with the number of the step that went otherwise. */
function childLines(step: ProgramStep): string[] {
  const [before, after] = [outcomeName(step.before), outcomeName(step.after)];
  const expression = `(${stepExpression(step)})`;
  const exit = `\t_exit(${step.index});`;
  if (before === after) return [...statement(`if (${expression} != ${before})`), exit];
  return [
    ...statement(`errno = ${expression};`),
    `if (errno != ${before} && errno != ${after})`,
    exit,
  ];
}

function resultLines(program: Program, step: ProgramStep): string[] {
  const { expectation } = program;
  if (expectation.kind !== "result") throw new Error("only a result is checked at its own step");
  return [
    ...statement(`error = ${stepExpression(step)};`),
    `EXPECT_EQ(${outcomeName(expectation.expected)}, error);`,
  ];
}

/** Several processes: the test directs them. */
function lockstepTest(program: Program): string {
  const { steps, expectation } = program;
  const isResult = watches(program) === "result";
  return test(
    program,
    steps.flatMap((step) => {
      const isChecked = step.index === expectation.step;
      const run = isChecked && isResult ? resultOfRun(program) : performed(step);
      const shown = isChecked && !isResult ? check(program, symptom(program)) : [];
      return [...stepRemark(step), ...run, ...shown];
    }),
  );
}

/** Has a step performed, and asserts its result where both sides agree on it. */
function performed({ index, before, after }: ProgramStep): string[] {
  if (before !== after) return [`run(${index});`];
  return [`ASSERT_EQ(${outcomeName(before)}, run(${index}));`];
}

function resultOfRun({ expectation }: Program): string[] {
  if (expectation.kind !== "result") throw new Error("only a result is checked at its own step");
  return [`EXPECT_EQ(${outcomeName(expectation.expected)}, run(${expectation.step}));`];
}

function check({ expectation }: Program, shows: string): string[] {
  return [
    ...remark(`What must hold: ${expectationText(expectation)}.`),
    ...statement(`EXPECT_FALSE(${shows});`),
  ];
}

function test({ finding }: Program, body: readonly string[]): string {
  return `TEST(${testName(finding.signature)})
{
${body.map((line) => (line === "" ? "" : `\t${line}`)).join("\n")}
}
`;
}

/** The harness counts a test that skips as one that passed: what the whole needs is looked at before it. */
function main(program: Program, isOne: boolean): string {
  const isLimiting = isLimited(program);
  if (isOne && !hasWindow(program) && !isLimiting) return "TEST_HARNESS_MAIN\n";
  const preparations = [
    ...(isOne ? windowLines(program, "TEST --", refuse) : lockstepWindow(program)),
    ...(watches(program) === "log"
      ? ["if (open_log())", `\t${refuse("cannot read /dev/kmsg")}`]
      : []),
    ...(isLimiting ? LIMIT : []),
  ];
  const variables = isOne
    ? windowVariables(program)
    : ['char *rest = "";', "unsigned long long offset;", "const char *why;"];
  const run = isLimiting
    ? ["status = test_harness_run(argc, argv);", "lift_limit();", "return status;"]
    : ["return test_harness_run(argc, argv);"];
  const hasArguments = !isOne || hasWindow(program);
  const lines = [
    ...(hasArguments ? ["const char *path = NULL, *where = NULL;"] : []),
    ...variables,
    ...(isLimiting ? ["int status;"] : []),
    "",
    ...(hasArguments ? ARGUMENTS : []),
    ...preparations,
    ...run,
  ];
  return `static int skip(const char *why)
{
	printf("TAP version 13\\n1..0 # SKIP %s\\n", why);
	return 4;
}

int main(int argc, char **argv)
{
${lines.map((line) => (line === "" ? "" : `\t${line}`)).join("\n")}
}
`;
}

/** What stands behind "--" is the test's own, the rest the harness'. */
const ARGUMENTS = [
  "for (int i = 1; i < argc; i++) {",
  '\tif (strcmp(argv[i], "--") != 0)',
  "\t\tcontinue;",
  "\tpath = i + 1 < argc ? argv[i + 1] : NULL;",
  "\twhere = i + 2 < argc ? argv[i + 2] : NULL;",
  "\targc = i;",
  "}",
];

/** A test ends without what it has registered to be done at an exit. */
const LIMIT = [
  'limit_before = limit("r", 0);',
  "if (limit_before < 0)",
  '\treturn skip("the limit on VMAs cannot be read");',
];

const refuse = (why: string) => `return skip(${literal(why)});`;

function lockstepWindow(program: Program): string[] {
  const lacks = isDevice(program.world)
    ? '!path || (!where && !strcmp(path, "/dev/mem"))'
    : "!path || !where";
  return [
    `if (${lacks})`,
    `\t${refuse(`usage: TEST -- ${usageOf(program)}`)}`,
    "offset = where ? strtoull(where, &rest, 0) : 0;",
    "if (*rest || offset % PAGE)",
    `\t${refuse("the offset is no multiple of 4096")}`,
    "why = open_files(path, offset);",
    "why = why ? why : open_pipes();",
    "if (why)",
    "\treturn skip(why);",
    "if (reserved(0, PAGES, NULL))",
    `\t${refuse(NOT_EMPTY)}`,
    ...(asksMtrr(program)
      ? ["if (check_memory())", `\t${refuse(wrongMemory(program.world))}`]
      : []),
  ];
}
