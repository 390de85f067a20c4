import { isDevice } from "../../src/trace/trace.ts";
import { asksMtrr, checkHelpers, symptom, watches } from "./ccheck.ts";
import { headers, LIST_READER, opening, state } from "./chelpers.ts";
import { performing, stepTable } from "./csteps.ts";
import { comment, literal } from "./ctext.ts";
import { expectationText } from "./expectation.ts";
import type { ReproInput } from "./input.ts";
import { checkText, type Program, recordedText, reproProgram } from "./program.ts";

/**
 * A C program that performs the finding's ops on a real kernel and says PASS, FAIL (the symptom
 * shows) or SKIP, with kselftest's exit codes. It needs libc only. UserError where user space
 * cannot see the symptom.
 */
export function cProgram(input: ReproInput): string {
  const program = reproProgram(input);
  const parts = [
    `// SPDX-License-Identifier: MIT\n${heading(program)}`,
    `#define _GNU_SOURCE\n${headers(program)}`,
    state(program),
    FINISH,
    opening(program),
    LIST_READER,
    ...checkHelpers(program),
    stepTable(program),
    performing(program),
    check(program),
    main(program),
  ];
  return parts.join("\n");
}

function heading(program: Program): string {
  const { finding, world } = program;
  const file = isDevice(world) ? "RESOURCE-FILE|/dev/mem" : "/dev/mem";
  const offset = isDevice(world) ? "[OFFSET]" : "ADDRESS";
  return comment([
    finding.signature,
    "",
    finding.detail,
    "",
    `PASS: ${checkText(program)}`,
    recordedText(program),
    "",
    `Usage: repro ${file} ${offset}`,
    `As root, with debugfs mounted; OFFSET (bytes, 0x for hex) is where ${world.pfns} pages begin`,
    "that nothing else uses. Kernels up to 6.15 leak for good: take another OFFSET for another run.",
    "Exit status: 0 PASS, 1 FAIL, 4 SKIP.",
  ]);
}

const FINISH = `enum { PASS = 0, FAIL = 1, SKIP = 4 };

static void __attribute__((noreturn)) finish(int status, const char *why)
{
	printf("%s: %s\\n", status == PASS ? "PASS" : status == FAIL ? "FAIL" : "SKIP", why);
	exit(status);
}

/* Ends the test if something it needs is not there. */
static void need(const char *why)
{
	if (why)
		finish(SKIP, why);
}
`;

function check(program: Program): string {
  const { expectation } = program;
  const watched = watches(program);
  const reads = watched === "list" ? "need(read_list());\n\t" : "";
  const takes = watched === "result" ? "int error" : "void";
  return `/* Whether the symptom shows. What must hold: ${expectationText(expectation)}. */
#define CHECKED ${expectation.step}

static int symptom_shows(${takes})
{
	${reads}return ${symptom(program)};
}
`;
}

function main(program: Program): string {
  const isMemory = !isDevice(program.world);
  const { step } = program.expectation;
  const watched = watches(program);
  const failure = literal(`step ${step} shows ${program.finding.signature}`);
  return `int main(int argc, char **argv)
{
	if (${isMemory ? "argc != 3" : "argc != 2 && argc != 3"}) {
		fprintf(stderr, "usage: %s ${isMemory ? "/dev/mem ADDRESS" : "RESOURCE-FILE|/dev/mem [OFFSET]"}\\n", argv[0]);
		return SKIP;
	}
	alarm(60); /* a kernel that hangs must not hang the test */
	need(open_files(argv[1], argc == 3 ? strtoull(argv[2], NULL, 0) : 0));
${watched === "log" ? "\tneed(open_log());\n" : ""}	need(open_pipes());
	need(read_list());
	if (entries)
		finish(SKIP, "something has reserved pages of the window: take another OFFSET");
${asksMtrr(program) ? "\tneed(check_memory());\n" : ""}	for (int step = 0; step < STEPS; step++) {
		int error = run(step);

		printf("# %d: %s: %s\\n", step, steps[step].text, error ? strerror(error) : "ok");
		if (step == CHECKED && symptom_shows(${watched === "result" ? "error" : ""}))
			finish(FAIL, ${failure});
		if (error != steps[step].before && error != steps[step].after)
			finish(SKIP, "the last step ended as on neither recorded side");
	}
	finish(PASS, ${literal(checkText(program))});
}
`;
}
