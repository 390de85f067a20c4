import { existsSync, readFileSync } from "node:fs";
import { open, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import { z } from "zod";
import {
  type InterleaveDocument,
  interleaveSchema,
  type ScheduleDocument,
  scheduleSchema,
} from "../races/document.ts";
import { makeFolder, nameOf, onDisk, systemFault, unless } from "../results/disk.ts";
import { findingFileSchema } from "../results/findings.ts";
import { bytesOf, linesOf, textOf } from "../results/text.ts";
import {
  type Document,
  type Formats,
  readDocuments,
  type ReadFault,
  type Sides,
  TRACE_FORMATS,
} from "../trace/read.ts";
import { type Race, racedTraceSchema, raceIn, sortedOut } from "../trace/race.ts";
import type { Trace } from "../trace/trace.ts";
import { UserError } from "../usererror.ts";
import type { Io } from "./io.ts";

function inputError(path: string, fault: ReadFault): UserError {
  const place = fault.place === "" ? "" : `${fault.place}: `;
  return new UserError(`${nameOf(path)}: ${place}${fault.message}`);
}

/** The bytes of a file (`.gz` is unpacked) or, for `-`, of standard input. */
async function* inputBytes(io: Io, path: string): AsyncGenerator<Uint8Array> {
  try {
    if (path === "-") yield* io.stdin;
    else if (!path.endsWith(".gz")) yield* bytesOf(path);
    else {
      const packed = Readable.from(bytesOf(path));
      const plain = createGunzip();
      packed.on("error", (error) => plain.destroy(error));
      yield* packed.pipe(plain);
    }
  } catch (error) {
    throw systemFault(path, error);
  }
}

/** Everything that holds a trace: a saved finding also tells between which backends. */
const FORMATS: Formats = {
  ...TRACE_FORMATS,
  "pfndiff/finding@1": findingFileSchema.transform(({ before, after, finding }) => ({
    kind: "trace" as const,
    trace: finding.trace,
    sides: { before, after },
  })),
};

/** What a file may hold for those who can do with two tasks. */
export type RacedDocument = Document | ({ readonly kind: "race" } & GivenRace);

/** Two tasks and, where a schedule of them was saved, how it ran. */
export interface GivenRace {
  readonly race: Race;
  readonly recorded?: ScheduleDocument;
}

const RACED_FORMATS: Formats<RacedDocument> = {
  ...FORMATS,
  "pfndiff/trace@1": racedTraceSchema.transform((trace): RacedDocument => {
    const is = sortedOut(trace);
    return "race" in is ? { kind: "race", ...is } : { kind: "trace", ...is };
  }),
  "pfndiff/schedule@1": scheduleSchema.transform((recorded, context): RacedDocument => {
    const race = raceIn(recorded.trace);
    if (race !== null) return { kind: "race", race, recorded };
    context.addIssue({ code: "custom", path: ["trace"], message: "has no op both" });
    return z.NEVER;
  }),
};

async function* readFrom<D>(io: Io, path: string, formats: Formats<D>): AsyncGenerator<D> {
  for await (const result of readDocuments(linesOf(path, inputBytes(io, path)), formats)) {
    if (!result.ok) throw inputError(path, result.fault);
    yield result.document;
  }
}

/** The traces and recordings of a file, in order; a fault is a UserError that names the place. */
export function documentsIn(io: Io, path: string): AsyncGenerator<Document> {
  return readFrom(io, path, FORMATS);
}

/** The same, where traces may have two tasks. */
export function racedDocumentsIn(io: Io, path: string): AsyncGenerator<RacedDocument> {
  return readFrom(io, path, RACED_FORMATS);
}

/** The searches of two tasks that a file tells, one a line. */
export function interleavingsIn(io: Io, path: string): AsyncGenerator<InterleaveDocument> {
  return readFrom(io, path, { "pfndiff/interleave@1": interleaveSchema });
}

/** A trace and, when its file tells, the backends it was found with. */
export interface GivenTrace {
  readonly trace: Trace;
  readonly sides?: Sides;
}

async function onlyOne<D>(path: string, documents: AsyncIterable<D>): Promise<D> {
  let only: D | null = null;
  for await (const document of documents) {
    if (only !== null) {
      throw new UserError(`${nameOf(path)}: holds more than one trace (give a file with one)`);
    }
    only = document;
  }
  if (only === null) throw new Error("a readable file holds a document");
  return only;
}

function givenBy(only: Document): GivenTrace {
  if (only.kind === "recording") return { trace: only.recording.trace };
  return only.sides === undefined
    ? { trace: only.trace }
    : { trace: only.trace, sides: only.sides };
}

/** The one trace of a file; more than one is refused, for the command shows only one. */
export async function onlyTraceIn(io: Io, path: string): Promise<GivenTrace> {
  return givenBy(await onlyOne(path, documentsIn(io, path)));
}

/** The same, or two tasks. */
export async function onlyRaceIn(io: Io, path: string): Promise<GivenTrace | GivenRace> {
  const only = await onlyOne(path, racedDocumentsIn(io, path));
  return only.kind === "race" ? only : givenBy(only);
}

/** The lines of a text file, or of standard input, without their ends. */
export function linesIn(io: Io, path: string): AsyncGenerator<string> {
  return linesOf(path, inputBytes(io, path));
}

/** A text file, or standard input, whole. */
export function textIn(io: Io, path: string): Promise<string> {
  return textOf(path, inputBytes(io, path));
}

/** Finds out whether a file can be written there, and leaves nothing behind but its directory. */
export async function requireWritable(path: string): Promise<void> {
  await makeFolder(dirname(path));
  await onDisk(path, async () => {
    const isNew = (await unless(["ENOENT"], () => stat(path))) === null;
    await (await open(path, "a")).close();
    if (isNew) await rm(path);
  });
}

/** Writes a text file, making its directory. */
export async function writeText(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path));
  await onDisk(path, (file) => writeFile(file, text));
}

/** The project's own directory: the nearest one above this file that holds its package.json. */
export function projectRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!isProject(directory)) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error("pfndiff's own package.json is not above its code");
    directory = parent;
  }
  return directory;
}

function isProject(directory: string): boolean {
  const file = join(directory, "package.json");
  return existsSync(file) && readFileSync(file, "utf8").includes('"name": "pfndiff"');
}

/** The bundled code of worker threads: only the bundle has files that a thread can run. */
export function threadFile(name: "worker" | "exploreworker"): string {
  return join(projectRoot(), "dist", `${name}.js`);
}
