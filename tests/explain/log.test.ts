import { describe, expect, it } from "vitest";
import { bareLine } from "../../kernel/parse/prefix.ts";
import { parseMessage } from "../../kernel/parse/message.ts";

const FREED = "x86/PAT: app:7 freeing invalid memtype [mem 0xfd001000-0xfd001fff]";

describe("what stands before a message", () => {
  it.each([
    `[ 1151.411303] ${FREED}`,
    `[Fri Nov 27 08:09:27 2026] ${FREED}`,
    `[   12.000001][ T1480] ${FREED}`,
    `<6>[    3.2] ${FREED}`,
    `6,1234,5678901,-;${FREED}`,
    `kern  :info  : [ 1151.411303] ${FREED}`,
    `Nov 27 08:09:27 host kernel: ${FREED}`,
    `2026-11-27T08:09:27.123456+00:00 host kernel: ${FREED}`,
    `> > [ 1151.411303] ${FREED}`,
    `| ${FREED}`,
    `2026-11-27T08:09:27,123456+00:00 ${FREED}`,
    `<6>1 2026-11-27T08:09:27.123456+00:00 host kernel - - - ${FREED}`,
    `Fri 2026-11-27 08:09:27 UTC host kernel: ${FREED}`,
    `[ 1151.411303] host kernel: ${FREED}`,
    `1764230967.123456 host kernel: ${FREED}`,
    `Nov 27 08:09:27 host kernel[1]: ${FREED}`,
    `{"_HOSTNAME":"host","MESSAGE":"${FREED}","PRIORITY":"6"}`,
  ])("%s is taken off", (line) => {
    expect(bareLine(line)).toBe(FREED);
  });
});

const range = { start: 0xfd001000, end: 0xfd003000 };
const task = { comm: "app", pid: 7 };

describe("both address formats, and the wordings of all releases", () => {
  it.each([
    [
      "x86/PAT: app:7 freeing invalid memtype [mem 0xfd001000-0xfd002fff]",
      { kind: "invalid-free", ...range, task },
    ],
    ["app:7 freeing invalid memtype fd001000-fd003000", { kind: "invalid-free", ...range, task }],
    [
      "reserve_memtype failed 0xfd001000-0xfd003000, track uncached-minus, req write-back",
      { kind: "reserve-failed", ...range, track: "uncached-minus", request: "write-back" },
    ],
    [
      "app:7 map pfn expected mapping type write-back for fd001000-fd003000, got uncached-minus",
      { kind: "type-mismatch", ...range, request: "write-back", got: "uncached-minus", task },
    ],
    [
      "x86/PAT: app:7 map pfn RAM range req uncached-minus for [mem 0xfd001000-0xfd002fff], got write-back",
      { kind: "ram-request", ...range, request: "uncached-minus", got: "write-back", task },
    ],
    [
      "x86/PAT: reserve_ram_pages_type failed [mem 0xfd001000-0xfd002fff], track 0x2, req 0x1",
      { kind: "ram-busy", ...range, track: "uncached-minus", request: "write-combining" },
    ],
    [
      "ioremap error for 0xfd001000-0xfd003000, requested 0x1, got 0x0",
      { kind: "ioremap-refused", ...range, request: "write-combining", got: "write-back" },
    ],
    ["ioremap reserve_memtype failed -22", { kind: "ioremap-failed", error: 22 }],
    [
      "BUG: Bad page map in process Xorg  pte:800000009c5f5225 pmd:7e3e3067",
      {
        kind: "bad-page-map",
        comm: "Xorg",
        start: 0x9c5f5000,
        end: 0x9c5f6000,
        type: "write-back",
      },
    ],
    [
      "BUG: Bad page map in process kworker/u8:2  pte:80000000fd001277",
      {
        kind: "bad-page-map",
        comm: "kworker/u8:2",
        start: 0xfd001000,
        end: 0xfd002000,
        type: "uncached-minus",
      },
    ],
    [
      "BUG: Bad page map in process gl  pmd:80000040002001ef pgd:1",
      {
        kind: "bad-page-map",
        comm: "gl",
        start: 0x4000200000,
        end: 0x4000400000,
        type: "write-combining",
      },
    ],
    [
      // Protected from any access: kept inverted.
      "BUG: Bad page map in process gl  pte:800fffff02ffe118 pmd:7e3e3067",
      {
        kind: "bad-page-map",
        comm: "gl",
        start: 0xfd001000,
        end: 0xfd002000,
        type: "uncached",
      },
    ],
    ["kernel BUG at mm/memory.c:2489!", { kind: "bug", file: "mm/memory.c", where: null }],
  ])("%s", (line, message) => {
    expect(parseMessage(line)).toEqual(message);
  });
});
