import { spawn } from "node:child_process";

/** How a program ended: `missing` when there is no such program. */
export interface Outcome {
  readonly missing: boolean;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the program, which then rejects. */
  readonly signal?: AbortSignal | undefined;
  /** Called with every piece of the program's stdout. */
  readonly onStdout?: (text: string) => void;
  /** Called with every piece of the program's stderr. */
  readonly onStderr?: (text: string) => void;
}

/** Runs a program to its end without a shell; never rejects for the program's own failures. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      signal: options.signal,
      env: { ...process.env, LC_ALL: "C", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      options.onStdout?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      options.onStderr?.(text);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve({ missing: true, status: null, stdout, stderr });
      else reject(error);
    });
    child.on("close", (status) => resolve({ missing: false, status, stdout, stderr }));
  });
}
