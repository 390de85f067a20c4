import { describe, expect, it } from "vitest";
import { MODELS } from "../models.ts";
import { importText } from "./text.ts";

const BAR = "/sys/bus/pci/devices/0000:00:05.0/resource2";

/** A log of one process that opens a file as fd 3 and maps 2 pages of it. */
function mapped(path: string, flags: string, offset = "0", at = "0x7f0000000000"): string {
  return `openat(AT_FDCWD, "${path}", ${flags}) = 3
mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, ${offset}) = ${at}
`;
}

describe("an imported log of low memory", () => {
  it("keeps both as regions where that is asked for, low memory first, each with its own pfns", () => {
    const { trace, dropped } = importText(
      `${mapped("/dev/mem", "O_RDWR", "0x20000")}${mapped(BAR, "O_RDWR", "0", "0x7f0000100000")}mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0x1000) = 0x7f0000200000
`,
      { hasRegions: true },
    );
    expect(dropped).toEqual([]);
    expect(trace.world).toMatchObject({ mtrr: "write-back", regions: [{ mtrr: "uncached" }] });
    const maps = trace.ops.flatMap((op) => (op.op === "mmap" ? [op] : []));
    expect(maps.map(({ via, region, pages }) => [via, region, pages])).toEqual([
      ["devmem", undefined, 2],
      ["resource", 1, 2],
      ["resource", 1, 1],
    ]);
    expect((maps[2]?.pfn ?? 0) - (maps[1]?.pfn ?? 0)).toBe(1);
    for (const model of Object.values(MODELS)) {
      const { steps } = model.recordSync(trace);
      expect(steps.filter(({ result }) => "errno" in result)).toEqual([]);
    }
  });

  it("says where the ISA window begins if a mapping of low memory reaches into that", () => {
    const across = `${mapped("/dev/mem", "O_RDWR", "0x9f000")}munmap(0x7f0000001000, 4096) = 0
munmap(0x7f0000000000, 4096) = 0
`;
    const { trace, dropped } = importText(across);
    expect(dropped).toEqual([]);
    expect(trace.world).toMatchObject({ pfns: 2, isa: 1, mtrr: "write-back" });
    const last = MODELS["6.12"]?.recordSync(trace).steps.at(-1);
    expect(last?.events.map(({ kind }) => kind)).toEqual(["invalid-free"]);
    expect(importText(mapped("/dev/mem", "O_RDWR", "0x9e000")).trace.world.isa).toBeUndefined();
  });
});
