import { appendFileSync, writeFileSync } from "node:fs";
import { type Outcome, run, type RunOptions } from "./run.ts";
import { KernelUnavailable } from "./unavailable.ts";

/** How a compiler, a linker, kconfig and make say that something is wrong, from telling to terse. */
const ERRORS = [
  /^.*\b(?:fatal )?error: .*$/m,
  /^.*undefined reference to .*$/m,
  /^\S*Kconfig\S*:\d+: .*$/m,
  /^.*\*\*\* .*$/m,
];

/** The first line of a build's output that says what went wrong. */
export function firstError(output: string): string {
  for (const pattern of ERRORS) {
    const [line] = pattern.exec(output) ?? [];
    if (line !== undefined) return line.trim();
  }
  return output.trim().split("\n").at(-1) ?? "";
}

/** The steps of a build, each with its output in one log; the first that fails ends it in one line. */
export class BuildLog {
  constructor(
    private readonly id: string,
    readonly path: string,
    private readonly interrupted: AbortSignal | undefined,
  ) {
    writeFileSync(path, "");
  }

  async step(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome = await run(program, args, { ...options, signal: this.interrupted });
    const { missing, status, stdout, stderr } = outcome;
    const command = [program, ...args].join(" ");
    appendFileSync(this.path, `$ ${command.slice(0, COMMAND_SHOWN)}\n${stdout}${stderr}`);
    if (missing) {
      throw new KernelUnavailable(
        `${this.id}: no ${program} to build it with`,
        "apt-get install build-essential flex bison bc libelf-dev libssl-dev",
      );
    }
    if (status === 0) return outcome;
    const error = firstError(`${stderr}\n${stdout}`);
    throw new KernelUnavailable(`${this.id} does not build: ${error}`, `see ${this.path}`);
  }
}

const COMMAND_SHOWN = 2000;
