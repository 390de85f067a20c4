import { homedir } from "node:os";
import { CommanderError } from "commander";
import { UserError } from "../usererror.ts";
import { StaleBuild } from "./build.ts";
import { exitStatus, exitStyleIn } from "./exitstyle.ts";
import { EXIT, type Io, oneLine } from "./io.ts";
import { opening } from "./opening.ts";
import { buildProgram } from "./program.ts";
import { addTreeOptions } from "./treeprogram.ts";

/** Commands that judge nothing and run nothing. */
const WORDS_ONLY = ["completion", "help"];

/**
 * Runs one command line (without node and script) and returns its exit status, in the style that
 * the command line asks for. `checkBuild` throws StaleBuild where the build may not be believed:
 * then a bisection of its checkout stops, whether or not it was asked for.
 */
export async function main(
  argv: readonly string[],
  io: Io,
  checkBuild: () => void = () => undefined,
): Promise<number> {
  let style = exitStyleIn(argv);
  const status = await runCommand(argv, io, () => {
    try {
      checkBuild();
    } catch (error) {
      if (error instanceof StaleBuild && error.isBisected) style ??= "bisect";
      throw error;
    }
  });
  return exitStatus(style ?? "default", status);
}

/** Everything that can go wrong ends here: the user's errors as one line, ours with a stack. */
async function runCommand(
  argv: readonly string[],
  io: Io,
  checkBuild: () => void,
): Promise<number> {
  let status: number = EXIT.ok;
  opening.io = io;
  const program = buildProgram(io, (code) => {
    status = code;
  });
  addTreeOptions(program);
  program.hook("preAction", (_program, command) => {
    if (!WORDS_ONLY.includes(command.name())) checkBuild();
  });
  try {
    await program.parseAsync(argv.map(atHome), { from: "user" });
    return io.interrupted.aborted ? EXIT.interrupted : status;
  } catch (error) {
    if (io.interrupted.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      io.err(`pfndiff: ${shortened(usageLine(error.message))}\n`);
      return EXIT.usage;
    }
    if (error instanceof UserError) {
      io.err(`pfndiff: ${shortened(oneLine(error.message))}\n`);
      return error.exitCode;
    }
    io.err(`pfndiff: internal fault (please report it): ${stackOf(error)}\n`);
    return EXIT.harness;
  }
}

/** An id such as `tree:~/linux` with the home folder in it: a shell leaves a ~ alone that comes after a colon. */
function atHome(word: string): string {
  return word.replace(/^((?:--[a-z]+=)?(?:tree|kernel|file):)~(?=\/|$)/, (_, id) => id + homedir());
}

/** A message without the middle of long names that it echoes; what it says stays readable. */
function shortened(line: string): string {
  const words = line.replace(/\S{256,}/g, (word) => `${word.slice(0, 120)}...${word.slice(-40)}`);
  return words.length > 2000 ? `${words.slice(0, 1900)}...${words.slice(-90)}` : words;
}

/** commander's message on one line, with the way to the help. */
function usageLine(message: string): string {
  const plain = oneLine(message.replace(/^error: /, "").trim());
  return plain === "(outputHelp)" ? "name a command (see pfndiff --help)" : plain;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
