import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readExcerpt } from "../../src/explain/excerpt.ts";
import { mappingsOf, reservationsOf } from "../../src/explain/state.ts";
import { tryOut } from "../../src/explain/trial.ts";
import { run } from "../cli/run.ts";

const LIST = [
  "PAT memtype list:",
  "PAT: [mem 0x00000000c0000000-0x00000000c0004000] uncached-minus",
  "PAT: [mem 0x00000000c0004000-0x00000000c0006000] write-combining",
].join("\n");
const BAR = "/sys/devices/pci0000:00/0000:00:03.0/resource0";
const MAPS = [
  "==> /proc/41/maps <==",
  `7f0000000000-7f0000002000 rw-s c0000000 00:16 9  ${BAR}`,
  `7f0000010000-7f0000012000 rw-s c0004000 00:16 9  ${BAR}_wc`,
  "7f0000020000-7f0000022000 rw-s 100000000 00:06 9  /dev/dri/card0",
  "==> /proc/42/maps <==",
  `7f0000000000-7f0000001000 rw-s c0003000 00:16 9  ${BAR}_wc`,
].join("\n");
const excerpt = readExcerpt(`${LIST}\n${MAPS}`);

describe("a list and maps", () => {
  it("tell who holds each reservation, and what of it nobody maps", () => {
    const told = reservationsOf(excerpt).map(({ holders, unmapped }) => ({
      owners: holders.map(({ owner }) => owner),
      unmapped,
    }));
    expect(told).toEqual([
      { owners: ["41", "42"], unmapped: [{ start: 0xc0002000, end: 0xc0003000 }] },
      { owners: ["41"], unmapped: [] },
    ]);
  });

  it("tell which mode each mapping asked for and has; an offset that is no address tells none", () => {
    expect(mappingsOf(excerpt).map(({ asked, has }) => ({ asked, has }))).toEqual([
      { asked: "uncached-minus", has: ["uncached-minus"] },
      { asked: "write-combining", has: ["write-combining"] },
      { asked: undefined, has: [] },
      { asked: "write-combining", has: ["uncached-minus"] },
    ]);
  });
});

describe("other files of /proc", () => {
  it("/proc/iomem names the drivers that claim what is reserved, whole or in part", () => {
    const iomem = [
      "c0000000-c1ffffff : PCI Bus 0000:00",
      "  c0004000-c0005fff : 0000:00:03.0",
      "    c0004000-c0004fff : nvme",
      "d0000000-d0000fff : other",
    ].join("\n");
    const claimed = reservationsOf(readExcerpt(`${LIST}\n${iomem}`)).map((one) => one.claimed);
    expect(claimed).toEqual([["PCI Bus 0000:00"], ["PCI Bus 0000:00", "0000:00:03.0", "nvme"]]);
  });

  it("smaps tells what maps tell, whatever else it has", () => {
    const about = "Size: 8 kB\nRss: 0 kB\nVmFlags: rd wr sh mr mw me ms pf io dd";
    const smaps = MAPS.replaceAll("/maps <==", "/smaps <==").replaceAll(
      /^[0-9a-f]+-.*$/gm,
      (line) => `${line}\n${about}`,
    );
    const [told, known] = [readExcerpt(`${LIST}\n${smaps}`), excerpt];
    expect(reservationsOf(told)).toEqual(reservationsOf(known));
    expect(mappingsOf(told)).toEqual(mappingsOf(known));
  });
});

describe("maps", () => {
  it("are read as grep finds them in several processes", () => {
    const lines = MAPS.split("\n");
    const found = lines.filter((line) => !line.startsWith("==>"));
    const grep = found.map((line, at) => `/proc/${at < 3 ? 41 : 42}/maps:${line}`).join("\n");
    expect(readExcerpt(`${LIST}\n${grep}`).maps).toEqual(excerpt.maps);
  });

  it("tell of no mode where no list is given", async () => {
    const { out } = await run(["explain", "-"], { stdin: MAPS });
    expect(out.replaceAll("\n", " ")).toContain(
      "without pat_memtype_list what it has is not known",
    );
    expect(out).not.toContain("not tracked");
  });
});

