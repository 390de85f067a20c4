import { describe, expect, test } from "vitest";
import { type PageCacheMode, UC, UC_MINUS, WB, WC } from "../../src/pat/cachemode.ts";
import type { PatEvent } from "../../src/pat/events.ts";
import { KernelMaps } from "../../src/pat/kernelmaps.ts";
import { KernelState } from "../../src/pat/kernelstate.ts";
import { MemtypeList } from "../../src/pat/memtype.ts";
import { PfnRanges } from "../../src/pat/pfnmap.ts";
import { RAM_START, RamPages } from "../../src/pat/rampages.ts";

function kernel(mtrr: "uncached" | "write-back" = "uncached") {
  const log: PatEvent[] = [];
  const state = new KernelState(log);
  const list = new MemtypeList(mtrr, false, log, null, state);
  const ranges = new PfnRanges(list, log, new RamPages(log, state));
  return { log, list, ranges, state, maps: new KernelMaps(list, ranges, state) };
}

describe("ioremap()", () => {
  test.each<[string, PageCacheMode, PageCacheMode]>([
    ["uncached-minus", UC_MINUS, UC_MINUS],
    ["write-combining", WC, WC],
    ["uncached", UC, UC],
    ["write-back", WB, UC_MINUS],
  ])("asked for %s over a device it gets what the MTRR allows", (_name, asked, got) => {
    const { maps } = kernel();
    expect(maps.ioremap(0, 0, 4, asked)).toBeNull();
    expect(maps.live[0]?.mode).toBe(got);
  });

  test("of RAM is refused where a whole page is in it, and else gives its pages the mode until they are unmapped", () => {
    const { maps, log } = kernel();
    expect(maps.ioremap(0, RAM_START, RAM_START + 2, WC)).toBe("ENOMEM");
    expect(maps.ioremap(0, RAM_START, RAM_START + 3, WC, true)).toBe("ENOMEM");
    expect(maps.ioremap(0, RAM_START, RAM_START + 2, WC, true)).toBeNull();
    expect(maps.ram.runs()).toEqual([{ start: 0, end: 2, mode: WC }]);
    expect(maps.ioremap(1, RAM_START + 1, RAM_START + 2, UC, true)).toBe("ENOMEM");
    expect(log.at(-1)).toMatchObject({ kind: "ram-busy", track: WC, request: UC_MINUS });
    expect(maps.ioremap(2, RAM_START + 4, RAM_START + 5, WB, true)).toBeNull();
    expect(maps.unmap("ioremap", 0)).toBeNull();
    expect(maps.ram.runs()).toEqual([]);
  });

  test("adopts the mode of what it overlaps, and gives its own reservation back", () => {
    const { maps, list } = kernel();
    expect(maps.ioremap(0, 0, 4, WC)).toBeNull();
    expect(maps.ioremap(1, 2, 6, UC_MINUS)).toBeNull();
    expect(maps.live.map(({ mode }) => mode)).toEqual([WC, WC]);
    expect(maps.unmap("ioremap", 0)).toBeNull();
    expect(list.entries).toEqual([{ start: 2, end: 6, mode: WC }]);
  });

  test("is a null pointer where two modes meet, where the pair is refused, and over RAM", () => {
    const two = kernel();
    two.maps.ioremap(0, 0, 1, WC);
    two.maps.ioremap(1, 1, 2, UC_MINUS);
    expect(two.maps.ioremap(2, 0, 2, WC)).toBe("ENOMEM");
    const low = kernel("write-back");
    low.maps.ioremap(0, 0, 1, WB);
    expect(low.maps.ioremap(1, 0, 1, UC_MINUS)).toBe("ENOMEM");
    expect(low.list.entries).toHaveLength(1);
    expect(low.maps.ioremap(2, RAM_START, RAM_START + 1, WC)).toBe("ENOMEM");
    expect(low.maps.ioremap(3, RAM_START, RAM_START + 1, WC)).toBe("ENOMEM");
    expect(low.log).toHaveLength(1);
  });

  test("has slots: a taken one is busy, an empty one invalid", () => {
    const { maps } = kernel();
    maps.ioremap(0, 0, 1, WC);
    expect(maps.ioremap(0, 1, 2, WC)).toBe("EBUSY");
    expect(maps.unmap("ioremap", 1)).toBe("EINVAL");
    expect(maps.unmap("memremap", 0)).toBe("EINVAL");
  });
});

