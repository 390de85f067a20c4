import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { opText } from "../../reports/optext.ts";
import { type DeviceOption } from "../../src/strace/import.ts";
import { replayOf } from "../../src/replay.ts";
import { modelOf } from "../models.ts";
import { importText } from "./text.ts";
import { UserError } from "../../src/usererror.ts";
import { run } from "../cli/run.ts";

const devices: readonly DeviceOption[] = [{ path: "/dev/mydev0", via: "resource" }];
const imported = (text: string, given = devices) => {
  const { trace, dropped } = importText(text, { devices: given });
  return { ops: trace.ops.map(opText), dropped: dropped.map(({ line }) => line), reasons: dropped };
};
const pathOf = (name: string) => `tests/data/strace/${name}.log`;
const logOf = (name: string) => imported(readFileSync(pathOf(name), "utf8"));

/** What each log of the cases comes to, in the trace and on stderr by line. */
const CASES: readonly [name: string, ops: readonly string[], dropped: readonly number[]][] = [
  ["isa", [], [2]],
  [
    "race",
    [
      "spawn p0",
      "mmap p0 [0,4) = pfn [0,4) devmem_sync rw shared",
      "munmap p0 [0,4)",
      "mmap p0 [0,4) = pfn [5,9) devmem_sync rw shared",
      "munmap p0 [0,1)",
      "munmap p0 [1,4)",
    ],
    [],
  ],
  [
    "raw",
    [
      "spawn p0",
      "mmap p0 [0,2) = pfn [0,2) devmem_sync rw shared",
      "mprotect p0 [0,1) r",
      "madvise p0 [1,2) dontfork",
      "munmap p0 [0,1)",
      "mmap p0 [3,4) = pfn [3,4) devmem_sync rw private",
    ],
    [],
  ],
  [
    "verbose",
    ["spawn p0", "mmap p0 [0,2) = pfn [0,2) devmem_sync rw shared", "munmap p0 [0,1)", "exit p0"],
    [],
  ],
  [
    "i386",
    ["spawn p0", "mmap p0 [0,4) = pfn [0,4) resource rw shared", "munmap p0 [0,1)", "exit p0"],
    [],
  ],
  [
    "openat2",
    [
      "spawn p0",
      "mmap p0 [0,2) = pfn [0,2) resource rw shared",
      "mmap p0 [3,5) = pfn [0,2) resource rw shared",
      "munmap p0 [0,1)",
    ],
    [],
  ],
  [
    "relpath",
    [
      "spawn p0",
      "mmap p0 [0,2) = pfn [0,2) resource rw shared",
      "mmap p0 [3,5) = pfn [0,2) resource rw shared",
    ],
    [],
  ],
  [
    "calls-nobody-reads",
    [
      "spawn p0",
      "mmap p0 [0,2) = pfn [0,2) devmem_sync rw shared",
      "mprotect p0 [0,2) r",
      "madvise p0 [0,1) dontneed",
      "mprotect p0 [0,1) r, pkey own",
      "mlock p0 [0,1)",
      "munmap p0 [0,2)",
      "exit p0",
    ],
    [2, 3, 5, 8, 9, 10, 11, 12, 13],
  ],
];

describe("a log of the cases", () => {
  it.each(CASES)("%s is imported, and what is not is listed by line", (name, ops, dropped) => {
    const found = logOf(name);
    expect(found.ops).toEqual(ops);
    expect(found.dropped).toEqual(dropped);
  });

  it("without one device mapping is exit 1, one line and no trace", async () => {
    const { status, out, err } = await run(["import", "strace", pathOf("i386")]);
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(err).toMatch(/^[^\n]*i386\.log: no device mapping in it [^\n]*maps \/dev\/mydev0\)\n$/);
    const isa = await run(["import", "strace", pathOf("isa")]);
    expect({ status: isa.status, out: isa.out }).toEqual({ status: 1, out: "" });
  });
});

const MAP = "mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0) = 0x7f1000000000";
const RESOURCE = '"/sys/bus/pci/devices/0000:03:00.0/resource0"';

