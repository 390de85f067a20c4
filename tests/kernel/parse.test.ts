import { describe, expect, test } from "vitest";
import { parseLogLine } from "../../kernel/parse/log.ts";
import { parseMemtypeList, UnreadableKernelText } from "../../kernel/parse/memtype.ts";
import { REGION_PFNS } from "../../src/trace/regions.ts";
import { parseVmas } from "../../kernel/parse/vmas.ts";

const WINDOW = { address: 0xe000_0000, pages: 16 };

describe("pat_memtype_list", () => {
  test("is read in the format of 5.7 and newer, in the kernel's order", () => {
    const text = [
      "PAT memtype list:",
      "PAT: [mem 0x00000000000f5000-0x00000000000f6000] write-back",
      "PAT: [mem 0x00000000e0001000-0x00000000e0009000] uncached-minus",
      "PAT: [mem 0x00000000e0001000-0x00000000e0003000] uncached-minus",
      "PAT: [mem 0x00000000e0010000-0x00000000e0011000] write-combining",
      "",
    ].join("\n");
    expect(parseMemtypeList(text, WINDOW)).toEqual([
      { start: 1, end: 9, type: "uncached-minus" },
      { start: 1, end: 3, type: "uncached-minus" },
    ]);
  });

  test("of several regions it stands in the order of their numbers, whatever their addresses are", () => {
    const window = {
      address: 0xe000_0000,
      pages: 4,
      others: [
        { address: 0x2_0000, pages: 2 },
        { address: 0xe001_0000, pages: 2 },
      ],
    };
    const lines = [
      ["0x0000000000020000", "0x0000000000022000", "write-back"],
      ["0x00000000e0001000", "0x00000000e0002000", "write-combining"],
      ["0x00000000e0008000", "0x00000000e0009000", "uncached"],
      ["0x00000000e0010000", "0x00000000e0012000", "uncached-minus"],
    ];
    const text = lines.map(([start, end, type]) => `PAT: [mem ${start}-${end}] ${type}`).join("\n");
    expect(parseMemtypeList(text, window)).toEqual([
      { start: 1, end: 2, type: "write-combining" },
      { start: 65_536, end: 65_538, type: "write-back" },
      { start: 131_072, end: 131_074, type: "uncached-minus" },
    ]);
  });

  test("is read in the older format", () => {
    expect(parseMemtypeList("write-combining @ 0xe0001000-0xe0002000\n", WINDOW)).toEqual([
      { start: 1, end: 2, type: "write-combining" },
    ]);
  });

  test.each([
    "PAT: [mem 0xe0001000-0xe00",
    "uncached-minus @",
    "PAT: [mem 0xe0001000-0xe0002000] pink",
  ])("with the line %j is refused", (line) => {
    expect(() => parseMemtypeList(line, WINDOW)).toThrow(UnreadableKernelText);
  });
});

describe("smaps", () => {
  const text = [
    "01008000-01010000 rw-s e0001000 00:16 13216                              /sys/resource2",
    "VmFlags: rd wr sh mr mw ms pf io de ar dd sd ",
    "01012000-01013000 ---p e0004000 00:05 5                                  /dev/mem",
    "VmFlags: mr mw me pf io dc de dd ",
    "",
  ].join("\n");

  test("shows VM_PAT on the before side only, and dontfork only when set", () => {
    const first = { start: 8, end: 16, prot: "rw", private: false, pfn: 1 };
    const second = { start: 18, end: 19, prot: "none", private: true, pfn: 4 };
    expect(parseVmas(text, WINDOW, { design: "vm-pat", address: 0x100_0000 })).toEqual([
      { ...first, pat: true },
      { ...second, pat: false, dontfork: true },
    ]);
    expect(parseVmas(text, WINDOW, { design: "kref", address: 0x100_0000 })).toEqual([
      first,
      { ...second, dontfork: true },
    ]);
  });

  test("names the pfn that a private mapping of a driver has for its offset by its region, wherever that lies", () => {
    const lines = (offset: string) =>
      [
        `01008000-01009000 rw-p ${offset} 00:06 7                          /dev/pfndiff`,
        "VmFlags: rd wr mr mw me pf io dc de dd ",
        "",
      ].join("\n");
    const window = { ...WINDOW, others: [{ address: 0x2_0000_0000, pages: 4 }] };
    const module = { ram: 0x1_0000_0000, buffers: 0x3_0000_0000 };
    const by = { design: "kref", address: 0x100_0000 } as const;
    const pfnOf = (offset: string) =>
      parseVmas(lines(offset), window, by, { module, runs: [] }).map(({ pfn }) => pfn);
    expect(pfnOf("200002000")).toEqual([REGION_PFNS + 2]);
    expect(pfnOf("e0001000")).toEqual([1]);
    expect(pfnOf("00003000")).toEqual([3]);
  });

  test("without the flags of a VMA is refused", () => {
    const headers = text.split("\n").filter((line) => !line.startsWith("VmFlags"));
    expect(() => parseVmas(headers.join("\n"), WINDOW, { design: "kref", address: 0 })).toThrow(
      UnreadableKernelText,
    );
  });
});

describe("the kernel log", () => {
  test.each([
    [
      "x86/PAT: init:264 freeing invalid memtype [mem 0xe0001000-0xe0001fff]",
      { kind: "invalid-free", start: 1, end: 2 },
    ],
    [
      "x86/PAT: init:9 conflicting memory types e0005000-e000b000 write-combining<->uncached-minus",
      { kind: "conflict", start: 5, end: 11, found: "write-combining", other: "uncached-minus" },
    ],
    [
      "x86/PAT: memtype_reserve failed [mem 0xe0005000-0xe000afff], track uncached-minus, req write-back",
      { kind: "reserve-failed", start: 5, end: 11, track: "uncached-minus", request: "write-back" },
    ],
    [
      "x86/PAT: init:9 map pfn expected mapping type uncached-minus for [mem 0xe000a000-0xe000dfff], got write-back",
      { kind: "type-mismatch", start: 10, end: 14, request: "uncached-minus", got: "write-back" },
    ],
    [
      "WARNING: CPU: 0 PID: 100 at arch/x86/mm/pat/memtype.c:983 get_pat_info+0xf6/0x110",
      { kind: "warn", text: "arch/x86/mm/pat/memtype.c get_pat_info" },
    ],
    [
      "WARNING: arch/x86/mm/pat/memtype.c:983 at get_pat_info+0xf6/0x110, CPU#0: init/100",
      { kind: "warn", text: "arch/x86/mm/pat/memtype.c get_pat_info" },
    ],
  ])("%s is an event", (line, event) => {
    expect(parseLogLine(line, WINDOW)).toEqual(event);
  });

  test("a line about RAM is an event where it is known where the RAM of traces begins", () => {
    const line =
      "x86/PAT: t:1 map pfn RAM range req write-combining for [mem 0x20002000-0x20003fff], got write-back";
    const [request, got] = ["write-combining", "write-back"];
    const event = { kind: "ram-request", start: 2, end: 4, request, got };
    expect(parseLogLine(line, WINDOW, 0x2000_0000)).toEqual(event);
    expect(parseLogLine(line, WINDOW)).toBeNull();
  });

  test.each([
    "x86/PAT: init:264 freeing invalid memtype [mem 0xd0001000-0xd0001fff]",
    "x86/PAT: Configuration [0-7]: WB  WC  UC- UC  WB  WP  UC- WT",
    "random: crng init done",
  ])("%s is none of ours", (line) => {
    expect(parseLogLine(line, WINDOW)).toBeNull();
  });
});
