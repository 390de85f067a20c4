import type { Recording } from "./recording.ts";

/**
 * The JSON of an object in pieces, one list of it item by item: a string may not be as long as a
 * recording of many ops.
 */
export function* jsonPieces(value: object, list: string): Generator<string> {
  let before = "{";
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    yield `${before}${JSON.stringify(name)}:`;
    before = ",";
    if (name !== list || !Array.isArray(field)) yield JSON.stringify(field);
    else {
      for (const [at, item] of field.entries())
        yield `${at === 0 ? "[" : ","}${JSON.stringify(item)}`;
      yield field.length === 0 ? "[]" : "]";
    }
  }
  yield "}";
}

/** A recording as one JSONL line, fields in the order in which recordings of kernels have them. */
export function* recordingLine(recording: Recording): Generator<string> {
  const { format, kernel, backend, trace, steps } = recording;
  const head = { format, ...(kernel && { kernel }), ...(backend !== undefined && { backend }) };
  yield* jsonPieces({ ...head, trace, steps }, "steps");
  yield "\n";
}

const BLOCK = 65_536;

/** Pieces of text put together until they are worth a write. */
export function* blocks(pieces: Iterable<string>): Generator<string> {
  let held: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    if (length < BLOCK) continue;
    yield held.join("");
    held = [];
    length = 0;
  }
  if (length > 0) yield held.join("");
}
