import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  CALL_CODE,
  CALLED,
  CALLS_WORD,
  DRIVER_CODE,
  HOOK_SHIFT,
  SAYS_SHIFT,
} from "../../kernel/driverwire.ts";
import { DRIVER_RAM, encodeRequest, RECORD, STOPS, textIn, WIRE } from "../../tree/wire.ts";
import { PLACES, RACE_MODES, RACE_WORDS } from "../../tree/race/wire.ts";
import { TURNS } from "../../src/trace/both.ts";
import { BUFFERS_AT } from "../../kernel/parse/vmas.ts";
import { opWords } from "../../kernel/request.ts";
import { OP_CODE } from "../../kernel/wire.ts";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import type { Op } from "../../src/trace/op.ts";
import { DMA_BUFFER_PAGES, dmaBufferPfn } from "../../src/mm/driver.ts";
import { DRIVER_LIMITS, LIMITS } from "../../src/trace/fields.ts";
import { REGION_PFNS } from "../../src/trace/regions.ts";
import { SYSCALLS } from "../../src/trace/syscalls.ts";
import {
  VM_DONTCOPY,
  VM_HUGEPAGE,
  VM_NOHUGEPAGE,
  VM_PKEY,
  VM_PRIVATE,
  VM_RAND_READ,
  VM_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_WRITE,
} from "../../src/mm/vmaflags.ts";
import { RAM_START } from "../../src/pat/rampages.ts";
import { DRIVER_CALLS, DRIVER_OP_KINDS, DRIVER_OPS } from "../../src/trace/driverop.ts";

const HOST = readFileSync("tree/program/host/host.h", "utf8");
const MODULE = readFileSync("kernel/module/pfndiff.h", "utf8");
const BOTH = readFileSync("tree/program/pfndiff.h", "utf8");