describe("memremap_pages()", () => {
  test("asks for write-back, or uncached-minus for peer-to-peer memory", () => {
    const { maps } = kernel("write-back");
    expect(maps.memremapPages(0, 0, 512, false)).toBeNull();
    expect(maps.memremapPages(1, 512, 1024, true)).toBeNull();
    expect(maps.live.map(({ mode }) => mode)).toEqual([WB, UC_MINUS]);
  });

  test("passes errors up, and leaves nothing reserved behind", () => {
    const { maps, list, log } = kernel();
    maps.ioremap(0, 0, 1, WC);
    maps.ioremap(1, 1, 2, UC_MINUS);
    expect(maps.memremapPages(0, 0, 512, false)).toBe("EBUSY");
    expect(maps.memremapPages(0, 512, 520, false)).toBe("EINVAL");
    expect(maps.memremapPages(0, RAM_START, RAM_START + 512, false)).toBe("ENXIO");
    expect(list.entries).toHaveLength(2);
    // __add_pages() and its caller, and the refusal of RAM.
    expect(log.filter(({ kind }) => kind === "warn")).toHaveLength(3);
  });

  test("refuses a section that has memory already", () => {
    const { maps } = kernel();
    expect(maps.memremapPages(0, 0, 512, false)).toBeNull();
    expect(maps.memremapPages(1, 0, 512, false)).toBe("ENOMEM");
  });
});

describe("memremap_pages() that fails behind its reservation, as trees of 6.1 to 7.3 do", () => {
  const failing = () => {
    const it = kernel();
    const fail = () => it.state.beginOp({ at: "kernel-area", nth: 1 });
    return { ...it, fail };
  };

  test("leaves the pages in the kernel's own page table, with their mode for the next time", () => {
    const { maps, fail } = failing();
    maps.ioremap(0, 0, 1, WC);
    fail();
    expect(maps.memremapPages(0, 0, 512, true)).toBe("ENOMEM");
    maps.unmap("ioremap", 0);
    expect(maps.memremapPages(0, 0, 1024, true)).toBeNull();
    expect(maps.live.map(({ mode }) => mode)).toEqual([WC]);
    maps.unmap("memremap-pages", 0);
    expect(maps.memremapPages(0, 0, 1024, true)).toBeNull();
    expect(maps.live.map(({ mode }) => mode)).toEqual([UC_MINUS]);
  });

  test("where other memory lies between its ends, and makes the kernel forget whose that is", () => {
    const { maps, list } = failing();
    expect(maps.memremapPages(0, 512, 1024, true)).toBeNull();
    expect(maps.memremapPages(1, 0, 1536, true)).toBe("EEXIST");
    expect(list.entries).toEqual([{ start: 512, end: 1024, mode: UC_MINUS }]);
    expect(maps.memremapPages(1, 512, 1024, true)).toBe("EEXIST");
  });

  test("is put back with the rest", () => {
    const { maps, fail } = failing();
    const before = maps.keep();
    maps.ioremap(0, 0, 1, WC);
    fail();
    maps.memremapPages(0, 0, 512, true);
    maps.unmap("ioremap", 0);
    const after = maps.keep();
    before();
    maps.memremapPages(0, 0, 512, true);
    expect(maps.live.map(({ mode }) => mode)).toEqual([UC_MINUS]);
    after();
    expect(maps.live).toEqual([]);
  });
});

describe("set_memory_*()", () => {
  const ram = (n: number) => RAM_START + n;

  test("gives RAM pages a mode that mappings of them then get, until write-back", () => {
    const { maps, ranges, log } = kernel();
    expect(maps.setMemory(ram(0), ram(4), WC)).toBeNull();
    expect(maps.setMemory(ram(3), ram(5), UC_MINUS)).toBe("EBUSY");
    const granted = { mode: WB };
    expect(ranges.track(ram(0), ram(2), WB, false, granted)).toBeNull();
    expect(granted.mode).toBe(WC);
    expect(ranges.lookupRange(ram(3), ram(5), granted)).toBe("EINVAL");
    expect(log).toEqual([
      { kind: "ram-busy", start: 3, end: 5, track: WC, request: UC_MINUS },
      { kind: "ram-request", start: 0, end: 2, request: WB, got: WC },
    ]);
    expect(maps.setMemory(ram(0), ram(4), WB)).toBeNull();
    expect(ranges.lookup(ram(3))).toBe(WB);
  });

  test("substitutes no mode over memory that memremap_pages() added, and needs it there", () => {
    const { maps, list } = kernel();
    expect(maps.setMemory(0, 4, WC)).toBe("EINVAL");
    maps.memremapPages(0, 0, 512, false);
    expect(maps.setMemory(0, 4, WC)).toBe("EBUSY");
    expect(maps.setMemory(0, 4, UC_MINUS)).toBeNull();
    expect(list.entries).toHaveLength(2);
    expect(maps.setMemory(0, 4, WB)).toBeNull();
    expect(list.entries).toHaveLength(1);
  });
});

test("arch_io_reserve_memtype_wc() reserves, and its counterpart frees what it is told to", () => {
  const { maps, list, log } = kernel();
  expect(maps.reserveWc(0, 4)).toBeNull();
  maps.freeWc(2, 4);
  expect(log).toEqual([{ kind: "invalid-free", start: 2, end: 4 }]);
  maps.freeWc(0, 4);
  expect(list.entries).toEqual([]);
});
