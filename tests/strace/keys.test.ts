import { describe, expect, it } from "vitest";
import { opText } from "../../reports/optext.ts";
import { importText } from "./text.ts";

const LOG = `openat(AT_FDCWD, "/sys/bus/pci/devices/0000:00:05.0/resource2", O_RDWR) = 3
mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7f0000000000
`;
const protect = (key: string, result = "0") =>
  `pkey_mprotect(0x7f0000000000, 4096, PROT_READ, ${key}) = ${result}\n`;

describe("a protection key in a log", () => {
  it("is the process' own, the first, none, or one that nobody has allocated", () => {
    const calls = [
      protect("3"),
      protect("0"),
      protect("-1"),
      protect("9", "-1 EINVAL (Invalid argument)"),
    ];
    const { trace, dropped } = importText(LOG + calls.join(""));
    expect(trace.ops.slice(2).map(opText)).toEqual(
      ["own", "default", "keep", "unallocated"].map((key) => `mprotect p0 [0,1) r, pkey ${key}`),
    );
    expect(dropped).toEqual([]);
  });

  it("beside another of its own is told of as left out, and stays the process' in its child", () => {
    const fork = "fork() = 7\n7 pkey_mprotect(0x7f0000001000, 4096, PROT_READ, 3) = 0\n";
    const { trace, dropped } = importText(LOG + protect("3") + protect("4") + fork);
    expect(trace.ops.slice(2).map(opText)).toEqual([
      "mprotect p0 [0,1) r, pkey own",
      "mprotect p0 [0,1) r",
      "fork p0 -> p1",
      "mprotect p1 [1,2) r, pkey own",
    ]);
    expect(dropped.map(({ line }) => line)).toEqual([4]);
  });
});
