import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { isGlueToBlame, nearest } from "../../src/cli/treeselftest.ts";
import { UserError } from "../../src/usererror.ts";
import { unheld } from "../../tree/build.ts";
import { programSources } from "../../tree/glue.ts";
import { libraryObjects } from "../../tree/library.ts";
import { firstError } from "../../kernel/buildlog.ts";
import { digestOf, filesOf, isWanted, type Seen, sourcesOf, treeSpec } from "../../tree/sources.ts";
import { reviewedStubs, stubsText, undefinedSymbols } from "../../tree/stubs.ts";
import type { Op } from "../../src/trace/op.ts";
import { unfitForTree } from "../../tree/backend.ts";

const root = mkdtempSync(join(tmpdir(), "pfndiff-tree-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe("the files of a tree", () => {
  file("Kbuild", "");
  file("mm/vma.c", "one");
  file("mm/vma.o", "built");
  file(".config", "built");
  file("include/generated/autoconf.h", "built");
  file("drivers/gpu/drm/drm.c", "");
  file("drivers/gpu/Kconfig", "");
  file("Documentation/Kconfig", "");
  symlinkSync("../mm", join(root, "include", "link"));

  test("are what the build reads, and nothing that an earlier one left", async () => {
    expect(await sourcesOf(root)).toEqual([
      "Documentation/Kconfig",
      "Kbuild",
      "drivers/gpu/Kconfig",
      "include/link",
      "mm/vma.c",
    ]);
  });

  test("have a digest that a change of content moves, and nothing else", async () => {
    const paths = await sourcesOf(root);
    const seen: Seen = {};
    const digest = () => digestOf(filesOf(root, paths, seen));
    const was = digest();
    file("mm/vma.c", "two!");
    const changed = digest();
    file("mm/vma.c", "one");
    expect(changed).not.toBe(was);
    expect(digest()).toBe(was);
  });

  test.each([
    ["arch/x86/mm/pat/memtype.c", true],
    ["arch/arm64/mm/mmu.c", false],
    ["arch/arm64/Kconfig", true],
    ["fs/internal.h", true],
    ["fs/inode.c", false],
    ["tools/testing/Makefile", false],
    ["scripts/basic/.fixdep.cmd", false],
  ])("%s is wanted: %s", (path, wanted) => {
    expect(isWanted(path)).toBe(wanted);
  });

  test("a folder is told from a revision, and from what is no tree", () => {
    expect(treeSpec(root)).toEqual({ path: root, rev: null });
    expect(treeSpec(`${root}@v6.15`)).toEqual({ path: root, rev: "v6.15" });
    expect(() => treeSpec(`${root}@`)).toThrow(UserError);
    expect(() => treeSpec(join(root, "mm"))).toThrow(/is no kernel tree/);
  });
});

describe("a build that fails", () => {
  test.each([
    [
      "  CC mm/vma.o\nmm/vma.c:3:1: error: expected ;\nmake: *** [x] Error 1",
      "mm/vma.c:3:1: error: expected ;",
    ],
    [
      "ld: a.o: in function f: undefined reference to `g'",
      "ld: a.o: in function f: undefined reference to `g'",
    ],
    [
      'Kconfig:32: can\'t open file "x/Kconfig"\nmake[2]: *** [allnoconfig] Error 1',
      'Kconfig:32: can\'t open file "x/Kconfig"',
    ],
    [
      "make: *** No rule to make target 'mm/x.o'.  Stop.",
      "make: *** No rule to make target 'mm/x.o'.  Stop.",
    ],
    ["killed\n", "killed"],
  ])("is told by its first error: %s", (output, told) => {
    expect(firstError(output)).toBe(told);
  });

  test("an option of the user's that does not hold is told", () => {
    expect(
      unheld("CONFIG_A=y\n# note\n# CONFIG_B is not set\n", "CONFIG_A=y\nCONFIG_B=y\n"),
    ).toEqual(["# CONFIG_B is not set"]);
  });
});

