import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { opText } from "../../reports/optext.ts";
import { type DeviceOption } from "../../src/strace/import.ts";
import { importText } from "./text.ts";
import { ADVICES } from "../../src/trace/op.ts";
import { recordingSchema } from "../../src/trace/recording.ts";
import { UserError } from "../../src/usererror.ts";
import { MODELS } from "../models.ts";

const folder = new URL("../data/strace/", import.meta.url);
const logs = readdirSync(folder).filter((name) => name.endsWith(".strace"));
const devices: readonly DeviceOption[] = [{ path: "/dev/example0", via: "resource" }];
const read = (name: string) => importText(readFileSync(new URL(name, folder), "utf8"), { devices });

const ops = (text: string) => importText(text, { devices }).trace.ops.map(opText);
const BAR = "/sys/bus/pci/devices/0000:00:05.0/resource2";

/** A log of one process that opens a file as fd 3 and maps 2 pages of it. */
function mapped(path: string, flags: string, offset = "0"): string {
  return `openat(AT_FDCWD, "${path}", ${flags}) = 3
mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, ${offset}) = 0x7f0000000000
`;
}

describe("a recorded strace log of a real program", () => {
  it("is there in the ways in which strace writes: to a file, to a terminal, with -y -T, of a shell", () => {
    expect(logs).toHaveLength(4);
  });

  it.each(logs)("replays on every model without an error: %s", (name) => {
    const { trace } = read(name);
    for (const model of Object.values(MODELS)) {
      expect(recordingSchema.parse(model.recordSync(trace)).steps).toHaveLength(trace.ops.length);
    }
  });

  it.each(logs)("succeeds on the models where the calls of the log succeeded: %s", (name) => {
    const { trace } = read(name);
    const steps = MODELS["7.2"]?.recordSync(trace).steps ?? [];
    const failing = trace.ops.filter((_, index) => "errno" in (steps[index]?.result ?? {}));
    // A file may grow where it is mapped, a device may not; the rest follows from that.
    expect(failing.map(({ op }) => op).filter((op) => op !== "mremap")).toEqual([]);
    expect(failing.length).toBeLessThanOrEqual(logs.length);
  });

  it("gives the ops of two processes and two threads in order", () => {
    expect(read("output-file.strace").trace.ops.map(opText)).toEqual([
      "spawn p0",
      "mmap p0 [18,20) = pfn [0,2) resource rw shared",
      "mmap p0 [14,18) = pfn [3,7) resource rw shared",
      "mmap p0 [11,14) = pfn [9,12) resource rw shared",
      "munmap p0 [13,14)",
      "mprotect p0 [15,16) r",
      "mprotect p0 [11,12) r",
      "madvise p0 [14,15) dontfork",
      "fork p0 -> p1",
      "mmap p1 [14,15) = pfn [7,8) resource rw shared",
      "mremap p0 [16,18) move to [8,10)",
      "munmap p1 [18,19)",
      "mremap p0 [8,10) resize to [8,9)",
      "mremap p0 [18,20) move to [0,8)",
      "munmap p1 [14,15)",
      "exit p1",
      "mmap p0 [14,15) = anon r private",
      "munmap p0 [8,9)",
      "exit p0",
    ]);
  });

  it("lists what it could not say as it was", () => {
    const text = `${mapped(BAR, "O_RDWR")}openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 4
mmap(0x7f0000000000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, 4, 0) = 0x7f0000000000
`;
    expect(importText(text).dropped).toEqual([
      { line: 4, reason: "mmap: replaces device pages by other memory (kept as munmap)" },
    ]);
  });

  it("has no device mapping when no path is named", () => {
    const text = readFileSync(new URL("output-file.strace", folder), "utf8");
    expect(importText(text).trace.ops).toEqual([]);
  });
});

describe("calls that only the device pages of a range matter to", () => {
  it("are mlock, munlock and mseal too", () => {
    const text = `${mapped("/dev/mem", "O_RDWR", "0xfe000000")}mlock(0x7f0000000000, 4096) = 0
munlock(0x7efffffff000, 12288) = -1 ENOMEM (Cannot allocate memory)
mseal(0x7f0000001000, 4096, 0) = 0
mseal(0x7f0000008000, 4096, 0) = 0
`;
    expect(ops(text).slice(2)).toEqual(["mlock p0 [0,1)", "munlock p0 [0,2)", "mseal p0 [1,2)"]);
  });
});

