import { diagnose } from "../../kernel/doctor.ts";
import { EXIT, type Io } from "./io.ts";

/** Prints what real kernels need, what of it is missing, and the command that mends it. */
export async function doctor(io: Io, options: { json?: boolean }): Promise<number> {
  const diagnoses = await diagnose();
  if (options.json === true) await io.out(`${JSON.stringify(diagnoses)}\n`);
  else {
    for (const { what, state, detail, mend } of diagnoses) {
      await io.out(`${state.padEnd(8)} ${what.padEnd(9)} ${detail}\n`);
      if (mend !== null) await io.out(`${" ".repeat(19)}${mend}\n`);
    }
  }
  return diagnoses.some(({ state }) => state === "missing") ? EXIT.nothingRan : EXIT.ok;
}
