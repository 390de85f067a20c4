import type { Command } from "commander";
import { commandShape } from "../../reports/formats/commands.ts";
import { completionScript, type Shell } from "../../reports/formats/completion.ts";
import { EXIT, type Io } from "./io.ts";

/** Prints what teaches a shell the commands and options of `program`. */
export async function completion(io: Io, program: Command, shell: Shell): Promise<number> {
  await io.out(completionScript(shell, commandShape(program)));
  return EXIT.ok;
}
