import { fstatSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { refuseStaleBuild } from "./build.ts";
import { checks } from "../pat/invariant.ts";
import { UserError } from "../usererror.ts";
import { EXIT, type Io } from "./io.ts";
import { main } from "./main.ts";

/** What ends a command that may save first: the user's key, a runner's stop, a terminal closed. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Node's own streams and signals as the commands' Io. */
function processIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  const interrupt = new AbortController();
  let closed = false;
  const quietPipe = (error: NodeJS.ErrnoException) => {
    closed = true;
    // Whose terminal went away gets no message, and is not kept from saving.
    if (error.code === "EPIPE" || interrupt.signal.aborted) return;
    process.stderr.write(`pfndiff: cannot write the output: ${error.code ?? error.message}\n`);
    process.exit(EXIT.harness);
  };
  stdout.on("error", quietPipe);
  stderr.on("error", quietPipe);
  for (const signal of INTERRUPTS) {
    process.on(signal, () => {
      // A second one means: now.
      if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
      interrupt.abort();
      // Wakes a command that waits for its input.
      stdin.destroy();
    });
  }
  return {
    out: (text) =>
      new Promise((resolve) => {
        if (closed || stdout.write(text)) return resolve();
        const goOn = () => {
          stdout.off("drain", goOn).off("close", goOn);
          resolve();
        };
        stdout.on("drain", goOn).on("close", goOn);
      }),
    err: (text) => void stderr.write(text),
    stdin: input(stdin),
    liveErr: stderr.isTTY === true,
    colour: stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    columns: [stdout, stderr].find((stream) => stream.isTTY === true)?.columns ?? 80,
    interrupted: interrupt.signal,
    env,
    get closed() {
      return closed;
    },
  };
}

/** Standard input; Node reads a directory as if it were empty. */
async function* input(stdin: NodeJS.ReadStream): AsyncGenerator<Uint8Array> {
  if (fstatSync(0).isDirectory()) throw new UserError("standard input: is a directory");
  yield* stdin;
}

checks.thorough = process.env["PFNDIFF_CHECK"] === "1";
process.exitCode = await main(process.argv.slice(2), processIo(), () =>
  refuseStaleBuild(dirname(fileURLToPath(import.meta.url))),
);
// An open stdin must not keep the process alive once the command is done.
process.stdin.unref?.();
