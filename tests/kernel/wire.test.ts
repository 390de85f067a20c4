import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerReader, GuestGaveUp } from "../../kernel/answer.ts";
import { CALLS_WORD, HOOK_SHIFT, SAYS_SHIFT } from "../../kernel/driverwire.ts";
import { virtualWindow, WINDOW_ADDRESS } from "../../kernel/windows.ts";
import {
  type AnswerHeader,
  checksum,
  decodeHeader,
  decodePayload,
  FAULT_WORD,
  GarbledAnswer,
  HEADER_WORD,
  OP_CODE,
  RECORD,
  REGION_CODE,
  SITE_CODE,
  WIRE,
} from "../../kernel/wire.ts";
import { encodeRequest, opWords } from "../../kernel/request.ts";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import { type Op, VIAS } from "../../src/trace/op.ts";

function numbersIn(text: string): Map<string, number> {
  const found = [...text.matchAll(/^#define (\w+) +(0x[0-9a-f]+|\d+)/gm)];
  return new Map(found.map(([, name = "", value = ""]) => [name, Number(value)]));
}

const guestSource = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../kernel/guest/${name}`, import.meta.url)), "utf8");

function record(type: number, words: number[], text = ""): Buffer {
  const body = Buffer.alloc(words.length * 4 + text.length);
  words.forEach((word, index) => body.writeUInt32LE(word, index * 4));
  body.write(text, words.length * 4, "latin1");
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
}

function header(payload: Buffer, sequence: number, chunk: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(WIRE.HEADER_BYTES);
  const put = (word: number, value: number) => bytes.writeUInt32LE(value, word * 4);
  put(HEADER_WORD.MAGIC, WIRE.ANSWER_MAGIC);
  put(HEADER_WORD.VERSION, WIRE.WIRE_VERSION);
  put(HEADER_WORD.SEQUENCE, sequence);
  put(HEADER_WORD.LENGTH, payload.length);
  put(HEADER_WORD.CHECKSUM, checksum(payload));
  put(HEADER_WORD.CHUNK, chunk);
  put(HEADER_WORD.LAST, last ? 1 : 0);
  return bytes;
}

const MEMTYPE_LINE = "PAT: [mem 0x0000000000001000-0x0000000000002000] write-back\n";
const PAYLOAD = Buffer.concat([
  record(RECORD.TRACE, [7]),
  record(RECORD.STEP, [0, 0, 0]),
  record(RECORD.LOG, [], "a line"),
  record(RECORD.MEMTYPE, [], MEMTYPE_LINE),
  record(RECORD.VMAS, [0], "text"),
  record(RECORD.PAGES, [0, 4, 2, 9]),
  record(RECORD.CALLS, [96, 22, 0]),
  record(RECORD.STEP, [1, 22, 1]),
  record(RECORD.MEMTYPE, []),
  record(RECORD.SAME, [0]),
  record(RECORD.END, [2]),
]);

const NONE = Buffer.alloc(0);
const PAGES = Buffer.from(new Int32Array([4, 2, 9]).buffer);
const CALLS = Buffer.from(new Int32Array([96, 22, 0]).buffer);
const NO_ROWS = { calls: NONE, kernelMaps: NONE, ram: NONE };

function read(payload: Buffer, ids: number[] = [7]) {
  const head = decodeHeader(header(payload, 3, 0, true), 3, 0);
  const reader = new AnswerReader();
  reader.take(decodePayload(head, payload));
  return reader.finish(ids);
}

describe("the two halves of the protocol", () => {
  const numbers = numbersIn(guestSource("wire.h"));

  test("wire.ts and guest/wire.h hold the same numbers", () => {
    const expected: [string, number][] = [
      ...Object.entries(WIRE),
      ...Object.entries(HEADER_WORD).map(([name, at]): [string, number] => [`WORD_${name}`, at]),
      ...Object.entries(RECORD).map(([name, type]): [string, number] => [`RECORD_${name}`, type]),
      ...Object.entries(OP_CODE).map(([name, code]): [string, number] => [
        `OP_${name.toUpperCase()}`,
        code,
      ]),
      ["REGION_BAR", REGION_CODE.bar],
      ["REGION_LOW", REGION_CODE.low],
      ["REGION_WRITE_BACK_BAR", REGION_CODE["write-back-bar"]],
      ...VIAS.map((via, at): [string, number] => [`VIA_${via.toUpperCase()}`, at]),
      ["WINDOW_ADDRESS", WINDOW_ADDRESS],
      ["CALLS_WORD", CALLS_WORD],
      ["SAYS_SHIFT", SAYS_SHIFT],
      ["HOOK_SHIFT", HOOK_SHIFT],
      ["OP_FAULT_SITE", FAULT_WORD.SITE],
      ["OP_FAULT_NTH", FAULT_WORD.NTH],
      ...ALLOCATION_SITES.filter((site) => !["kernel-area", "maple-node"].includes(site)).map(
        (site): [string, number] => [
          `SITE_${site.toUpperCase().replace("-", "_")}`,
          SITE_CODE[site],
        ],
      ),
    ];
    expect(expected.length).toBeGreaterThan(35);
    for (const [name, value] of expected) expect([name, numbers.get(name)]).toEqual([name, value]);
  });

  test("the guest program tells every op from the others", () => {
    const text = ["procs.c", "perform.c"].map(guestSource).join("");
    for (const name of Object.keys(OP_CODE)) expect(text).toContain(`OP_${name.toUpperCase()}`);
  });

  test("every op has as many words as the guest reads", () => {
    const ops: Op[] = [
      { op: "mremap", proc: 1, at: 2, pages: 3, newPages: 4, to: 5 },
      { op: "mremap", proc: 1, at: 2, pages: 3, newPages: 4 },
      { op: "fork", proc: 1, child: 2, late: true },
      { op: "munmap", proc: 1, at: 2, pages: 3, fault: { at: "vma", nth: 2 } },
    ];
    expect(ops.map((op) => [...opWords(op)])).toEqual([
      [3, 1, 2, 3, 4, 1, 5, 0, 0, 0],
      [3, 1, 2, 3, 4, 0, 0, 0, 0, 0],
      [7, 1, 0, 0, 2, 1, 0, 0, 0, 0],
      [2, 1, 2, 3, 0, 0, 0, 0, SITE_CODE.vma, 2],
    ]);
  });

  test("a request says how long it is and holds its checksum", () => {
    const trace = {
      format: "pfndiff/trace@1" as const,
      name: "t",
      world: { pfns: 16, vpages: 24, mtrr: "write-back" as const, maps: 5 },
      ops: [{ op: "spawn" as const, proc: 0 }],
    };
    expect(virtualWindow(trace)).toBe(0x3fff4000);
    const request = encodeRequest(9, [{ id: 5, trace, window: 100 }]);
    const payload = request.subarray(WIRE.HEADER_BYTES);
    expect(request.readUInt32LE(HEADER_WORD.LENGTH * 4)).toBe(payload.length);
    expect(request.readUInt32LE(HEADER_WORD.CHECKSUM * 4)).toBe(checksum(payload));
    const words = Array.from({ length: 10 }, (_, at) => payload.readUInt32LE(at * 4));
    expect(words).toEqual([1, 5, REGION_CODE.low, 100, 16, 24, 1, 5, 0x3fff4, OP_CODE.spawn]);
  });
});

describe("an answer", () => {
  test("that is whole is read into steps", () => {
    expect(read(PAYLOAD)).toEqual([
      {
        id: 7,
        late: [],
        steps: [
          {
            errno: 0,
            hasFailed: false,
            memtype: MEMTYPE_LINE,
            vmas: [{ proc: 0, text: "text", pages: PAGES }],
            log: ["a line"],
            ...NO_ROWS,
            calls: CALLS,
          },
          {
            errno: 22,
            hasFailed: true,
            memtype: "",
            vmas: [{ proc: 0, text: "text", pages: PAGES }],
            log: [],
            ...NO_ROWS,
          },
        ],
      },
    ]);
  });

  test("that is cut short anywhere is refused", () => {
    const head: AnswerHeader = decodeHeader(header(PAYLOAD, 3, 0, true), 3, 0);
    for (let length = 0; length < PAYLOAD.length; length++) {
      expect(() => decodePayload(head, PAYLOAD.subarray(0, length))).toThrow(GarbledAnswer);
    }
  });

  test("with any single changed bit is refused", () => {
    const head = decodeHeader(header(PAYLOAD, 3, 0, true), 3, 0);
    fc.assert(
      fc.property(fc.nat(PAYLOAD.length * 8 - 1), (bit) => {
        const changed = Buffer.from(PAYLOAD);
        const at = Math.floor(bit / 8);
        changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8));
        expect(() => decodePayload(head, changed)).toThrow(GarbledAnswer);
      }),
    );
  });

  test("of another batch, another chunk or another version is refused", () => {
    const good = header(PAYLOAD, 3, 0, true);
    expect(() => decodeHeader(good, 4, 0)).toThrow("SEQUENCE is 3, wanted 4");
    expect(() => decodeHeader(good, 3, 1)).toThrow("CHUNK is 0, wanted 1");
    for (const word of [HEADER_WORD.MAGIC, HEADER_WORD.VERSION]) {
      const bad = Buffer.from(good);
      bad.writeUInt32LE(99, word * 4);
      expect(() => decodeHeader(bad, 3, 0)).toThrow(GarbledAnswer);
    }
    expect(() => decodeHeader(good.subarray(0, 40), 3, 0)).toThrow("cut short");
  });

  test.each([
    ["a lost step", [record(RECORD.TRACE, [7]), record(RECORD.STEP, [1, 0])]],
    [
      "a step without a list",
      [record(RECORD.TRACE, [7]), record(RECORD.STEP, [0, 0, 0]), record(RECORD.END, [1])],
    ],
    ["a wrong count of steps", [record(RECORD.TRACE, [7]), record(RECORD.END, [1])]],
    ["a trace without an end", [record(RECORD.TRACE, [7])]],
    ["a trace that was not asked for", [record(RECORD.TRACE, [8]), record(RECORD.END, [0])]],
    ["a record outside of a trace", [record(RECORD.MEMTYPE, [])]],
    [
      "an unchanged process that was not shown before",
      [record(RECORD.TRACE, [7]), record(RECORD.STEP, [0, 0, 0]), record(RECORD.SAME, [0])],
    ],
    [
      "the page table of a process whose VMAs are not there",
      [record(RECORD.TRACE, [7]), record(RECORD.STEP, [0, 0, 0]), record(RECORD.PAGES, [0])],
    ],
    ["an unknown record", [record(RECORD.TRACE, [7]), record(99, [])]],
    ["a short record", [record(RECORD.TRACE, [])]],
    ["no trace at all", []],
  ])("with %s is refused although its checksum is right", (_, records) => {
    expect(() => read(Buffer.concat(records))).toThrow(GarbledAnswer);
  });

  test("in which the guest gives up says why", () => {
    const payload = Buffer.concat([
      record(RECORD.TRACE, [7]),
      record(RECORD.FAIL, [], "no memory"),
    ]);
    expect(() => read(payload)).toThrow(new GuestGaveUp("no memory"));
  });
});
