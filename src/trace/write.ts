import type { RecordingStream } from "./recording.ts";

/**
 * The JSON of an object in pieces, one list of it item by item: a string may not be as long as a
 * recording of many ops. `value` is what stands before the list, and `rest` makes what comes after it.
 */
export function* jsonPieces(
  value: object,
  list: string,
  items: Iterable<unknown>,
  rest: () => object = () => ({}),
): Generator<string> {
  yield `${JSON.stringify(value).slice(0, -1)},${JSON.stringify(list)}:[`;
  let before = "";
  for (const item of items) {
    yield `${before}${JSON.stringify(item)}`;
    before = ",";
  }
  const after = JSON.stringify(rest());
  yield after === "{}" ? "]}" : `],${after.slice(1)}`;
}

/** A recording as one JSONL line, fields in the order in which recordings of kernels have them. */
export function* recordingLine(recording: RecordingStream): Generator<string> {
  const { format, kernel, backend, unshown, trace, steps } = recording;
  const from = { ...(kernel && { kernel }), ...(backend !== undefined && { backend }) };
  const head = { format, ...from, ...(unshown && { unshown }) };
  yield* jsonPieces({ ...head, trace }, "steps", steps);
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
