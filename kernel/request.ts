import type { Op } from "../src/trace/op.ts";
import { placedOp } from "../src/trace/regions.ts";
import { partOf, type Trace } from "../src/trace/trace.ts";
import { PAGE_BYTES } from "./parse/memtype.ts";
import { regionOf, virtualWindow } from "./windows.ts";
import { putRows, rowsOf } from "./driverwire.ts";
import { checksum, HEADER_WORD, type PlacedTrace, REGION_CODE, WIRE } from "./wire.ts";

/** The words of one op, and of the calls that belong to it. */
export function opWords(op: Op): Int32Array {
  const words = new Int32Array(WIRE.OP_WORDS * rowsOf([op]));
  putRows(op, words, 0);
  return words;
}

/** The bytes of one op. */
export function encodeOp(op: Op): Buffer {
  const words = opWords(op);
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}

/** How many bytes a trace takes in a request. */
export function traceBytes({ ops }: Trace): number {
  return (WIRE.TRACE_WORDS + rowsOf(ops) * WIRE.OP_WORDS) * 4;
}

/** How many bytes of traces one request can hold. */
export const REQUEST_ROOM = WIRE.ANSWER_OFFSET - WIRE.HEADER_BYTES - 4;

/** A whole request, header and payload; throws a RangeError when it does not fit. */
export function encodeRequest(sequence: number, batch: readonly PlacedTrace[]): Buffer {
  const length = batch.reduce((sum, { trace }) => sum + traceBytes(trace), 4);
  if (length - 4 > REQUEST_ROOM) throw new RangeError(`a batch of ${length} bytes is too large`);
  const request = Buffer.alloc(WIRE.HEADER_BYTES + length);
  let at: number = WIRE.HEADER_BYTES;
  const put = (word: number) => {
    at = request.writeInt32LE(word, at);
  };
  put(batch.length);
  for (const { id, trace, window, further = [] } of batch) {
    const { pfns, vpages, maps = 0 } = trace.world;
    const rows = rowsOf(trace.ops);
    const region = REGION_CODE[regionOf(trace.world)];
    const address = virtualWindow(trace) / PAGE_BYTES;
    for (const word of [id, region, window, pfns, vpages, rows, maps, address]) put(word);
    for (let n = 0; n < WIRE.FURTHER_REGIONS; n++) {
      const part = partOf(trace.world, n + 1);
      const code = part === null ? 0 : REGION_CODE[regionOf(part)];
      for (const word of [code, further[n] ?? 0, part?.pfns ?? 0]) put(word);
    }
    const hasRegions = trace.world.regions !== undefined;
    for (const op of trace.ops) {
      for (const word of opWords(hasRegions ? placedOp(op) : op)) put(word);
    }
  }
  const header: [number, number][] = [
    [HEADER_WORD.MAGIC, WIRE.REQUEST_MAGIC],
    [HEADER_WORD.VERSION, WIRE.WIRE_VERSION],
    [HEADER_WORD.SEQUENCE, sequence],
    [HEADER_WORD.LENGTH, length],
    [HEADER_WORD.CHECKSUM, checksum(request.subarray(WIRE.HEADER_BYTES))],
  ];
  for (const [word, value] of header) request.writeUInt32LE(value, word * 4);
  return request;
}
