import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

/** What a command line came to. */
export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** How the outside world is, where it is not a plain pipe. */
export interface World {
  readonly stdin?: string | Uint8Array;
  readonly columns?: number;
  readonly liveErr?: boolean;
  readonly colour?: boolean;
  readonly interrupted?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command line in this process. */
export async function run(argv: readonly string[], world: World = {}): Promise<Outcome> {
  let out = "";
  let err = "";
  const { stdin = "", columns = 80, liveErr = false, colour = false } = world;
  const io: Io = {
    out: async (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: chunks(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin),
    columns,
    liveErr,
    colour,
    interrupted: world.interrupted ?? new AbortController().signal,
    closed: false,
    env: world.env ?? {},
  };
  return { status: await main(argv, io), out, err };
}

/** Bytes in pieces of an awkward size: characters and lines are cut. */
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1013) yield bytes.subarray(at, at + 1013);
}
