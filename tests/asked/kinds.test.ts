import { describe, expect, test } from "vitest";
import { requestText } from "../../reports/askedtext.ts";
import { vmaText } from "../../reports/optext.ts";
import { explained } from "../../src/asked/explain.ts";
import type { DriverCallRecord } from "../../src/trace/driverop.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Step } from "../../src/trace/recording.ts";
import type { World } from "../../src/trace/trace.ts";
import { MODELS } from "../models.ts";
import { exit, fork, map, move, mprotect, munmap, scene, spawn } from "../oracle/scenes.ts";

type Ioremap = Extract<Op, { op: "ioremap" }>;
const ioremap = (mode: Ioremap["mode"], pfn: number, pages: number, slot = 0): Op => {
  return { op: "ioremap", proc: 0, slot, mode, pfn, pages };
};
const wc = { via: "resource_wc" } as const;
const drive = (pages: number, ...calls: DriverCallRecord[]): Op => {
  const how = { prot: "rw", private: false } as const;
  return { op: "drv-mmap", proc: 0, at: 0, pages, off: 0, ...how, calls };
};
const remap = (off: number, pages: number, pfn: number, rest: { ram?: true } = {}) =>
  ({ call: "remap", off, pages, pfn, mode: "wc", ...rest }) as const;

function last(release: string, ops: readonly Op[], world: Partial<World> = {}): Step {
  const model = MODELS[release];
  if (model === undefined) throw new Error(`no model of ${release}`);
  const trace = scene([spawn(), ...ops]);
  const placed = { ...trace, world: { ...trace.world, ...world } };
  const recording = model.recordSync(placed, { contexts: true, requests: true });
  return explained(recording).steps.at(-1) as Step;
}

const vmasOf = (step: Step) => Object.values(step.vmas).flat().map(vmaText);
const asksOf = (step: Step) => (step.requests ?? []).map(requestText);
const low = { mtrr: "write-back" } as const;

/** What a mapping shows in the end, on a release of each design. */
const MAPPINGS: readonly [
  title: string,
  ops: readonly Op[],
  shown: string,
  world?: Partial<World>,
][] = [
  [
    "/dev/mem over a device: the MTRRs decide",
    [map(0, 4, 0, { via: "devmem" })],
    "asked WB, got UC-",
  ],
  [
    "a fork's copy",
    [ioremap("plain", 0, 4), map(0, 4, 0, wc), fork(1), exit()],
    "asked WC, got UC-",
  ],
  [
    "a piece that was moved and split",
    [ioremap("plain", 0, 4), map(0, 4, 0, wc), munmap(0, 1), munmap(2, 2), move(1, 1, 9)],
    "asked WC, got UC-",
  ],
  [
    "pages that an mprotect() has split off",
    [map(0, 2, 0, wc), mprotect(0, 1), munmap(1, 1)],
    "WC as asked",
  ],
  [
    "a partial overlap with several reservations",
    [ioremap("plain", 1, 1), ioremap("plain", 3, 2, 1), map(0, 6, 0, wc)],
    "asked WC, got UC-",
  ],
  [
    "a page that vmf_insert_pfn_prot() put in",
    [
      drive(1, { call: "fault-handler", does: "insert", pfn: 0, mode: "wc" }),
      { op: "touch", proc: 0, at: 0, write: false },
    ],
    "asked WC, got UC-",
  ],
  ["a whole of a driver's VMA", [drive(4, remap(0, 0, 0))], "WC as asked"],
  [
    "a window and a part of a driver's VMA",
    [drive(4, { ...remap(0, 2, 0), call: "remap-window" }, remap(2, 2, 2))],
    "[0,2) WC as asked; [2,4) asked WC, got UC-",
  ],
  ["/dev/mem in low memory", [map(0, 2, 0, { via: "devmem" })], "WB as asked", low],
];

describe.each(["6.12", "7.2"])("on %s a mapping shows what it asked for and got", (release) => {
  test.each(MAPPINGS)("%s", (_title, ops, shown, world) => {
    const texts = vmasOf(last(release, ops, world));
    expect(texts).toHaveLength(1);
    expect(texts[0]?.endsWith(`, ${shown}`)).toBe(true);
  });
});