describe("stubs", () => {
  test("the reviewed list names each once and says why", () => {
    const stubs = reviewedStubs(readFileSync(programSources().stubs, "utf8"));
    expect(stubs.length).toBeGreaterThan(20);
    expect(() => reviewedStubs("fput\n")).toThrow(/needs a name and a reason/);
    expect(() => reviewedStubs("fput x\nfput y\n")).toThrow(/twice/);
  });

  test("what is called and not on the list ends the program with its name, and data may not be read", () => {
    const nm =
      "                 U fput\n                 U schedule\n                 U jiffies\n                 w host_log\n                 U init_mm\n";
    const relocations = [
      "000000a1  000002b500000004 R_X86_64_PLT32  0000000000000000 fput - 4",
      "000000b1  000002b600000004 R_X86_64_PLT32  0000000000000000 schedule - 4",
      "000000c1  000002b700000002 R_X86_64_PC32   0000000000000000 jiffies - 4",
    ].join("\n");
    const symbols = undefinedSymbols(nm, relocations);
    const text = stubsText(symbols, [
      { name: "fput", why: "x" },
      { name: "jiffies", why: "x" },
    ]);
    expect(text.split("\n").slice(3, -1)).toEqual([
      "FUNCTION(fput)",
      "UNREVIEWED_DATA(init_mm)",
      "DATA(jiffies)",
      "UNREVIEWED_FUNCTION(schedule)",
    ]);
  });
});

describe("objects of lib/", () => {
  file("whole/lib/sort.c", "int sort(void);\nEXPORT_SYMBOL(sort);\nEXPORT_SYMBOL_GPL(sort_r);\n");
  file("whole/lib/bcd.c", "EXPORT_SYMBOL(_bcd2bin);\n");
  file("whole/lib/logic_iomem.c", "EXPORT_SYMBOL(ioremap);\n");
  file("whole/arch/x86/lib/getuser.S", "\tEXPORT_SYMBOL(__get_user_1)\n");

  test("are those that export what is missing, but for what others define", () => {
    const missing = new Set(["sort_r", "__get_user_1", "ioremap", "schedule"]);
    expect(libraryObjects(join(root, "whole"), missing)).toEqual([
      "lib/sort.o",
      "arch/x86/lib/getuser.o",
    ]);
  });
});

describe("the program's sources", () => {
  test("say their licence, and all objects of the tree are C files of it", () => {
    const { inTree, host, objects } = programSources();
    for (const path of [...inTree.map(({ from }) => from), ...host]) {
      expect([path, readFileSync(path, "utf8").split("\n")[0]]).toEqual([
        path,
        expect.stringContaining("SPDX-License-Identifier: GPL-2.0"),
      ]);
    }
    expect(objects.every((name) => /^[a-z0-9_/-]+\.o$/.test(name))).toBe(true);
    expect(inTree.every(({ from }) => existsSync(from))).toBe(true);
  });

  test("differences between releases stand in one header", () => {
    const { inTree } = programSources();
    const elsewhere = inTree
      .filter(({ from }) => !from.endsWith("versions.h"))
      .filter(({ from }) =>
        /^#.*(LINUX_VERSION_CODE|KERNEL_VERSION|SINCE)/m.test(readFileSync(from, "utf8")),
      );
    expect(elsewhere).toEqual([]);
  });
});

describe("what a tree is asked", () => {
  test("leaves out what it cannot do, by name", () => {
    const zap: Op = { op: "drv-zap", proc: 0, off: 0, pages: 1 };
    const slot = { proc: 0, slot: 0 };
    const ops: Op[] = [zap, { op: "memremap-pages", ...slot, type: "generic", pfn: 0, pages: 512 }];
    const world = { pfns: 512, vpages: 8, mtrr: "write-back" } as const;
    expect(unfitForTree({ world, ops })).toBeNull();
    expect(unfitForTree({ world: { ...world, isa: 4 }, ops: [zap] })).toBeNull();
    const low = { world: { ...world, isa: 4 }, ops };
    expect(unfitForTree(low)).toMatch(/^ops\[1\] is memremap-pages about the ISA window, which/);
  });

  test.each([
    ["6.12.117", "b-6.12.117.jsonl.gz"],
    ["6.13.0", "b-6.12.117.jsonl.gz"],
    ["7.3.4", "a-7.2.12.jsonl.gz"],
  ])("first, as the self-test of %s, is what %s recorded", (release, file) => {
    expect(nearest(["a-7.2.12.jsonl.gz", "b-6.12.117.jsonl.gz", "notes"], release)).toBe(file);
  });

  test("and where nothing agrees the glue is to blame, unless it does for a tree of the release", () => {
    vi.stubEnv("XDG_CACHE_HOME", mkdtempSync(join(tmpdir(), "pfndiff-served-")));
    onTestFinished(() => {
      rmSync(process.env["XDG_CACHE_HOME"] ?? "", { recursive: true });
      vi.unstubAllEnvs();
    });
    expect(isGlueToBlame("5.4.1", 0)).toBe(true);
    expect(isGlueToBlame("5.4.1", 80)).toBe(false);
    expect(isGlueToBlame("5.4.2", 0)).toBe(false);
    expect(isGlueToBlame("5.40.1", 0)).toBe(true);
  });
});
