import { UserError } from "../usererror.ts";
import type { Scenario } from "./build.ts";
import { IDIOM_SCENARIOS } from "./idioms.ts";
import { ISA_SCENARIOS } from "./isa.ts";
import { KREF_SCENARIOS } from "./kref.ts";
import { MEASURED_SCENARIOS } from "./measured.ts";
import { MISTAKE_SCENARIOS } from "./mistakes.ts";
import { PIECE_SCENARIOS } from "./pieces.ts";
import { REGION_SCENARIOS } from "./regions.ts";
import { SELFTEST_SCENARIOS } from "./selftest.ts";
import { SYSCALL_SCENARIOS } from "./syscalls.ts";
import { VM_PAT_SCENARIOS } from "./vmpat.ts";
import { WRITE_BACK_SCENARIOS } from "./writeback.ts";

/** Every named scenario, in the order in which they are listed. */
export const SCENARIOS: readonly Scenario[] = [
  ...SELFTEST_SCENARIOS,
  ...VM_PAT_SCENARIOS,
  ...KREF_SCENARIOS,
  ...SYSCALL_SCENARIOS,
  ...IDIOM_SCENARIOS,
  ...WRITE_BACK_SCENARIOS,
  ...ISA_SCENARIOS,
  ...REGION_SCENARIOS,
  ...MEASURED_SCENARIOS,
  ...MISTAKE_SCENARIOS,
  ...PIECE_SCENARIOS,
];

/** The scenario of a name. */
export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario !== undefined) return scenario;
  throw new UserError(`no scenario ${JSON.stringify(name)} (pfndiff scenarios lists them)`);
}