describe("a descriptor", () => {
  it.each([
    ["-Y", `1200<prog> openat(AT_FDCWD, ${RESOURCE}, O_RDWR) = 3\n1200<prog> ${MAP}`],
    [
      "-Y on a terminal",
      `[pid 12<a b>] openat(AT_FDCWD, ${RESOURCE}, O_RDWR) = 3\n[pid 12<a b>] ${MAP}`,
    ],
    ["-n", `[ 257] openat(AT_FDCWD, ${RESOURCE}, O_RDWR) = 3\n[   9] ${MAP}`],
    [
      "-n and -i",
      `12 [00007f00deadbeef] [ 257] openat(AT_FDCWD, ${RESOURCE}, O_RDWR) = 3\n12 [00007f00deadbeef] [   9] ${MAP}`,
    ],
    [
      "fchdir",
      `openat(AT_FDCWD, "/sys/bus/pci/devices", O_RDONLY|O_DIRECTORY) = 4\nfchdir(4) = 0\nchdir("../devices/./0000:03:00.0") = 0\nopen("resource0", O_RDWR) = 3\n${MAP}`,
    ],
    [
      "a directory's descriptor",
      `openat(AT_FDCWD, "/sys/bus/pci/devices/0000:03:00.0", O_RDONLY) = 4\nopenat(4, "resource0", O_RDWR) = 3\n${MAP}`,
    ],
    [
      "its link in /proc",
      `openat(AT_FDCWD, ${RESOURCE}, O_RDWR) = 7\nopenat(AT_FDCWD, "/proc/self/fd/7", O_RDWR) = 3\n${MAP}`,
    ],
    ["its device in /proc", `open("/proc/bus/pci/03/00.0", O_RDWR) = 3\n${MAP}`],
    ["dup3", `openat(AT_FDCWD, ${RESOURCE}, O_RDWR) = 7\ndup3(7, 3, O_CLOEXEC) = 3\n${MAP}`],
    ["raw fcntl", `openat(-100, ${RESOURCE}, 0x2) = 7\nfcntl(7, 0x406, 0x3) = 3\n${MAP}`],
  ])("is known with %s", (_title, text) => {
    expect(imported(`${text}\n`).ops.at(-1)).toBe("mmap p0 [0,2) = pfn [0,2) resource r shared");
  });

  it("is what -y shows, not what openat() was asked for", () => {
    const link = `openat(AT_FDCWD, "/dev/link", O_RDWR) = 3</dev/mydev0>\n`;
    const shown = MAP.replace("3,", "3</dev/mydev0>,");
    expect(imported(`${link}${shown}\n`).ops).toHaveLength(2);
    const other = `openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3</tmp/file>\n`;
    expect(imported(`${other}${MAP.replace("3,", "3</tmp/file>,")}\n`).ops).toEqual([]);
    const numbered = `openat(AT_FDCWD, "/dev/mem", O_RDWR|O_SYNC) = 3</dev/mem<char 1:1>>\n`;
    const mem = MAP.replace("3, 0", "3</dev/mem<char 1:1>>, 0xfe000000");
    expect(imported(`${numbered}${mem}\n`).ops.at(-1)).toContain("devmem_sync");
  });

  it("that closes on exec, or was closed with others, is no device behind it", () => {
    const exec = `openat(AT_FDCWD, "/dev/mydev0", O_RDWR|O_CLOEXEC) = 3\nexecve("/bin/x", ["x"], 0x1 /* 1 var */) = 0\n`;
    const closed = `openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3\nclose_range(3, 4294967295, 0) = 0\n`;
    for (const text of [exec, closed]) {
      const found = imported(`${text}${MAP}\n`);
      expect(found.ops).toEqual([]);
      expect(found.dropped).toEqual([3]);
    }
  });
});

describe("mmap2()", () => {
  const log = (...offsets: string[]) =>
    `open("/dev/mydev0", O_RDWR) = 3\n${offsets
      .map(
        (offset, at) => `mmap2(NULL, 4096, PROT_READ, MAP_SHARED, 3, ${offset}) = 0xf${at}000000\n`,
      )
      .join("")}`;

  it.each([
    [["0", "0x4"], "a page count, as it is no whole page's bytes", "pfn [2,3)"],
    [["0", "0x1000"], "a page count, as one number tells nothing", "pfn [2,3)"],
    [["0x1000", "0x2000"], "bytes, as all are whole pages'", "pfn [1,2)"],
  ] as const)("with %j has %s", (offsets, _why, last) => {
    expect(imported(log(...offsets)).ops.at(-1)).toContain(last);
  });
});

describe("effects", () => {
  const threads = `1 openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3
1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, exit_signal=0}, 88) = 2
`;

  it("come where another thread's use of a new mapping proves them", () => {
    const text = `${threads}1 mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0 <unfinished ...>
2 mprotect(0x7f1000000000, 4096, PROT_NONE) = 0
1 <... mmap resumed>) = 0x7f1000000000
`;
    expect(imported(text).ops.slice(1)).toEqual([
      "mmap p0 [0,2) = pfn [0,2) resource r shared",
      "mprotect p0 [0,1) none",
    ]);
  });

  it("stay in order where an address was given (MAP_FIXED), or the memory is another's", () => {
    const fixed = `${threads}1 ${MAP}
1 munmap(0x7f1000000000, 8192 <unfinished ...>
2 mmap(0x7f1000000000, 8192, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0) = 0x7f1000000000
1 <... munmap resumed>) = 0
`;
    expect(imported(fixed).ops.at(-1)).toBe("munmap p0 [0,2)");
    const forked = fixed
      .replace("CLONE_VM|CLONE_FILES|CLONE_THREAD", "0")
      .replace("|MAP_FIXED", "");
    expect(imported(forked).ops.at(-1)).toBe("munmap p0 [0,2)");
  });

  it("of a process that no clone() made are its own, which is said", () => {
    const text = `1 openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3\n1 ${MAP}\n2 munmap(0x7f1000000000, 4096) = 0\n`;
    const found = imported(text);
    expect(found.ops).toHaveLength(2);
    expect(found.reasons).toEqual([{ line: 3, reason: expect.stringContaining("process 2") }]);
  });
});

