import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { traceOf } from "../trace/read.ts";
import { recordingLine } from "../trace/write.ts";
import { openBackend } from "./backends.ts";
import { documentsIn, systemFault } from "./files.ts";
import { EXIT, type Io } from "./io.ts";

export interface RecordOptions {
  readonly backend: string;
  readonly output?: string;
}

/**
 * Runs every trace of a file on a backend and writes a recording for each, as soon as it is
 * there. A faulty trace ends the run; the recordings before it have been written.
 */
export async function record(io: Io, file: string, options: RecordOptions): Promise<number> {
  const backend = await openBackend(options.backend);
  const sink = options.output === undefined ? null : await openSink(options.output);
  try {
    for await (const document of documentsIn(io, file)) {
      if (io.interrupted.aborted || io.closed) break;
      const line = recordingLine(await backend.record(traceOf(document)));
      if (sink === null) await io.out(line);
      else if (!sink.write(line)) await once(sink, "drain");
    }
  } finally {
    await backend.close?.();
    if (sink !== null) {
      sink.end();
      await finished(sink);
    }
  }
  return EXIT.ok;
}

async function openSink(path: string): Promise<WriteStream> {
  const sink = createWriteStream(path);
  try {
    await once(sink, "open");
  } catch (error) {
    throw systemFault(path, error);
  }
  return sink;
}