describe("a log over two boots", () => {
  it("is explained for the first release, and says where the other begins", async () => {
    const boot = (release: string) => `Linux version ${release} (gcc)\n`;
    const freed = "x86/PAT: gl:8 freeing invalid memtype [mem 0xfe001000-0xfe001fff]\n";
    const stdin = `${boot("6.12.117")}${freed}${boot("7.2.13")}${freed}`;
    const { out } = await run(["explain", "--runs", "1", "-"], { stdin });
    expect(out).toMatch(/^Release 6\.12\.117: /);
    expect(out).toContain("From line 3 on the log is of 7.2.13");
    const json = JSON.parse((await run(["explain", "--runs", "1", "--json", "-"], { stdin })).out);
    expect(json.later).toEqual({ release: "7.2.13", line: 3 });
    const one = await run(["explain", "--runs", "1", "-"], { stdin: boot("6.12.117") + freed });
    expect(one.out).not.toContain("From line");
  });
});

describe("a sequence that is saved", () => {
  it("is a trace that logs the line again when it is replayed as told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pfndiff-explain-"));
    const path = join(folder, "bug.json");
    const stdin = "x86/PAT: gl:8 freeing invalid memtype [mem 0xfe001000-0xfe001fff]";
    const { status, err } = await run(["explain", "--release", "6.12", "--out", path], { stdin });
    const [, command = ""] = /pfndiff (replay .*)\n/.exec(err) ?? [];
    const replayed = await run(command.split(" "));
    rmSync(folder, { recursive: true });
    expect(status).toBe(0);
    expect(replayed.out).toMatch(/invalid free of \[\d+,\d+\)/);
  });
});

describe("what a further mapping would get", () => {
  it.each([
    ["resource_wc 0xc0004000 8K", "write-combining", []],
    ["resource_wc 0xc0000000 4K", "uncached-minus", [0]],
    ["resource 0xc0005000 4K", "write-combining", [1]],
    ["resource_wc 0xc0003000 8K", undefined, [0]],
    ["devmem 0xd0000000 1M", "uncached-minus", []],
    ["devmem 0x20000 16K", "write-back", []],
    ["ioremap_wc 0xd0000000 1M", "write-combining", []],
  ])("%s: %s", (wish, got, inTheWay) => {
    const trial = tryOut(wish, excerpt);
    expect(trial.got).toBe(got);
    expect(trial.inTheWay).toEqual(inTheWay);
  });

  it("the MTRRs decide what write-back becomes", () => {
    const mtrr = "reg00: base=0x000000000 (    0MB), size= 4096MB, count=1: write-back";
    expect(tryOut("devmem 0xd0000000 1M", readExcerpt(`${LIST}\n${mtrr}`)).got).toBe("write-back");
  });
});

describe("input that is none", () => {
  it.each([
    ["nothing that it knows", "hello\n", [], 1, "nothing in it is recognised"],
    [
      "a mode that no kernel has",
      `${LIST.replace("write-combining", "write-sideways")}\n`,
      [],
      2,
      "line 3: ",
    ],
    ["a range that is empty", "PAT: [mem 0x5000-0x5000] write-back\n", [], 2, "line 1: "],
    ["a wish that is none", LIST, ["--try", "resource_wc here"], 2, "--try"],
    ["a wish in the ISA window", LIST, ["--try", "devmem 0xa0000 4K"], 2, "PAT tracks nothing"],
    ["a wish without a list", MAPS, ["--try", "resource 0xc0000000 4K"], 2, "pat_memtype_list"],
    ["a release that no model stands for", LIST, ["--release", "2.6.32"], 2, "no model"],
    ["nothing to save", LIST, ["--out", "never-written.json"], 2, "no sequence 1"],
  ])("%s: one line", async (_what, stdin, argv, status, says) => {
    const outcome = await run(["explain", ...argv], { stdin });
    expect(outcome).toMatchObject({ status, out: "" });
    expect(outcome.err).toContain(says);
    expect(outcome.err.trimEnd().split("\n")).toHaveLength(1);
  });
});
