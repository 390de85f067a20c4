import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { mirrorsIn } from "../../kernel/apt.ts";
import { writeCpio } from "../../kernel/cpio.ts";
import { Doorbell, LineClosed } from "../../kernel/doorbell.ts";
import { throughLibc } from "../../kernel/headers.ts";
import { compareImages, imageMatches, type KernelImage, seriesOf } from "../../kernel/images.ts";
import { Windows } from "../../kernel/windows.ts";
import type { Op } from "../../src/trace/op.ts";
import type { Trace, World } from "../../src/trace/trace.ts";

describe("cpio", () => {
  test("an archive holds each member where the newc format wants it", () => {
    const archive = writeCpio([
      { kind: "directory", name: "dev" },
      { kind: "character-device", name: "dev/console", mode: 0o600, major: 5, minor: 1 },
      { kind: "file", name: "init", mode: 0o755, data: Buffer.from("hello") },
    ]);
    const members: [string, string, string][] = [];
    for (let at = 0; at < archive.length; ) {
      expect(archive.toString("latin1", at, at + 6)).toBe("070701");
      const field = (index: number) =>
        Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
      const [size, nameSize] = [field(6), field(11)];
      const name = archive.toString("latin1", at + 110, at + 110 + nameSize - 1);
      const data = Math.ceil((at + 110 + nameSize) / 4) * 4;
      members.push([name, field(1).toString(8), archive.toString("latin1", data, data + size)]);
      at = Math.ceil((data + size) / 4) * 4;
    }
    expect(members).toEqual([
      ["dev", "40755", ""],
      ["dev/console", "20600", ""],
      ["init", "100755", "hello"],
      ["TRAILER!!!", "100000", ""],
    ]);
  });
});

describe("the doorbell", () => {
  test("gives lines and bytes however they are cut", async () => {
    const stream = new PassThrough();
    const doorbell = new Doorbell(stream);
    for (const piece of ["he", "llo\nabc", "d", "end\n"]) {
      stream.write(piece);
      await new Promise(setImmediate);
    }
    expect(await doorbell.line()).toBe("hello");
    expect((await doorbell.exactly(4)).toString()).toBe("abcd");
    expect(await doorbell.line()).toBe("end");
  });

  test("never takes half a line for a line", async () => {
    const stream = new PassThrough();
    const doorbell = new Doorbell(stream);
    stream.write("answer 1");
    const line = doorbell.line();
    stream.destroy();
    await expect(line).rejects.toBeInstanceOf(LineClosed);
  });
});

describe("windows", () => {
  const region = { address: 0x1000_0000, pages: 40 };
  const windows = new Windows({ bar: region, low: region, "write-back-bar": region });
  const world = { pfns: 16, vpages: 24, mtrr: "uncached" as const };
  const take = (of: World, ops: Op[] = []) =>
    windows.take({ format: "pfndiff/trace@1", name: "", world: of, ops });

  test("go from high to low, never overlap, keep the last page free, and come to an end", () => {
    expect([take(world), take(world), take(world)]).toEqual([23, 7, null]);
    expect(take({ ...world, mtrr: "write-back" })).toBe(23);
    expect(take({ ...world, mtrr: "write-back", region: "bar" })).toBe(23);
    expect(
      take({ ...world, pfns: 3, mtrr: "write-back" }, [
        { op: "memremap-pages", proc: 0, slot: 0, type: "generic", pfn: 0, pages: 3 },
      ]),
    ).toBe(0);
    expect(windows.locate(world, 7)).toEqual({ address: 0x1000_7000, pages: 16 });
  });

  test("of several regions lie each in its own memory, and none is there where one is not", () => {
    const memory = (address: number, pages: number) => ({ address, pages });
    const fresh = new Windows({
      bar: memory(0x8000_0000, 12),
      low: memory(0x2_0000, 12),
      "write-back-bar": memory(0x2_0000_0000, 8),
    });
    const several: World = {
      pfns: 4,
      vpages: 8,
      mtrr: "uncached",
      regions: [
        { pfns: 2, mtrr: "write-back" },
        { pfns: 4, mtrr: "uncached" },
      ],
    };
    const trace: Trace = { format: "pfndiff/trace@1", name: "", world: several, ops: [] };
    const taken = fresh.takeAll(trace);
    expect(taken).toEqual({ window: 3, further: [9, 7] });
    expect(fresh.locate(several, 3, taken?.further)).toEqual({
      address: 0x8000_3000,
      pages: 4,
      others: [
        { address: 0x2_9000, pages: 2 },
        { address: 0x8000_7000, pages: 4 },
      ],
    });
    expect(fresh.takeAll(trace)).toBeNull();
  });
});

