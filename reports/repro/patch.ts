import type { ReproInput } from "./input.ts";
import { kselftestProgram, testName } from "./kselftest.ts";
import { aboutText, type MailOptions, subjectOf, tagLines } from "./mail.ts";
import { reproProgram } from "./program.ts";

const FOLDER = "tools/testing/selftests/mm";

/** Lines of a file that stand together from 6.12 to 7.2, and between which ours go. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  added(name: string): readonly string[];
}

const PLACES: readonly Place[] = [
  {
    file: ".gitignore",
    line: 21,
    before: ["mlock2-tests", "mrelease_test"],
    after: ["mremap_dontunmap", "mremap_test"],
    added: (name) => [name],
  },
  {
    file: "Makefile",
    line: 97,
    before: ["ksm_tests", "ksm_functional_tests", "mdwe_test"].map(generated),
    after: ["hugetlb_fault_after_madv", "hugetlb_madv_vs_map", "hugetlb_dio"].map(generated),
    added: (name) => [generated(name)],
  },
  {
    file: "run_vmtests.sh",
    line: 450,
    before: ['CATEGORY="mkdirty" run_test ./mkdirty', ""],
    after: ['CATEGORY="mdwe" run_test ./mdwe_test', ""],
    added: (name) => [`CATEGORY="pfnmap" run_test ./${name}`, ""],
  },
];

function generated(name: string): string {
  return `TEST_GEN_FILES += ${name}`;
}

/**
 * The kselftest as a patch of a kernel tree, for `git apply` or `patch -p1`: the test, and the lines of Makefile,
 * run_vmtests.sh and .gitignore that make it one of mm's. Nobody has signed it off.
 */
export function kselftestPatch(input: ReproInput, options: MailOptions): string {
  const { finding } = reproProgram(input);
  const name = testName(finding.signature);
  const test = kselftestProgram(input).trimEnd().split("\n");
  const head = [
    `Subject: [PATCH] selftests/mm: test for ${subjectOf(finding)}`,
    "",
    ...aboutText(input, options),
    ...tagLines(finding.verdict, options.references),
    "---",
  ];
  const file = `${FOLDER}/${name}.c`;
  const created = [
    `diff --git a/${file} b/${file}`,
    "new file mode 100644",
    "--- /dev/null",
    `+++ b/${file}`,
    `@@ -0,0 +1,${test.length} @@`,
    ...test.map((line) => `+${line}`),
  ];
  return `${[...head, ...PLACES.flatMap((place) => changed(place, name)), ...created].join("\n")}\n`;
}

function changed({ file, line, before, after, added }: Place, name: string): string[] {
  const path = `${FOLDER}/${file}`;
  const ours = added(name);
  const old = before.length + after.length;
  return [
    `diff --git a/${path} b/${path}`,
    `--- a/${path}`,
    `+++ b/${path}`,
    `@@ -${line},${old} +${line},${old + ours.length} @@`,
    ...before.map((text) => ` ${text}`),
    ...ours.map((text) => `+${text}`),
    ...after.map((text) => ` ${text}`),
  ];
}