describe("a device that does not remap its whole VMA", () => {
  const log = `openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3\n${MAP}\nmunmap(0x7f1000000000, 4096) = 0\n`;

  it.each([
    ["insert", "drv-mmap p0 [0,2) off 0 r shared {on fault insert pfn 0 uc-}"],
    [
      "partial",
      "drv-mmap p0 [0,2) off 0 r shared {remap [0,1) = pfn 0 uc-; remap [1,end) = pfn 1 uc-}",
    ],
    ["remap", "mmap p0 [0,2) = pfn [0,2) resource r shared"],
  ] as const)("is imported as one that maps by %s", (maps, op) => {
    const given = [{ path: "/dev/mydev0", via: "resource", maps } as const];
    expect(imported(log, given).ops).toEqual(["spawn p0", op, "munmap p0 [0,1)"]);
  });

  it("is known by its path: graphics cards and VFIO insert at fault", () => {
    const card = log.replace("/dev/mydev0", "/dev/dri/renderD128");
    const vfio = `ioctl(9, VFIO_GROUP_GET_DEVICE_FD, "0000:03:00.0") = 3\n${MAP}\n`;
    for (const text of [card, vfio]) expect(imported(text).ops[1]).toContain("on fault insert");
  });

  it("is named on the command line, as its trace replays", async () => {
    const { out } = await run(["import", "strace", "-", "--device", "/dev/mydev0=insert"], {
      stdin: log,
    });
    const replayed = await run(["replay", "-"], { stdin: out });
    expect(replayed).toMatchObject({ status: 0, err: "" });
    expect(replayed.out).toContain("on fault insert");
  });
});

describe("a log that no trace can hold", () => {
  it("of more processes than a trace has is one line", () => {
    const lines = [`1 openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3`, `1 ${MAP}`];
    for (let pid = 2; pid < 1030; pid++) lines.push(`1 fork() = ${pid}`);
    expect(() => imported(lines.join("\n"))).toThrow(UserError);
    expect(() => imported(lines.join("\n"))).toThrow(/^more than 1024 processes map devices/);
  });

  it("of more ops than a trace has is one line", () => {
    const lines = [`openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3`, MAP];
    const madvise = "madvise(0x7f1000000000, 4096, MADV_DOFORK) = -1 EINVAL (Invalid argument)";
    while (lines.length <= 200_002) lines.push(madvise);
    expect(() => imported(lines.join("\n"))).toThrow(/makes 200003 ops, and a trace holds 200000/);
  });

  it("of 30 MB, most of it no matter of ours, is imported in 32 MB of heap", () => {
    const write = `9 write(4, "${"x".repeat(80)}"..., 8192) = 8192\n`;
    const log = [
      `9 openat(AT_FDCWD, "/dev/mydev0", O_RDWR) = 3\n9 ${MAP}\n`,
      write.repeat(260_000),
      "9 munmap(0x7f1000000000, 4096) = 0\n",
    ];
    const importing = ["dist/pfndiff.js", "import", "strace", "-", "--device", "/dev/mydev0"];
    const node = ["--max-old-space-size=32", ...importing];
    const done = spawnSync(process.execPath, node, { input: log.join(""), encoding: "utf8" });
    expect([done.status, done.stderr]).toEqual([0, ""]);
    expect(JSON.parse(done.stdout).ops.map(opText).at(-1)).toBe("munmap p0 [0,1)");
  });
});

it("the kernel's own pfnmap selftest passes on 6.12, and its log shows the reservation that was left", () => {
  const text = readFileSync("tests/data/strace/pfnmap-on-6.12.log", "utf8");
  expect(text).toContain("# PASSED: 6 / 6 tests passed.");
  const { trace } = importText(text);
  const [before, after] = [modelOf("6.12"), modelOf("7.2")];
  const { findings, steps } = replayOf(before.recordSync(trace), after.recordSync(trace));
  const leaks = findings.filter(({ symptom }) => symptom === "leak");
  expect(leaks.map(({ signature }) => signature)).toEqual(["fixed:leak:unmap-head"]);
  // The kernel's list ended with one entry of the region: its first page, uncached-minus.
  const left = steps.at(-1) ?? expect.fail();
  expect(left.before.memtype).toEqual([{ start: 0, end: 1, type: "uncached-minus" }]);
  expect(left.after.memtype).toEqual([]);
});