function defined(text: string): Map<string, number> {
  const found = [...text.matchAll(/^#define (\w+) +\(?(-?(?:0x[0-9a-f]+|\d+))/gm)];
  return new Map(found.map(([, name = "", value = ""]) => [name, Number(value)]));
}

/** The names of an enum in order, with their values. */
function enumerated(text: string, name: string): [string, number][] {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(text)?.[1] ?? "";
  let next = 0;
  return [...body.replace(/\/\*.*?\*\//g, "").matchAll(/(\w+)(?: = (\d+))?,?/g)].map(
    ([, constant = "", value]) => {
      const number = value === undefined ? next : Number(value);
      next = number + 1;
      return [constant, number];
    },
  );
}

describe("the program's words are ours", () => {
  test("constants, records and reasons to stop have the same numbers", () => {
    const numbers = defined(HOST);
    numbers.set("OP_WORDS", defined(BOTH).get("PFNDIFF_ROW") ?? 0);
    for (const [name, value] of Object.entries(WIRE))
      expect([name, numbers.get(name)]).toEqual([name, value]);
    const records = Object.entries(RECORD).map(([name, value]) => [`RECORD_${name}`, value]);
    expect(Object.fromEntries(enumerated(HOST, "record"))).toEqual(Object.fromEntries(records));
    const stops = STOPS.slice(1).map((name, at) => [`STOP_${name.toUpperCase()}`, at + 1]);
    expect(enumerated(HOST, "stop")).toEqual(stops);
  });

  test("ops have a guest's numbers, in its order", () => {
    const codes = Object.entries(OP_CODE).map(([kind, code]) => [`OP_${kind.toUpperCase()}`, code]);
    expect(enumerated(HOST, "op_code")).toEqual(codes);
  });

  test("what is said of two tasks has the same numbers", () => {
    const named = (name: string, prefix: string) =>
      enumerated(name === "pfndiff_point" ? BOTH : HOST, name).map(([constant]) =>
        constant.replace(prefix, "").toLowerCase(),
      );
    expect(defined(HOST).get("RACE_WORDS")).toBe(RACE_WORDS);
    expect(named("race_mode", "RACE_")).toEqual(RACE_MODES.map((mode) => mode.replace("-", "_")));
    const done = { through: "done" } as const;
    expect(named("turn", "TURN_")).toEqual(
      TURNS.map((turn) => (turn === "through" ? done[turn] : turn)),
    );
    const points = {
      downgrade_write: "downgrade",
      folio_lock: "lock_page",
      folio_unlock: "unlock_page",
    };
    expect(named("pfndiff_point", "POINT_")).toEqual(
      PLACES.map((place) => new Map(Object.entries(points)).get(place) ?? place),
    );
  });

  test("ops of drivers and their calls are numbered by the order of their rows", () => {
    const upper = (kind: string) => kind.toUpperCase().replaceAll("-", "_");
    const ops = DRIVER_OP_KINDS.map((kind, at) => [upper(kind), DRIVER_CODE + at]);
    expect(enumerated(HOST, "driver_op")).toEqual(ops);
    const named = DRIVER_OP_KINDS.map((kind, at) => [
      upper(kind).replace("DRV_", ""),
      DRIVER_CODE + at,
    ]);
    expect(
      enumerated(MODULE, "pfndiff_op").map(([name, code]) => [name.replace("DRV_", ""), code]),
    ).toEqual(named);
    const names = [...DRIVER_CALLS, "fault-insert", "fault-remap", "fault-segment", "fault-pmd"];
    const calls = names.map((name, at) => [`CALL_${upper(name)}`, CALL_CODE + at]);
    for (const text of [BOTH, MODULE]) expect(enumerated(text, "pfndiff_call")).toEqual(calls);
    const { values } = DRIVER_OPS["drv-mmap"].fields.flags;
    const says = values.map((value, at) => [`SAYS_${upper(value)}`, at]);
    for (const text of [BOTH, MODULE]) expect(enumerated(text, "pfndiff_says")).toEqual(says);
    expect(CALLED).toHaveLength(calls.length);
    const numbers = defined(HOST);
    const [words, ours] = [
      ["CALLS_WORD", "SAYS_SHIFT", "HOOK_SHIFT"],
      [CALLS_WORD, SAYS_SHIFT, HOOK_SHIFT],
    ];
    expect(words.map((name) => numbers.get(name))).toEqual(ours);
  });

  test("RAM, and the buffers in it, have the models' pfns", () => {
    const numbers = defined(BOTH);
    expect(numbers.get("PFNDIFF_SHOWN_RAM")).toBe(RAM_START);
    expect(numbers.get("PFNDIFF_DRIVER_RAM")).toBe(DRIVER_RAM);
    expect(numbers.get("PFNDIFF_BUFFER_PAGES")).toBe(DMA_BUFFER_PAGES);
    expect(RAM_START + (numbers.get("PFNDIFF_BUFFERS") ?? 0)).toBe(dmaBufferPfn(0));
    expect(numbers.get("PFNDIFF_BUFFER_ROOM")).toBe(dmaBufferPfn(1) - dmaBufferPfn(0));
    expect(numbers.get("PFNDIFF_BUFFER_ROOM")).toBe(DRIVER_LIMITS.bufferPages);
  });

  test("a guest's module has them too, and room for all that traces can name", () => {
    const numbers = defined(MODULE);
    expect(numbers.get("PFNDIFF_ROW")).toBe(WIRE.OP_WORDS);
    expect(numbers.get("PFNDIFF_MOST_CALLS")).toBe(DRIVER_LIMITS.calls);
    expect(numbers.get("PFNDIFF_SLOTS")).toBe(DRIVER_LIMITS.slots);
    expect(numbers.get("PFNDIFF_REGIONS")).toBe(LIMITS.regions);
    expect(numbers.get("PFNDIFF_REGION_PAGES")).toBe(REGION_PFNS);
    expect(numbers.get("PFNDIFF_RAM_PAGES")).toBe(DRIVER_LIMITS.ramPages);
    expect(numbers.get("PFNDIFF_SHOWN_RAM")).toBe(RAM_START);
    expect(RAM_START + (numbers.get("PFNDIFF_BUFFERS") ?? 0)).toBe(dmaBufferPfn(0));
    expect(numbers.get("PFNDIFF_BUFFERS")).toBe(BUFFERS_AT);
    expect(numbers.get("PFNDIFF_BUFFER_COUNT")).toBe(DRIVER_LIMITS.buffers);
    expect(numbers.get("PFNDIFF_BUFFER_PAGES")).toBe(DMA_BUFFER_PAGES);
    expect(numbers.get("PFNDIFF_BUFFER_ROOM")).toBe(DRIVER_LIMITS.bufferPages);
  });

  test("allocation sites stand in their order, after none", () => {
    const names = ALLOCATION_SITES.map(
      (site, at) => [`SITE_${site.toUpperCase().replaceAll("-", "_")}`, at + 1] as const,
    );
    expect(enumerated(BOTH, "pfndiff_site")).toEqual([["SITE_NONE", 0], ...names]);
  });

  test("flags of VMAs are those of the models", () => {
    const numbers = defined(BOTH);
    const advised = { VM_RAND_READ, VM_SEQ_READ, VM_HUGEPAGE, VM_NOHUGEPAGE };
    const flags = { VM_PRIVATE, VM_READ, VM_WRITE, VM_DONTCOPY, VM_SEALED, VM_PKEY, ...advised };
    for (const [name, flag] of Object.entries(flags)) {
      expect([name, numbers.get(name.replace("VM_", "SEEN_"))]).toEqual([name, flag]);
    }
  });
});

describe("a request", () => {
  const world = { pfns: 16, vpages: 24, mtrr: "write-back", maps: 3 } as const;
  const ops: Op[] = [
    { op: "spawn", proc: 2 },
    {
      op: "mremap",
      proc: 2,
      at: 1,
      pages: 2,
      newPages: 3,
      to: 9,
      fault: { at: "vma-setup", nth: 2 },
    },
  ];

  test("is its length, the world and the ops as a guest has them, with the failing allocation", () => {
    const [length, ...words] = encodeRequest([{ world, ops }]);
    expect(length).toBe(words.length);
    expect(words.slice(0, WIRE.TRACE_WORDS)).toEqual([16, 24, 1, 3, 2, 0, 0, 0]);
    const [, , , kind] = encodeRequest([{ world: { ...world, pat: false }, ops, isWatched: true }]);
    expect(kind).toBe(1 + 2 + 8);
    const second = words.slice(WIRE.TRACE_WORDS + WIRE.OP_WORDS);
    expect(second).toEqual([...opWords(ops[1] as Op)]);
    expect(second.slice(-2)).toEqual([5, 2]);
  });

  test("says that there are protection keys where an op names one, and of no other trace beside it", () => {
    const named: Op = { op: "mprotect", proc: 2, at: 0, pages: 1, prot: "r", pkey: "own" };
    const request = encodeRequest([
      { world, ops: [...ops, named] },
      { world, ops },
    ]);
    const second = 1 + WIRE.TRACE_WORDS + 3 * WIRE.OP_WORDS;
    expect([request[3], request[second + 2]]).toEqual([1 + 16, 1]);
    const { values } = SYSCALLS.mprotect.fields.pkey;
    expect(values).toEqual(["keep", "default", "own", "unallocated"]);
    expect(request[second - WIRE.OP_WORDS + 5]).toBe(values.indexOf("own"));
  });

  test("has a row for each call of a driver, behind its op, which the failing allocation stays with", () => {
    const op: Op = {
      op: "drv-mmap",
      proc: 2,
      at: 1,
      pages: 4,
      off: 8,
      prot: "r",
      private: true,
      calls: [
        { call: "remap", off: 1, pages: 2, pfn: 5, ram: true, mode: "uc-" },
        { call: "fail", errno: "EIO" },
      ],
      fault: { at: "kernel-area", nth: 3 },
    };
    const words = [...encodeRequest([{ world, ops: [op] }])];
    const rows = words.slice(1 + WIRE.TRACE_WORDS - 1);
    const row = WIRE.OP_WORDS;
    const cut = [0, 1, 2].map((nth) => rows.slice(1 + nth * row, 1 + (nth + 1) * row));
    expect(words[5]).toBe(3);
    expect(cut).toEqual([
      [DRIVER_CODE, 2, 1, 4, 8, 1, 1, 2, 6, 3],
      [CALL_CODE, 1, 2, 5, 1, 2, 0, 0, 0, 0],
      [CALL_CODE + 5, 5, 0, 0, 0, 0, 0, 0, 0, 0],
    ]);
  });

  test("text ends at the first NUL", () => {
    expect(textIn(new Int32Array([0x64636261, 0x00006665]))).toBe("abcdef");
  });
});
