import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { UserError } from "../usererror.ts";
import { nameOf, onDisk, systemFault } from "./disk.ts";

const MIB = 1024 * 1024;

/** What a file may hold at most: one that never ends, such as /dev/zero, is refused as well. */
export const BOUNDS = {
  /** Characters of a line; what is made of it takes some twenty times as much memory. */
  line: 64 * MIB,
  /** Bytes of a file that is kept whole. */
  whole: 256 * MIB,
  /** Bytes of a file that is taken line by line, unpacked. */
  lines: 16 * 1024 * MIB,
} as const;

const fault = (path: string, words: string) => new UserError(`${nameOf(path)}: ${words}`);

/** The bytes of a file. */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  await onDisk(path, async () => {
    if ((await stat(path)).isDirectory()) throw fault(path, "is a directory (name a file in it)");
  });
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw systemFault(path, error);
  }
}

/**
 * Bytes as pieces of text, which must be UTF-8 without a NUL, unless damage is to be read over; a
 * byte order mark in front of it is left out. More than `most` bytes are refused.
 */
async function* piecesOf(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  most: number,
  fatal = true,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal });
  const decode = (block?: Uint8Array) => {
    try {
      return block === undefined ? decoder.decode() : decoder.decode(block, { stream: true });
    } catch {
      throw fault(path, "is not UTF-8 text (a binary file?)");
    }
  };
  let total = 0;
  for await (const block of bytes) {
    total += block.length;
    if (total > most) throw fault(path, `is longer than ${most / MIB} MiB (give it in parts)`);
    if (fatal && block.includes(0)) throw fault(path, "is not UTF-8 text (a NUL: a binary file?)");
    yield decode(block);
  }
  yield decode();
}

/** The lines of a file that a crash may have left damaged: what is no text is replaced in them. */
export const damagedLinesOf = (path: string) => linesOf(path, bytesOf(path), false);

/** The lines of a stream, without their ends. */
export async function* linesOf(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  fatal = true,
): AsyncGenerator<string> {
  // Pieces are joined once per line: a line may span a thousand of them.
  let held: string[] = [];
  let length = 0;
  let number = 1;
  for await (const piece of piecesOf(path, bytes, BOUNDS.lines, fatal)) {
    const parts = piece.split("\n");
    for (const [index, part] of parts.entries()) {
      held.push(part);
      length += part.length;
      if (length > BOUNDS.line) {
        const most = `${BOUNDS.line / MIB} MiB`;
        throw fault(path, `line ${number} is longer than ${most} (split the trace)`);
      }
      if (index === parts.length - 1) continue;
      yield held.join("");
      held = [];
      length = 0;
      number += 1;
    }
  }
  if (length > 0) yield held.join("");
}

/** The text of a file or a stream, whole. */
export async function textOf(
  path: string,
  bytes: AsyncIterable<Uint8Array> = bytesOf(path),
): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of piecesOf(path, bytes, BOUNDS.whole)) pieces.push(piece);
  return pieces.join("");
}
