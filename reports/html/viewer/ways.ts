import { UserError } from "../../../src/usererror.ts";
import type { CampaignSummary, ReportFinding } from "../../data.ts";
import { cProgram } from "../../repro/c.ts";
import type { ReproInput } from "../../repro/input.ts";
import { kselftestProgram, testName } from "../../repro/kselftest.ts";
import { mailText } from "../../repro/mail.ts";
import { checkText, type Program, reproProgram } from "../../repro/program.ts";
import { type SyzTarget, syzProgram } from "../../repro/syz.ts";
import { replayCommandOf, reproInputOf } from "./sandbox/reproducer.ts";

/** One way to see a finding again. */
export interface Way {
  readonly name: string;
  /** How to run it, and what it looks like where the symptom shows. */
  readonly run: string;
  readonly shows: string;
  /** UserError where it cannot be done. */
  text(): string;
}

/** A program of a finding, or why there is none. */
export type Made<T> = { readonly made: T } | { readonly why: string };

/** Makes something, unless it cannot be done: a reader is told why. */
export function madeBy<T>(make: () => T): Made<T> {
  try {
    return { made: make() };
  } catch (error) {
    if (error instanceof UserError) return { why: error.message };
    throw error;
  }
}

function inputOf(campaign: CampaignSummary, finding: ReportFinding): ReproInput {
  const input = reproInputOf(campaign, finding);
  if (input === null) throw new UserError("the report has no recordings to make one of");
  return input;
}

/** The program of a finding, before any language. */
export function programOf(campaign: CampaignSummary, finding: ReportFinding): Made<Program> {
  return madeBy(() => reproProgram(inputOf(campaign, finding)));
}

const BAR = "/sys/bus/pci/devices/0000:00:05.0/resource2";

/** Where a syzkaller program's window is: in memory that the kernel left alone, or in a BAR that can combine writes. */
function syzTargetOf(input: ReproInput): SyzTarget {
  const combines = reproProgram(input).vias.includes("resource_wc");
  return combines
    ? { file: BAR, base: 0, offset: 0 }
    : { file: "/dev/mem", base: 0, offset: 0x8000000 };
}

/** Every way to see a finding again, the shortest first. */
export function waysOf(campaign: CampaignSummary, finding: ReportFinding): Way[] {
  const { signature, step } = finding;
  const program = programOf(campaign, finding);
  const command = replayCommandOf(campaign, finding);
  const of = (make: (input: ReproInput) => string) => () => make(inputOf(campaign, finding));
  return [
    {
      name: "Trace",
      run: "paste it into a shell where pfndiff is installed",
      shows: `step ${step} of the replay is marked, and ${signature} stands beneath it.`,
      text: () => command,
    },
    ...kernelWays(signature, program, of),
    {
      name: "Mail",
      run: "read it, and send it if you mean it: nothing here does",
      shows: "what the steps marked with “!” say of the side that has it.",
      text: of((input) => mailText(input, mailOptions(finding, command))),
    },
  ];
}

function mailOptions({ reason, ref }: ReportFinding, command: string) {
  const references = ref === undefined ? [] : [ref];
  return { command, references, ...(reason === undefined ? {} : { reason }) };
}

/** What runs on a kernel. */
function kernelWays(
  signature: string,
  program: Made<Program>,
  of: (make: (input: ReproInput) => string) => () => string,
): Way[] {
  const place = "why" in program ? "" : windowOf(program.made);
  const check = "why" in program ? "" : ` ${checkText(program.made)}`;
  const name = testName(signature);
  return [
    {
      name: "C",
      run: `cc -o repro repro.c && sudo ./repro${place}`,
      shows: `“FAIL: ${signature}” as its last line, and exit status 1 (0 is PASS, 4 is SKIP).`,
      text: of(cProgram),
    },
    {
      name: "kselftest",
      run: `sudo ./${name}${place === "" ? "" : ` --${place}`}`,
      shows:
        "“not ok 1” with the line of the assertion, and exit status 1 (4 is SKIP). It goes to tools/testing/selftests/mm; pfndiff repro --format patch adds it to a tree.",
      text: of(kselftestProgram),
    },
    {
      name: "syzkaller",
      run: "syz-execprog -procs=1 -repeat=1 -unsafe repro.syz",
      shows: `nothing by itself, for such a program has no checks.${check} That is in /sys/kernel/debug/x86/pat_memtype_list, in the kernel log, or in what the calls return.`,
      text: of((input) => syzProgram(input, syzTargetOf(input))),
    },
  ];
}

/** Where a program finds its window, as it is told on its command line. */
function windowOf({ vias, world }: Program): string {
  if (vias.length === 0) return "";
  return world.mtrr === "write-back" && world.region !== "bar"
    ? " /dev/mem 0x8000000"
    : ` ${BAR} 0x10000`;
}
