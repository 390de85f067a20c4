import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sourceOf } from "../../fuzz/guided.ts";
import { opText } from "../../reports/optext.ts";
import { type Trace, traceSchema } from "../../src/trace/trace.ts";
import { run } from "../cli/run.ts";

const BAR = "/sys/devices/pci0000:00/0000:00:03.0/resource0";
const LIST = [
  "PAT memtype list:",
  "PAT: [mem 0x000000007ffe0000-0x000000007ffe1000] write-back",
  "PAT: [mem 0x00000000c0000000-0x00000000c0004000] uncached-minus",
  "PAT: [mem 0x00000000c0003000-0x00000000c0004000] uncached-minus",
  "PAT: [mem 0x00000000c0004000-0x00000000c0006000] write-combining",
  "PAT: [mem 0x00000000fed90000-0x00000000fed91000] uncached-minus",
];
const MAPS = [
  "==> /proc/41/maps <==",
  `7f0000000000-7f0000002000 rw-s c0000000 00:16 9  ${BAR}`,
  `7f0000010000-7f0000012000 r--s c0004000 00:16 9  ${BAR}_wc`,
  "7f0000020000-7f0000022000 rw-s 100000000 00:06 9  /dev/dri/card0",
  "7f0000030000-7f0000032000 rw-s 00000000 00:01 9  /dev/shm/x",
  "==> /proc/42/maps <==",
  `7f0000000000-7f0000001000 rw-s c0003000 00:16 9  ${BAR}_wc`,
];
const STATE = [...LIST, ...MAPS].join("\n");
const OPS = [
  "spawn p0",
  "spawn p1",
  "ioremap p0 slot 0 plain pfn [7,8)",
  "mmap p0 [0,4) = pfn [0,4) resource rw shared",
  "munmap p0 [2,4)",
  "mmap p0 [5,7) = pfn [4,6) resource_wc r shared",
  "mmap p1 [0,1) = pfn [3,4) resource_wc rw shared",
];

const dir = mkdtempSync(join(tmpdir(), "pfndiff-state-"));
afterAll(() => rmSync(dir, { recursive: true }));

async function imported(stdin: string, ...more: string[]) {
  const { status, out, err } = await run(["import", "state", ...more], { stdin });
  const trace: Trace | null = out === "" ? null : traceSchema.parse(JSON.parse(out));
  return { status, trace, ops: trace?.ops.map(opText), left: err.trimEnd().split("\n") };
}

describe("a machine's state as a trace", () => {
  it("has who maps as processes, what is kept as it came about, and what nobody maps in the kernel", async () => {
    const { status, ops, left } = await imported(STATE, "--release", "7.2");
    expect([status, ops]).toEqual([0, OPS]);
    expect(left).toEqual([
      "standard input: process 41, 0x7f0000020000-0x7f0000022000 /dev/dri/card0: its offset does not tell which pages it maps",
      "standard input: write-back 0x7ffe0000-0x7ffe1000: an uncached region has no such reservation",
    ]);
  });

  it("replays to the machine's own list on the release that it is from", async () => {
    const { trace } = await imported(STATE);
    const recording = await run(["record", "--backend", "modern", "-"], {
      stdin: JSON.stringify(trace),
    });
    expect(JSON.parse(recording.out).steps.at(-1).memtype).toEqual([
      { start: 0, end: 4, type: "uncached-minus" },
      { start: 3, end: 4, type: "uncached-minus" },
      { start: 4, end: 6, type: "write-combining" },
      { start: 7, end: 8, type: "uncached-minus" },
    ]);
  });

  it("that the release cannot be led to is told so: VM_PAT keeps nothing of a tail that was unmapped", async () => {
    const { status, left } = await imported(STATE, "--release", "6.12");
    expect(status).toBe(0);
    expect(left.at(-1)).toBe(
      "standard input: legacy@6.12: its list differs from the machine's after these ops",
    );
  });

  it("is made of maps alone where no list says what is reserved", async () => {
    const { ops } = await imported(MAPS.slice(0, 2).join("\n"));
    expect(ops).toEqual(["spawn p0", "mmap p0 [0,2) = pfn [0,2) resource rw shared"]);
  });

  it("tells of a mapping that has no reservation, and does not make one up", async () => {
    const { ops, left } = await imported([LIST[0], LIST[5], ...MAPS.slice(0, 2)].join("\n"));
    expect(ops).toEqual(["spawn p0", "ioremap p0 slot 0 plain pfn [0,1)"]);
    expect(left).toEqual([
      `standard input: process 41, 0x7f0000000000-0x7f0000002000 ${BAR}: has no reservation of its own in the list`,
    ]);
  });

  it("with more of the kernel's mappings than a trace has keeps the nearest, and says so in one line", async () => {
    const entry = (at: number) =>
      `PAT: [mem 0x${at.toString(16)}-0x${(at + 0x1000).toString(16)}] uncached-minus`;
    const many = Array.from({ length: 70 }, (_, n) => entry(0xc0100000 + n * 0x10000));
    const list = [LIST[0], ...many, entry(0xc0600000)];
    const map = `7f0000000000-7f0000001000 rw-s c0600000 00:16 9  ${BAR}`;
    const { ops, left } = await imported([...list, "==> /proc/41/maps <==", map].join("\n"));
    expect(ops?.filter((op) => op.startsWith("ioremap"))).toHaveLength(64);
    expect(ops?.at(-1)).toBe("mmap p0 [0,1) = pfn [128,129) resource rw shared");
    expect(left).toEqual([
      "standard input: uncached-minus 0xc0100000-0xc0101000 and 5 more: the kernel of a trace has 64 mappings of its own, and these are the farthest from what is mapped",
    ]);
  });

  it("of which nothing can be had is exit 1, and no trace", async () => {
    const { status, trace } = await imported(`${LIST[0]}\n${LIST[1]}`);
    expect([status, trace]).toEqual([1, null]);
  });
});

describe("a campaign that begins from a state", () => {
  it("draws what goes on from it, for any run a valid trace", async () => {
    const { trace } = await imported(STATE);
    const traceOf = sourceOf("begun", [trace as Trace]);
    const plain = ({ ops }: Trace) => ops.map(({ fault: _fault, ...op }) => op);
    for (let run = 0; run < 40; run++) {
      const drawn = traceSchema.parse(traceOf(3, run));
      expect(plain(drawn).slice(0, OPS.length)).toEqual(trace?.ops);
      expect(drawn.ops.length).toBeGreaterThan(OPS.length);
    }
  });

  it("is gone on with as it was begun, and refuses to be guided by anything else", async () => {
    const { trace } = await imported(STATE);
    const path = join(dir, "state.json");
    writeFileSync(path, JSON.stringify(trace));
    const out = join(dir, "out");
    const begun = await run(["fuzz", "--begin", path, "--runs", "16", "--json", "--out", out]);
    const again = await run(["fuzz", "--resume", out, "--json"]);
    expect(JSON.parse(again.out).digest).toBe(JSON.parse(begun.out).digest);
    const { status, err } = await run(["fuzz", "--begin", path, "--plain"]);
    expect(status).toBe(2);
    expect(err).toContain("--begin");
  });
});
