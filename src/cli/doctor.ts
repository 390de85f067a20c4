import { type Diagnosis, diagnose, diagnoseKernel } from "../../kernel/doctor.ts";
import { UserError } from "../usererror.ts";
import { EXIT, type Io } from "./io.ts";
import { imageOf, isTreeSpec } from "./kernelbuild.ts";

export interface DoctorOptions {
  readonly json?: boolean;
  /** A kernel that is booted and asked what it was built without. */
  readonly kernel?: string;
}

/** Prints what real kernels need, or what one of them lacks, and what mends it. */
export async function doctor(io: Io, { json, kernel }: DoctorOptions): Promise<number> {
  const diagnoses = kernel === undefined ? await diagnose() : await ofKernel(io, kernel);
  if (json === true) await io.out(`${JSON.stringify(diagnoses)}\n`);
  else {
    for (const { what, state, detail, mend } of diagnoses) {
      await io.out(`${state.padEnd(8)} ${what.padEnd(9)} ${detail}\n`);
      if (mend !== null) await io.out(`${" ".repeat(19)}${mend}\n`);
    }
  }
  return diagnoses.some(({ state }) => state === "missing") ? EXIT.nothingRan : EXIT.ok;
}

async function ofKernel(io: Io, id: string): Promise<Diagnosis[]> {
  const [scheme, spec = ""] = id.split(/:(.*)/s);
  if (scheme !== "kernel" || spec === "") {
    throw new UserError(`--kernel: ${id} is no kernel (kernel:6.12, kernel:PATH of a bzImage)`);
  }
  return diagnoseKernel(isTreeSpec(spec) ? await imageOf(io, spec) : spec);
}
