import { reproProgram } from "../../reports/repro/program.ts";
import { holds } from "../../reports/repro/expectation.ts";
import type { ReproInput } from "../../reports/repro/input.ts";
import type { KernelResult } from "../../reports/data.ts";
import type { Recording } from "../trace/recording.ts";
import { sameData } from "../trace/samedata.ts";
import { UserError } from "../usererror.ts";
import { documentsIn } from "./files.ts";
import type { Io } from "./io.ts";
import { ownRecordings } from "./recordings.ts";

/** What real kernels came to on the traces of accepted findings, as the project ships it. */
export async function kernelWitnesses(io: Io): Promise<Recording[]> {
  const witnesses: Recording[] = [];
  for (const path of await ownRecordings("witnesses")) {
    for await (const document of documentsIn(io, path)) {
      if (document.kind === "recording") witnesses.push(document.recording);
    }
  }
  return witnesses;
}

/**
 * Whether what a finding's program checks holds on each kernel that was recorded on the very trace,
 * with its exits; none where user space cannot check it.
 */
export function resultsOfKernels(
  input: ReproInput,
  witnesses: readonly Recording[],
): KernelResult[] {
  const { world, ops } = input.before.trace;
  const own = witnesses.filter(
    ({ trace }) => sameData(trace.ops, ops) && sameData(trace.world, world),
  );
  if (own.length === 0) return [];
  try {
    const { expectation } = reproProgram(input);
    return own.flatMap((recording) => {
      const release = recording.kernel?.release;
      return release === undefined ? [] : [{ release, passes: holds(expectation, recording) }];
    });
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
