import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ReproInput } from "../../reports/repro/input.ts";
import { testName } from "../../reports/repro/kselftest.ts";
import { kselftestPatch } from "../../reports/repro/patch.ts";
import { reproProgram } from "../../reports/repro/program.ts";
import { Initramfs, type Program, runPrograms } from "../kernel/programs/machine.ts";
import { AFTER, baselineInputs, BEFORE } from "../reports/repro/baselineinputs.ts";

/**
 * Adds findings of the baseline as selftests to a copy of a kernel tree, by the patch that `pfndiff repro --format patch`
 * prints, has the tree's own Makefile build them, and runs them on that kernel in a guest: each must fail exactly
 * where its side has the symptom, and skip with its usage where it is given nothing.
 *
 *     npx tsx tests/bench/selftests.ts TREE RELEASE [EVERY]
 */
const [tree = "", release = "", every = "8"] = process.argv.slice(2);
const SKIP = 4;
const FOLDER = "tools/testing/selftests/mm";
/** What the tests are built from. */
const PARTS = ["tools", "scripts", "include/uapi", "arch/x86/include", "mm/gup_test.h", "Makefile"];

const run = (folder: string, command: string, args: readonly string[], input = "") =>
  execFileSync(command, args, { cwd: folder, input, stdio: ["pipe", "pipe", "inherit"] });

/** Patches the tree, builds the test in it, and takes the patch off again: the next one stands in the same place. */
function builtIn(copy: string, input: ReproInput): Buffer {
  const { signature } = input.finding;
  const patch = kselftestPatch(input, { command: "", references: [] });
  const name = testName(signature);
  const folder = join(copy, FOLDER);
  const program = join(folder, name);
  run(copy, "patch", ["-p1", "--no-backup-if-mismatch"], patch);
  for (const file of ["Makefile", "run_vmtests.sh", ".gitignore"]) {
    if (!readFileSync(join(folder, file), "utf8").includes(name))
      throw new Error(`${file}: no ${name}`);
  }
  run(folder, "make", ["ARCH=x86_64", `OUTPUT=${folder}`, program]);
  const built = readFileSync(program);
  requireSkip(program, signature);
  rmSync(program);
  run(copy, "patch", ["-p1", "-R", "--no-backup-if-mismatch"], patch);
  return built;
}

/** Without arguments a test that maps a file must touch nothing. */
function requireSkip(program: string, signature: string): void {
  try {
    execFileSync(program, { stdio: "pipe" });
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === SKIP) return;
  }
  throw new Error(`${signature}: it does not skip where it is given nothing`);
}

function copied(from: string): string {
  const copy = mkdtempSync(join(tmpdir(), "pfndiff-selftests-"));
  for (const part of PARTS) run(from, "cp", ["-a", "--parents", part, copy]);
  return copy;
}

/** The contexts came with 6.16. */
function hasContexts(text: string): boolean {
  const [major = 0, minor = 0] = text.split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 16);
}

const inputs = baselineInputs().filter(
  (input, at) => at % Number(every) === 0 && reproProgram(input).vias.length > 0,
);
const copy = copied(resolve(tree));
const initramfs = new Initramfs();
try {
  const programs = inputs.map((input): Program => {
    const { signature, trace } = input.finding;
    const built = builtIn(copy, input);
    return { name: signature, text: "", built, options: ["--"], world: trace.world };
  });
  process.stdout.write(
    `${tree}: its Makefile built ${programs.length} tests, and took each patch off again\n`,
  );
  await initramfs.pack(programs);
  const ended = await runPrograms(release, initramfs);
  const side = hasContexts(release) ? AFTER : BEFORE;
  const wrong = inputs.flatMap((input, at) => {
    const wanted = reproProgram(input).fails.includes(side) ? 1 : 0;
    const { status, last } = ended[at] ?? { status: -1, last: "it did not run" };
    return status === wanted
      ? []
      : [`${input.finding.signature}: ${status} for ${wanted}: ${last}`];
  });
  const failed = ended.filter(({ status }) => status === 1).length;
  process.stdout.write(`kernel ${release}: ${failed} of ${ended.length} fail, the others pass\n`);
  for (const line of wrong) process.stdout.write(`wrong: ${line}\n`);
  if (wrong.length > 0 || ended.length !== inputs.length) process.exitCode = 1;
} finally {
  initramfs.remove();
  rmSync(copy, { recursive: true, force: true });
}
