import { type FileHandle, open, rm } from "node:fs/promises";
import { z } from "zod";
import type { Scope } from "../../fuzz/explore/certificate.ts";
import type { KeptSearch, SearchOptions } from "../../fuzz/explore/search.ts";
import { UserError } from "../usererror.ts";
import { onDisk, unless, writeWhole } from "../results/disk.ts";
import { opSchema } from "../trace/opschema.ts";
import { buildOf } from "./build.ts";
import { projectRoot, requireWritable } from "./files.ts";
import type { SpillFolder } from "./spillfolder.ts";

const count = z.int().min(0);
const witness = z.strictObject({ key: z.string(), depth: count, ops: z.array(opSchema) });

/**
 * The first line of the file; the arrays follow it, of as many elements as `lengths` says. What did not
 * fit in memory is in a folder beside it.
 */
const headSchema = z.strictObject({
  /** What is explored and by which build, as text. */
  asked: z.string(),
  search: z.strictObject({
    levels: z.array(
      z.strictObject({ depth: count, transitions: count, states: count, hash: z.string() }),
    ),
    signatures: z.array(witness),
    symptoms: z.array(witness),
    aspects: z.array(witness),
    differing: z.array(count),
    done: count,
    transitions: count,
    found: count,
    sum: z.tuple([count, count]),
  }),
  states: z.strictObject({ size: count, runs: z.array(count) }),
  /** Letters of paths that are in files of their own. */
  spilled: z.tuple([count, count]),
  lengths: z.tuple([count, count, count]),
});

type Words = Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A write or a read of the system takes no more than 2 GB. */
const PIECE_BYTES = 2 ** 28;
/** The first line of a file is no longer than this. */
const HEAD_BYTES = 2 ** 26;

function piecesOf({ buffer, byteOffset, byteLength }: Words): Uint8Array[] {
  const pieces = Array.from({ length: Math.ceil(byteLength / PIECE_BYTES) }, (_, at) => at);
  return pieces.map((at) => {
    const start = at * PIECE_BYTES;
    return new Uint8Array(buffer, byteOffset + start, Math.min(PIECE_BYTES, byteLength - start));
  });
}

/** Reads all of `into` from a place in the file; false where the file ends before. */
async function readBytes(file: FileHandle, into: Uint8Array, from: number): Promise<boolean> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, from + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

async function readWords<T extends Words>(file: FileHandle, words: T, from: number): Promise<T> {
  let at = from;
  for (const piece of piecesOf(words)) {
    if (!(await readBytes(file, piece, at))) throw new Unreadable("ends before its arrays do");
    at += piece.length;
  }
  return words;
}

/** What is wrong with a file, in a few words. */
class Unreadable extends Error {}

async function headOf(
  file: FileHandle,
): Promise<{ head: z.infer<typeof headSchema>; end: number }> {
  const bytes = new Uint8Array(Math.min(HEAD_BYTES, (await file.stat()).size));
  await readBytes(file, bytes, 0);
  const end = bytes.indexOf(10);
  try {
    const text = new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0)));
    return { head: headSchema.parse(JSON.parse(text)), end: end + 1 };
  } catch {
    throw new Unreadable("is no exploration that explore --resume has kept");
  }
}

/** What is explored, and by which build of pfndiff and of trees: another one may answer otherwise. */
export const askedOf = (
  { bounds, before, after, judged }: Scope,
  programs: Readonly<Record<string, string>>,
) => JSON.stringify([bounds, before, after, judged, programs, buildOf(projectRoot())]);

async function readSearch(file: FileHandle, asked: string): Promise<KeptSearch> {
  const { head, end } = await headOf(file);
  if (head.asked !== asked) {
    throw new Unreadable("is an exploration of other backends or bounds, or by another build");
  }
  const { search, states, spilled } = head;
  const [ofTable, ofPaths, ofNext] = head.lengths;
  const afterTable = end + ofTable * Uint32Array.BYTES_PER_ELEMENT;
  const afterPaths = afterTable + ofPaths * Uint16Array.BYTES_PER_ELEMENT;
  const table = await readWords(file, new Uint32Array(ofTable), end);
  const paths = await readWords(file, new Uint16Array(ofPaths), afterTable);
  const next = await readWords(file, new Uint16Array(ofNext), afterPaths);
  return {
    ...search,
    states: { ...states, table },
    paths: { spilled: spilled[0], letters: paths },
    next: { spilled: spilled[1], letters: next },
  };
}

/** The search that a file has kept, or undefined where there is no file yet; UserError where it is of something else. */
export async function keptIn(path: string, asked: string): Promise<KeptSearch | undefined> {
  await requireWritable(path);
  const file = await onDisk(path, () => unless(["ENOENT"], () => open(path, "r")));
  if (file === null) return undefined;
  try {
    return await readSearch(file, asked);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new UserError(`${path}: ${error.message} (remove it, or name another file)`);
  } finally {
    await file.close();
  }
}

/** Writes a search down; a kill meanwhile leaves what was kept before. */
async function writeSearch(path: string, asked: string, kept: KeptSearch): Promise<void> {
  const { states, paths, next, ...search } = kept;
  const { table, ...counts } = states;
  const arrays = [table, paths.letters, next.letters];
  const lengths = arrays.map(({ length }) => length);
  const spilled = [paths.spilled, next.spilled];
  const head = JSON.stringify({ asked, search, states: counts, spilled, lengths });
  await writeWhole(path, [`${head}\n`, ...arrays.flatMap(piecesOf)], true);
}

/** Between two writes; and of the time a search takes, writing is to take a twentieth at most. */
const PAUSE_MS = 30_000;
const SHARE = 20;

/** Keeps a search in a file as it goes. */
export class SearchKeeper {
  private due = performance.now() + PAUSE_MS;

  constructor(
    private readonly path: string,
    private readonly asked: string,
    private readonly spill: SpillFolder,
  ) {}

  /** How a search asks for it. */
  get hooks(): Pick<SearchOptions, "isTimeToKeep" | "keep"> {
    return {
      isTimeToKeep: () => performance.now() >= this.due,
      keep: (search) => this.keep(search),
    };
  }

  private async keep(search: KeptSearch): Promise<void> {
    const start = performance.now();
    this.spill.sync();
    await writeSearch(this.path, this.asked, search);
    const now = performance.now();
    this.due = now + Math.max(PAUSE_MS, SHARE * (now - start));
  }

  /** The search is over, and there is nothing to go on with. */
  async drop(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