describe("anonymous memory of a log", () => {
  it("is in the trace once a device is mapped over it, with the protection that it has by then", () => {
    const text = `openat(AT_FDCWD, "/dev/example0", O_RDWR) = 3
mmap(NULL, 32768, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = 0x7f0000000000
mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7e0000000000
mprotect(0x7f0000006000, 8192, PROT_READ|PROT_WRITE) = 0
munmap(0x7f0000000000, 4096) = 0
mmap(0x7f0000003000, 8192, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0) = 0x7f0000003000
mprotect(0x7f0000002000, 8192, PROT_READ) = 0
mmap(0x7f0000003000, 4096, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x7f0000003000
munmap(0x7f0000001000, 28672) = 0
`;
    expect(ops(text)).toEqual([
      "spawn p0",
      "mmap p0 [0,5) = anon none private",
      "mmap p0 [2,4) = pfn [0,2) resource r shared",
      "mprotect p0 [1,3) r",
      "mmap p0 [2,3) = anon none private",
      "munmap p0 [0,5)",
    ]);
  });
});

describe("the way in of an imported mapping", () => {
  const via = (text: string) => {
    const { trace } = importText(text, { devices });
    return [trace.ops.flatMap((op) => (op.op === "mmap" ? [op.via] : [])), trace.world.mtrr];
  };

  it.each([
    [mapped("/dev/mem", "O_RDWR", "0xfe000000"), ["devmem"], "uncached"],
    [mapped("/dev/mem", "O_RDWR|O_SYNC", "0xfe000000"), ["devmem_sync"], "uncached"],
    [mapped("/dev/mem", "O_RDWR|O_DSYNC", "0x20000"), ["devmem_sync"], "write-back"],
    [mapped("/dev/mem", "O_RDWR|O_CLOEXEC", "0x20000"), ["devmem"], "write-back"],
    [mapped(BAR, "O_RDWR|O_SYNC"), ["resource"], "uncached"],
    [mapped(`${BAR}_wc`, "O_RDWR"), ["resource_wc"], "uncached"],
    [
      mapped("/sys/devices/pci0000:00/0000:00:05.0/resource0_wc", "O_RDWR"),
      ["resource_wc"],
      "uncached",
    ],
    [mapped("/etc/passwd", "O_RDONLY"), [], "uncached"],
  ] as const)("comes from its path and flags: %s", (text, vias, mtrr) => {
    expect(via(text)).toEqual([vias, mtrr]);
  });

  it("is one region for a resource file and its write-combining twin, not for two devices", () => {
    const twin = `${mapped(BAR, "O_RDWR")}openat(AT_FDCWD, "${BAR}_wc", O_RDWR) = 4
openat(AT_FDCWD, "${BAR.replace("05.0", "06.0")}", O_RDWR) = 5
mmap(NULL, 8192, PROT_READ, MAP_SHARED, 4, 0) = 0x7f0000010000
mmap(NULL, 8192, PROT_READ, MAP_SHARED, 5, 0) = 0x7f0000020000
`;
    expect(ops(twin).slice(1)).toEqual([
      "mmap p0 [0,2) = pfn [0,2) resource r shared",
      "mmap p0 [3,5) = pfn [0,2) resource_wc r shared",
      "mmap p0 [6,8) = pfn [3,5) resource r shared",
    ]);
  });

  it("keeps the aperture and drops low memory where a log has both", () => {
    const { trace, dropped } = importText(
      `${mapped("/dev/mem", "O_RDWR", "0x20000")}mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0xfe000000) = 0x7f0000010000\n`,
    );
    expect(trace.ops).toHaveLength(2);
    expect(dropped).toEqual([
      {
        line: 2,
        reason: "mmap: maps low memory, and other lines map an aperture (--regions keeps both)",
      },
    ]);
  });
});

