import { checkHelpers, straightSymptom, watches } from "./ccheck.ts";
import { FINISH } from "./cfinish.ts";
import { isLimited } from "./climits.ts";
import {
  checksAtExit,
  hasWindow,
  ownSteps,
  stepExpression,
  stepRemark,
  straightHeaders,
  straightHelpers,
  straightState,
  windowLines,
  windowVariables,
} from "./cstraight.ts";
import { literal, remark, statement } from "./ctext.ts";
import { expectationText, outcomeName } from "./expectation.ts";
import type { Program, ProgramStep } from "./program.ts";

/** The code of a program of one process: what it does stands in its main(), a line after the other. */
export function oneProcessCode(program: Program): string {
  return [
    `#define _GNU_SOURCE\n${straightHeaders(program)}`,
    straightState(program),
    FINISH,
    ...(ownSteps(program).some((step) => !isChecked(program, step)) ? [DONE] : []),
    ...straightHelpers(program),
    ...checkHelpers(program),
    main(program),
  ].join("\n");
}

const DONE = `/* Tells what a step came to; it has to be as recorded on a side. */
static void done(int number, int error, int before, int after)
{
	printf("# %d: %s\\n", number, error ? strerror(error) : "ok");
	if (error != before && error != after)
		finish(SKIP, "the last step ended as on neither recorded side");
}
`;

const refuse = (why: string) => `finish(SKIP, ${literal(why)});`;

function main(program: Program): string {
  const isResult = watches(program) === "result";
  const lines = [
    ...variables(program),
    "",
    "alarm(60); /* a kernel that hangs must not hang the test */",
    ...windowLines(program, "repro", refuse),
    ...preparations(program),
    ...steps(program),
    ...(isResult ? [] : check(program, straightSymptom(program))),
  ];
  return `int main(${hasWindow(program) ? "int argc, char **argv" : "void"})
{
${lines.map((line) => (line === "" ? "" : `\t${line}`)).join("\n")}
}
`;
}

function variables(program: Program): string[] {
  const given = [
    "const char *path = argc > 1 ? argv[1] : NULL;",
    "const char *where = argc > 2 ? argv[2] : NULL;",
  ];
  return [
    ...(hasWindow(program) ? [...given, ...windowVariables(program)] : []),
    ...(watches(program) === "result" ? ["int error;"] : []),
    ...(checksAtExit(program) ? ["int status;"] : []),
  ];
}

function preparations(program: Program): string[] {
  return [
    ...(watches(program) === "log"
      ? ["if (open_log())", `\t${refuse("cannot read /dev/kmsg")}`]
      : []),
    ...(isLimited(program)
      ? ["if (limit_maps())", `\t${refuse("the limit on VMAs cannot be set")}`]
      : []),
  ];
}

/** Whether it is a step's own result that is checked. */
function isChecked(program: Program, { index }: ProgramStep): boolean {
  return watches(program) === "result" && index === program.expectation.step;
}

function steps(program: Program): string[] {
  const lines = ownSteps(program).flatMap((step) =>
    isChecked(program, step)
      ? resultLines(step, program)
      : ["", ...stepRemark(step), ...stepLines(step)],
  );
  if (!checksAtExit(program)) return lines;
  const child = lines.map((line) => (line === "" ? "" : `\t${line}`));
  return ["if (fork() == 0) {", ...child.slice(1), "\texit(PASS);", "}", ...WAIT];
}

const WAIT = [
  "if (wait(&status) < 0 || status)",
  `\t${refuse("the process did not get to its end")}`,
];

function stepLines(step: ProgramStep): string[] {
  const outcomes = `${outcomeName(step.before)}, ${outcomeName(step.after)}`;
  return statement(`done(${step.index}, ${stepExpression(step)}, ${outcomes});`);
}

/** The step whose own result is checked. */
function resultLines(step: ProgramStep, program: Program): string[] {
  return [
    "",
    ...stepRemark(step),
    ...statement(`error = ${stepExpression(step)};`),
    `printf("# ${step.index}: %s\\n", error ? strerror(error) : "ok");`,
    ...check(program, straightSymptom(program)),
  ];
}

function check(program: Program, shows: string): string[] {
  const { expectation, finding } = program;
  return [
    "",
    ...remark(`What must hold: ${expectationText(expectation)}.`),
    ...statement(`if (${shows})`),
    `\tfinish(FAIL, ${literal(finding.signature)});`,
    `finish(PASS, ${literal(finding.signature)});`,
  ];
}
