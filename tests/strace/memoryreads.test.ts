import { describe, expect, it } from "vitest";
import { opText } from "../../reports/optext.ts";
import { importText } from "./text.ts";

const BAR = "/sys/bus/pci/devices/0000:00:05.0/resource2";
const MAPPED = `openat(AT_FDCWD, "${BAR}", O_RDWR) = 3
mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000
`;

describe("a read of memory through /proc", () => {
  const log = (path: string) => `${MAPPED}openat(AT_FDCWD, "${path}", O_RDONLY) = 4
pread64(4, "\\0", 1, 0x7f0000001000) = 1
pread64(4, "\\0", 1, 0x400000) = 1
pread64(4, 0x7ffc, 8192, 0x7f0000000000) = -1 EIO (Input/output error)
`;

  it("of the program's own device pages is a peek of each page", () => {
    const { trace, dropped } = importText(log("/proc/self/mem"));
    expect(trace.ops.slice(2).map(opText)).toEqual(["peek p0 page 1", "peek p0 page 0"]);
    expect(dropped).toEqual([]);
  });

  it("of a process by its id is told of as left out", () => {
    const { trace, dropped } = importText(log("/proc/123/mem"));
    expect(trace.ops.map(({ op }) => op)).not.toContain("peek");
    expect(dropped.map(({ line }) => line)).toEqual([4, 6]);
  });

  it("says nothing of other files, and a world says where its device lies if it is told", () => {
    const text = log("/etc/passwd");
    expect(importText(text).trace.ops).toHaveLength(2);
    expect(importText(text, { isWriteBack: true }).trace.world).toEqual({
      pfns: 2,
      vpages: 2,
      mtrr: "write-back",
      region: "bar",
    });
  });
});