/** What the last op asked the memtype code for, and what came of it; one text where releases agree. */
const REQUESTS: readonly [
  title: string,
  ops: readonly Op[],
  before: readonly string[],
  after: readonly string[],
  world?: Partial<World>,
][] = [
  [
    "a range that outlives the process that made it, kept for its child",
    [
      map(0, 4, 0),
      fork(1),
      munmap(2, 2, 1),
      exit(),
      spawn(2),
      map(0, 2, 4, { ...wc, proc: 2 }),
      map(4, 4, 2, { ...wc, proc: 2 }),
    ],
    ["pfn [2,6) WC as asked: nothing of another mode stood there"],
    [
      "pfn [2,6) asked WC, refused: one mapping cannot have both modes that are reserved there: " +
        "[0,4) UC-, reserved by p0's mmap at step 1, kept for p1 though nobody maps these pages of it any more; " +
        "and [4,6) WC, reserved by p2's mmap at step 6",
    ],
  ],
  [
    "a reservation that leaked",
    [map(0, 2, 0), munmap(0, 1), munmap(1, 1), map(0, 1, 0, wc)],
    [
      "pfn [0,1) asked WC, got UC-: the mode of what is reserved there is taken: " +
        "[0,1) UC-, reserved by p0's mmap at step 1, which no mapping holds any more: it has leaked",
    ],
    ["pfn [0,1) WC as asked: nothing of another mode stood there"],
  ],
  [
    "what MAP_FIXED replaces",
    [map(0, 4, 0, wc), map(0, 4, 0)],
    ["pfn [0,4) UC- as asked: nothing of another mode stood there"],
    [
      "pfn [0,4) asked UC-, got WC: the mode of what is reserved there is taken: " +
        "[0,4) WC, reserved by p0's mmap at step 1",
    ],
  ],
  [
    "a whole remap of a VMA that is tracked",
    [drive(4, remap(0, 0, 0), { call: "zap", off: 0, pages: 0 }, remap(0, 0, 0))],
    [
      "pfn [0,4) WC as asked: nothing of another mode stood there",
      "pfn [0,4) WC as asked: nothing of another mode stood there",
    ],
    [
      "pfn [0,4) WC as asked: nothing of another mode stood there",
      "pfn [0,4) asked WC, refused: the tracking refused before it asked for a reservation: " +
        "a VMA that holds one already cannot be mapped whole again",
    ],
  ],
];

/** The same where both designs answer alike. */
const ALIKE: readonly [title: string, ops: readonly Op[], told: string, world?: Partial<World>][] =
  [
    [
      "ioremap() over WC takes it",
      [map(0, 4, 0, wc), ioremap("plain", 0, 4)],
      "pfn [0,4) asked UC-, got WC: the mode of what is reserved there is taken: [0,4) WC, reserved by p0's mmap at step 1",
    ],
    [
      "ioremap_wc() over write-back is refused",
      [map(0, 4, 0, { via: "devmem" }), ioremap("wc", 0, 4)],
      "pfn [0,4) asked WC, refused: WB may not stand for WC: [0,4) WB, reserved by p0's mmap at step 1",
      low,
    ],
    [
      "set_memory_wc() of pages that are reserved takes no substitute",
      [
        { op: "memremap-pages", proc: 0, slot: 0, type: "generic", pfn: 0, pages: 512 },
        { op: "set-memory", proc: 0, mode: "wc", pfn: 0, pages: 4 },
      ],
      "pfn [0,4) asked WC, refused: no other mode would do here, and one is reserved: [0,512) UC-, reserved by the kernel's memremap-pages at step 1",
      { pfns: 1024 },
    ],
    [
      "set_memory_uc() of RAM that is WC is refused",
      [
        { op: "set-memory", proc: 0, mode: "wc", pfn: 0, pages: 2, ram: true },
        { op: "set-memory", proc: 0, mode: "uc", pfn: 0, pages: 2, ram: true },
      ],
      "ram [0,2) asked UC-, refused: RAM pages there have another mode already",
    ],
    [
      "a driver's mapping of RAM has the mode of the RAM",
      [drive(2, remap(0, 0, 0, { ram: true }))],
      "ram [0,2) asked WC, got WB: a page of RAM is mapped with the mode that its page flags have",
    ],
    [
      "a part of a driver's VMA over two modes is refused",
      [ioremap("wc", 2, 1), drive(4, remap(2, 2, 2))],
      "pfn [2,4) asked WC, refused: a part of a VMA takes the mode it finds, and its pages have two (UC- where nothing is reserved): [2,3) WC, reserved by the kernel's ioremap at step 1",
    ],
    [
      "a reservation for which there is no memory",
      [{ ...map(0, 1, 0), fault: { at: "memtype", nth: 1 } }],
      "pfn [0,1) asked UC-, refused: there was no memory for the reservation",
    ],
  ];

describe("a request says what decided it", () => {
  test.each(REQUESTS)("%s", (_title, ops, before, after) => {
    expect(asksOf(last("6.12", ops))).toEqual(before);
    expect(asksOf(last("7.2", ops))).toEqual(after);
  });

  test.each(ALIKE)("%s", (_title, ops, told, world) => {
    for (const release of ["6.12", "7.2"])
      expect(asksOf(last(release, ops, world))).toEqual([told]);
  });
});
