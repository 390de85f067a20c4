import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodeRequest, RECORD, STOPS, textIn, WIRE } from "../../tree/wire.ts";
import { PLACES, RACE_MODES, RACE_WORDS, TURNS } from "../../tree/race/wire.ts";
import { OP_CODE, opWords } from "../../kernel/wire.ts";
import { ALLOCATION_SITES } from "../../src/pat/kernelstate.ts";
import type { Op } from "../../src/trace/op.ts";
import { VM_DONTCOPY, VM_PRIVATE, VM_READ, VM_SEALED, VM_WRITE } from "../../src/mm/vmaflags.ts";

const HOST = readFileSync("tree/program/host/host.h", "utf8");
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

  test("allocation sites stand in their order, after none", () => {
    const names = ALLOCATION_SITES.filter((site) => site !== "kernel-area").map(
      (site, at) => [`SITE_${site.toUpperCase().replaceAll("-", "_")}`, at + 1] as const,
    );
    expect(enumerated(BOTH, "pfndiff_site")).toEqual([["SITE_NONE", 0], ...names]);
  });

  test("flags of VMAs are those of the models", () => {
    const numbers = defined(BOTH);
    const flags = { VM_PRIVATE, VM_READ, VM_WRITE, VM_DONTCOPY, VM_SEALED };
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
    expect(words.slice(0, WIRE.TRACE_WORDS)).toEqual([16, 24, 1, 3, 2]);
    const second = words.slice(WIRE.TRACE_WORDS + WIRE.OP_WORDS);
    expect(second).toEqual([...opWords(ops[1] as Op), 5, 2]);
  });

  test("text ends at the first NUL", () => {
    expect(textIn(new Int32Array([0x64636261, 0x00006665]))).toBe("abcdef");
  });
});
