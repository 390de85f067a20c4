import { isDevice } from "../../src/trace/trace.ts";
import { assertNever } from "../../src/assertnever.ts";
import { asksMtrr, checkHelpers, watches } from "./ccheck.ts";
import { headers, LIST_READER, opening, state } from "./chelpers.ts";
import { performing, stepTable } from "./csteps.ts";
import { isLimited } from "./climits.ts";
import { comment, literal } from "./ctext.ts";
import { outcomeName } from "./expectation.ts";
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
  const parts = [
    `// SPDX-License-Identifier: GPL-2.0 OR MIT\n${heading(program)}`,
    `#define _GNU_SOURCE\n${headers(program)}\n${HARNESS}`,
    state(program),
    opening(program),
    LIST_READER,
    ...checkHelpers(program),
    stepTable(program),
    performing(program),
    fixture(program),
    test(program),
    main(program),
  ];
  return parts.join("\n");
}

/** Trees have it beside the tests' folder, newer ones on the compiler's path too. */
const HARNESS = `#if __has_include("kselftest_harness.h")
#include "kselftest_harness.h"
#else
#include "../kselftest_harness.h"
#endif
`;

function heading(program: Program): string {
  const { finding, world } = program;
  const isAperture = isDevice(world);
  const example = isAperture ? "RESOURCE-FILE [OFFSET]" : "/dev/mem ADDRESS";
  return comment([
    `Tracking of PFN mappings: ${finding.signature}.`,
    "",
    finding.detail,
    checkText(program),
    recordedText(program),
    "",
    `Usage: TEST [harness options] -- ${example}`,
    `The file must have ${world.pfns} pages from there on that nothing else uses.`,
    "Without a file, or where something is missing, it skips and exits with 4.",
  ]);
}

function fixture(program: Program): string {
  const log = watches(program) === "log" ? "\twhy = why ? why : open_log();\n" : "";
  return `static const char *file;
static unsigned long long file_offset;

FIXTURE(pfn_tracking) {
	int pages_reserved;
};

FIXTURE_SETUP(pfn_tracking)
{
	const char *why = open_files(file, file_offset);

	why = why ? why : open_pipes();
	why = why ? why : read_list();
${log}	if (why)
		SKIP(return, "%s", why);
	self->pages_reserved = entries;
	if (self->pages_reserved)
		SKIP(return, "something has reserved pages of the window");
}

FIXTURE_TEARDOWN(pfn_tracking)
{
${isLimited(program) ? "\tlift_limit();\n" : ""}${program.vias.map((via) => `\tclose(fds[${via.toUpperCase()}]);\n`).join("")}}
`;
}

function test(program: Program): string {
  const { finding, steps, expectation } = program;
  const name = finding.signature.replaceAll(/[^a-zA-Z0-9]+/g, "_").toLowerCase();
  const body = steps.flatMap((step) =>
    step.index === expectation.step
      ? [...performed(step, expectation.kind === "result"), ...assertions(program)]
      : performed(step, false),
  );
  return `TEST_F(pfn_tracking, ${name})
{
${body.map((line) => (line === "" ? "" : `\t${line}`)).join("\n")}
}
`;
}

/** Has a step performed, and asserts its result where both sides agree on it. */
function performed(step: ProgramStep, isJudged: boolean): string[] {
  const said = `/* ${step.index}: ${step.text.replaceAll("*/", "* /")} */`;
  if (isJudged) return [said];
  if (step.before !== step.after) return [said, `run(${step.index});`];
  return [said, `ASSERT_EQ(run(${step.index}), ${outcomeName(step.before)});`];
}

function assertions({ expectation }: Program): string[] {
  const readList = "ASSERT_EQ(read_list(), NULL);";
  switch (expectation.kind) {
    case "result":
      return [`EXPECT_EQ(run(${expectation.step}), ${outcomeName(expectation.expected)});`];
    case "quiet":
      return [
        expectation.message === "warn"
          ? "EXPECT_FALSE(logged_warning());"
          : "EXPECT_FALSE(logged_invalid_free());",
      ];
    case "unreserved":
      return [
        readList,
        ...expectation.pages.map(({ start, end }) => `EXPECT_FALSE(any_entry(${start}, ${end}));`),
      ];
    case "reserved":
      return [readList, `EXPECT_TRUE(any_entry(${expectation.page}, ${expectation.page + 1}));`];
    case "type":
      return [
        readList,
        `EXPECT_STREQ(type_at(${expectation.page}), ${literal(expectation.type)});`,
      ];
    case "not-type":
      return [
        readList,
        `EXPECT_STRNE(type_at(${expectation.page}), ${literal(expectation.type)});`,
      ];
    case "mapping": {
      const { proc, page, mapped } = expectation;
      return [`EXPECT_EQ(is_mapped(${proc}, ${page}), ${mapped ? 1 : 0});`];
    }
    case "entry": {
      const { entry, count } = expectation;
      const counted = `count_entries(${entry.start}, ${entry.end}, ${literal(entry.type)})`;
      return [readList, `EXPECT_GE(${counted}, ${count});`];
    }
    default:
      return assertNever(expectation);
  }
}

/** The harness counts a test that skips as one that passed: what the whole needs is looked at before it. */
function main(program: Program): string {
  const isMemory = !isDevice(program.world);
  const usage = isMemory ? "-- /dev/mem ADDRESS" : "-- RESOURCE-FILE|/dev/mem [OFFSET]";
  const needsOffset = isMemory ? "1" : 'strcmp(file, "/dev/mem") == 0';
  const log = watches(program) === "log" ? "\twhy = why ? why : open_log();\n" : "";
  return `static int skip(const char *why)
{
	printf("TAP version 13\\n1..0 # SKIP %s\\n", why);
	return 4;
}

int main(int argc, char **argv)
{
	const char *offset = NULL;
	const char *why;
	char *end = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		if (i + 1 < argc)
			file = argv[i + 1];
		if (i + 2 < argc)
			offset = argv[i + 2];
		argc = i;
	}
	if (!file || (!offset && ${needsOffset}))
		return skip("usage: TEST ${usage}");
	if (offset)
		file_offset = strtoull(offset, &end, 0);
	if (offset && (end == offset || *end || file_offset % 4096))
		return skip("the offset is no multiple of 4096");
	why = open_files(file, file_offset);
	why = why ? why : read_list();
${log}	if (!why && entries)
		why = "something has reserved pages of the window";
${asksMtrr(program) ? "\tif (!why)\n\t\twhy = check_memory();\n" : ""}	return why ? skip(why) : test_harness_run(argc, argv);
}
`;
}