describe("an imported call", () => {
  const base = mapped("/dev/example0", "O_RDWR");

  it("is kept when it failed in a way that tracking may make it fail, and listed otherwise", () => {
    const { trace, dropped } = importText(
      `${base}mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0x1000) = -1 EINVAL (Invalid argument)
mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0x1000) = -1 EPERM (Operation not permitted)
madvise(0x7f0000000000, 4096, MADV_DONTNEED) = -1 EINVAL (Invalid argument)
madvise(0x7f0000000000, 4096, MADV_HWPOISON) = -1 EINVAL (Invalid argument)
mremap(0x7f0000000000, 8192, 16384, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)
mremap(0x7f0000000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = -1 EINVAL (Invalid argument)
`,
      { devices },
    );
    expect(trace.ops.map(opText).slice(2)).toEqual([
      "mmap p0 [5,6) = pfn [1,2) resource r shared",
      "madvise p0 [0,1) dontneed",
      "mremap p0 [0,2) resize to [0,4), may move",
      "mremap p0 [0,2) resize to [0,2), the old place stays",
    ]);
    expect(dropped.map(({ line }) => line)).toEqual([4, 6]);
  });

  it.each(ADVICES)("that gives the advice %s is an op, by its name and by its number", (advice) => {
    const raw = { normal: 0, random: 1, hugepage: 14, guard_remove: 103 }[advice as string];
    for (const word of [`MADV_${advice.toUpperCase()}`, ...(raw === undefined ? [] : [`${raw}`])]) {
      const text = `${base}madvise(0x7f0000000000, 4096, ${word}) = 0\n`;
      expect(ops(text).at(-1)).toBe(`madvise p0 [0,1) ${advice}`);
    }
  });

  it("moves to where the kernel said when it did not say where", () => {
    const text = `${base}mremap(0x7f0000000000, 8192, 8192, MREMAP_MAYMOVE) = 0x7e0000000000\n`;
    expect(ops(text).at(-1)).toBe("mremap p0 [3,5) move to [0,2)");
  });

  it("by a thread is one of its process, and by a forked process its own", () => {
    const text = `10 openat(AT_FDCWD, "/dev/example0", O_RDWR) = 3
10 mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000
10 clone(child_stack=0x7e0000000000, flags=CLONE_VM|CLONE_FILES|CLONE_THREAD <unfinished ...>
11 close(3) = 0
11 munmap(0x7f0000000000, 4096) = 0
10 <... clone resumed>) = 11
10 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7d0000000000
10 fork() = 12
11 +++ exited with 0 +++
12 munmap(0x7f0000001000, 4096) = 0
12 +++ killed by SIGKILL +++
10 exit_group(0) = ?
`;
    expect(ops(text)).toEqual([
      "spawn p0",
      "mmap p0 [0,2) = pfn [0,2) resource r shared",
      "munmap p0 [0,1)",
      "fork p0 -> p1",
      "munmap p1 [1,2)",
      "exit p1",
      "exit p0",
    ]);
  });

  it("is put after the fork that made its process, however late the fork returns", () => {
    const text = `10 openat(AT_FDCWD, "/dev/example0", O_RDWR) = 3
10 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000
10 vfork( <unfinished ...>
11 execve("/bin/true", ["true"], 0x1 /* 1 var */) = 0
11 +++ exited with 0 +++
10 <... vfork resumed>) = 11
10 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
12 munmap(0x7f0000000000, 4096) = 0
10 <... clone resumed>) = 12
`;
    expect(ops(text).slice(2)).toEqual(["fork p0 -> p1", "munmap p1 [0,1)"]);
  });

  it("keeps a failed fork, whose child ends at once where it lives", () => {
    const text = `${base}fork() = -1 ENOMEM (Cannot allocate memory)\n`;
    expect(ops(text).slice(2)).toEqual(["fork p0 -> p1", "exit p1"]);
  });
});

describe("renumbering", () => {
  it("shortens a large aperture but keeps every boundary on both lines", () => {
    const text = `openat(AT_FDCWD, "${BAR}", O_RDWR) = 3
mmap(NULL, 268435456, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000000000
mmap(NULL, 8192, PROT_READ, MAP_SHARED, 3, 0x8000000) = 0x7e0000000000
munmap(0x7f0000001000, 4096) = 0
`;
    expect(ops(text)).toEqual([
      "spawn p0",
      "mmap p0 [3,23) = pfn [0,20) resource r shared",
      "mmap p0 [0,2) = pfn [10,12) resource r shared",
      "munmap p0 [4,5)",
    ]);
  });
});

describe("a log that cannot be read", () => {
  it.each([
    [mapped("/dev/example0", "O_RDWR", "0x"), /^line 2: mmap: "0x" is not an address or a length$/],
    ["munmap(0x7f) = 0\n", /^line 1: munmap: argument 2 is missing$/],
    ["\n\nopenat(AT_FDCWD) = 3\n", /^line 3: openat: argument 2 is missing$/],
    ["hello\nworld\n", /^no line of an strace log/],
  ])("is a one-line error that says where: %j", (text, message) => {
    expect(() => importText(text, { devices })).toThrow(UserError);
    expect(() => importText(text, { devices })).toThrow(message);
  });

  it("may have been cut at either end: that is listed", () => {
    const text = `10 <... munmap resumed>) = 0
10 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0 <unfinished ...>
`;
    expect(() => importText(text)).toThrow(/^no line/);
    const { dropped } = importText(`${text}11 close(3) = 0\n`);
    expect(dropped.map(({ line }) => line)).toEqual([1, 2]);
    const cut = importText("11 close(3) = 0\n11 munmap(0x7f1000000000, 40").dropped;
    expect(cut).toEqual([{ line: 2, reason: "munmap: the line has no end" }]);
  });
});
