import { isDevice } from "../../src/trace/trace.ts";
import { asksMtrr, checkHelpers, memoryCheck, symptom, watches, wrongMemory } from "./ccheck.ts";
import { FINISH } from "./cfinish.ts";
import { headers, NOT_EMPTY, opening, RESERVED, state } from "./chelpers.ts";
import { performing, stepTable } from "./csteps.ts";
import { usageOf } from "./cstraight.ts";
import { literal, remark } from "./ctext.ts";
import { expectationText } from "./expectation.ts";
import type { Program } from "./program.ts";

/** The code of a program of several processes, which act in lockstep. */
export function lockstepCode(program: Program): string {
  return [
    `#define _GNU_SOURCE\n${headers(program)}`,
    state(program),
    FINISH,
    NEED,
    opening(program),
    RESERVED,
    ...lockstepMemoryCheck(program),
    ...checkHelpers(program),
    stepTable(program),
    performing(program),
    check(program),
    main(program),
  ].join("\n");
}

/** The look at the MTRRs, where they decide. */
export function lockstepMemoryCheck(program: Program): string[] {
  return asksMtrr(program) ? [memoryCheck(program.world, "fds[DEVMEM]", "offsets[DEVMEM]")] : [];
}

const NEED = `/* Ends the test if something it needs is not there. */
static void need(const char *why)
{
	if (why)
		finish(SKIP, why);
}
`;

function check(program: Program): string {
  const { expectation } = program;
  const takes = watches(program) === "result" ? "int error" : "void";
  const meaning = remark(
    `Whether the symptom shows. What must hold: ${expectationText(expectation)}.`,
  );
  return `${meaning.join("\n")}
static int symptom_shows(${takes})
{
	return ${symptom(program)};
}
`;
}

function main(program: Program): string {
  const isMemory = !isDevice(program.world);
  const { step } = program.expectation;
  const watched = watches(program);
  return `int main(int argc, char **argv)
{
	const char *where = argc > 2 ? argv[2] : NULL;
	char *rest = "";
	unsigned long long offset = where ? strtoull(where, &rest, 0) : 0;

	if (argc < ${isMemory ? "3" : "2"})
		finish(SKIP, "usage: repro ${usageOf(program)}");
	if (*rest || offset % PAGE)
		finish(SKIP, "the offset is no multiple of 4096");
	alarm(60); /* a kernel that hangs must not hang the test */
	need(open_files(argv[1], offset));
${watched === "log" ? "\tneed(open_log());\n" : ""}	need(open_pipes());
	if (reserved(0, PAGES, NULL))
		finish(SKIP, ${literal(NOT_EMPTY)});
${asksMtrr(program) ? `\tif (check_memory())\n\t\tfinish(SKIP, ${literal(wrongMemory(program.world))});\n` : ""}	for (int step = 0; step < STEPS; step++) {
		int error = run(step);

		printf("# %d: %s: %s\\n", step, steps[step].text,
		       error ? strerror(error) : "ok");
		if (step == ${step} && symptom_shows(${watched === "result" ? "error" : ""}))
			finish(FAIL, ${literal(program.finding.signature)});
		if (error != steps[step].before && error != steps[step].after)
			finish(SKIP, "the last step ended as on neither recorded side");
	}
	finish(PASS, ${literal(program.finding.signature)});
}
`;
}