describe("images", () => {
  const image = (
    release: string,
    version: string,
    kind = "image",
    revision = "1",
  ): KernelImage => ({
    release,
    version,
    package: `linux-${kind}-${release}`,
    packageVersion: `${version}-${revision}`,
  });

  test("the newest is the newest by number, not by letter", () => {
    const images = [
      image("6.12.99+deb12-cloud-amd64", "6.12.99"),
      image("6.12.117+deb12-cloud-amd64", "6.12.117"),
      image("6.1.0-9-cloud-amd64", "6.1.27"),
      image("6.1.0-55-cloud-amd64", "6.1.192"),
      image("6.1.0-56-cloud-amd64", "6.1.192", "image", "2"),
    ];
    expect(
      [...images].sort(compareImages).map(({ release }) => release.split("-cloud")[0]),
    ).toEqual(["6.1.0-9", "6.1.0-55", "6.1.0-56", "6.12.99+deb12", "6.12.117+deb12"]);
  });

  test("of one version, the split layout's binary package wins", () => {
    const split = image("7.2.12+deb13-cloud-amd64", "7.2.12", "binary");
    expect(compareImages(image(split.release, "7.2.12"), split)).toBeLessThan(0);
  });

  test("6.1 does not mean 6.12", () => {
    const newer = image("6.12.117+deb12-cloud-amd64", "6.12.117");
    const accepted = ["6.12", "6.12.117", newer.release, "6.1", "6.12.11", "6.12.1"].filter(
      (name) => imageMatches(newer, name),
    );
    expect(accepted).toEqual(["6.12", "6.12.117", newer.release]);
    expect(seriesOf("6.12.117")).toBe("6.12");
  });

  test("a release candidate comes before its release, and after the series before", () => {
    const [older, second, third, released] = [
      image("7.3.4-cloud-amd64", "7.3.4"),
      image("7.4-rc2-cloud-amd64", "7.4-rc2"),
      image("7.4-rc10-cloud-amd64", "7.4-rc10"),
      image("7.4-cloud-amd64", "7.4"),
    ];
    const images = [released, third, older, second];
    expect([...images].sort(compareImages)).toEqual([older, second, third, released]);
    expect(images.filter((each) => imageMatches(each, "7.4"))).toEqual([released, third, second]);
  });
});

describe("mirrors", () => {
  test("are what the system's own apt configuration names", () => {
    const printed = [
      "'https://mirror.test/debian/dists/bookworm/InRelease' mirror.test_debian 0 ",
      "'https://safe.test/debian-security/dists/bookworm-security/InRelease' safe.test 0 ",
      "'https://other.test/node/dists/nodistro/InRelease' other.test 0 ",
    ].join("\n");
    expect(mirrorsIn(printed)).toEqual({
      main: "https://mirror.test/debian",
      security: "https://safe.test/debian-security",
    });
    expect(mirrorsIn("")).toEqual({ main: null, security: null });
  });
});

describe("a tool of a release's headers", () => {
  test("runs with the C library of a folder, and with what it was given, once it is led through that", () => {
    const folder = mkdtempSync(join(tmpdir(), "pfndiff-it's "));
    try {
      const libraries = join(folder, "usr/lib/x86_64-linux-gnu");
      mkdirSync(libraries, { recursive: true });
      copyFileSync("/lib64/ld-linux-x86-64.so.2", join(libraries, "ld-linux-x86-64.so.2"));
      copyFileSync("/lib/x86_64-linux-gnu/libc.so.6", join(libraries, "libc.so.6"));
      const tool = join(folder, "cat");
      copyFileSync("/bin/cat", tool);
      const mapped = () => execFileSync(tool, ["/proc/self/maps"], { encoding: "utf8" });
      expect(mapped()).not.toContain(libraries);
      throughLibc(tool, folder);
      expect(mapped()).toMatch(/\/usr\/lib\/x86_64-linux-gnu\/libc\.so\.6$/m);
      expect(
        mapped()
          .split("\n")
          .filter((line) => /libc\.so\.6$/.test(line)),
      ).toSatisfy((lines: string[]) => lines.every((line) => line.includes(libraries)));
      expect(execFileSync(tool, ["-E"], { input: "a b\n", encoding: "utf8" })).toBe("a b$\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
