import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { run } from "../cli/run.ts";

/** A tree whose makefile writes down what it was asked for, instead of a kernel. */
const MAKEFILE = `
allnoconfig:
\tgrep -v KSM $(KCONFIG_ALLCONFIG) > .config
bzImage: ; mkdir -p arch/x86/boot && cat mm/memory.c .config > arch/x86/boot/bzImage
\t@echo '  CC      mm/memory.o'
modules:
\ttest -z "$(M)" || cp $(M)/main.c $(M)/pfndiff.ko
`;

const root = mkdtempSync(join(tmpdir(), "pfndiff-image-"));
const tree = join(root, "linux");
const everything = () => readdirSync(tree, { recursive: true }).sort();
const memory = join(tree, "mm", "memory.c");

beforeAll(() => {
  vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  mkdirSync(join(tree, "mm"), { recursive: true });
  writeFileSync(join(tree, "Kbuild"), "");
  writeFileSync(join(tree, "Makefile"), MAKEFILE);
  writeFileSync(memory, "one\n");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

async function build(...more: string[]) {
  const { status, out, err } = await run(["kernel", "build", tree, ...more]);
  return { status, image: out.trim(), err };
}

describe("pfndiff kernel build", () => {
  test("builds a copy with our options and those asked for, and leaves the tree as it was", async () => {
    const was = everything();
    const config = join(root, "more.config");
    writeFileSync(config, "CONFIG_USERS_OWN=y\n");
    const { status, image, err } = await build("--debug", "kasan,faults", "--config", config);
    expect(status).toBe(0);
    const built = readFileSync(image, "utf8");
    const { out } = await run(["kernel", "config", "--debug", "kasan,faults"]);
    const asked = out.split("\n").filter((line) => /^CONFIG_(?!KSM)/.test(line));
    expect(asked).toEqual(
      expect.arrayContaining(["CONFIG_X86_PAT=y", "CONFIG_KASAN=y", "CONFIG_FAILSLAB=y"]),
    );
    for (const line of ["one", ...asked, "CONFIG_USERS_OWN=y"]) expect(built).toContain(line);
    expect(err).toBe(`kernel:${tree}: CONFIG_KSM=y does not hold in this tree\n`);
    expect(everything()).toEqual(was);
  });

  test("finds what is built, and builds anew what has changed", async () => {
    const first = await build();
    const { mtimeMs } = statSync(first.image);
    const again = await build();
    expect([again.image, statSync(again.image).mtimeMs]).toEqual([first.image, mtimeMs]);
    expect(again.err).toBe("");
    writeFileSync(memory, "another\n");
    const changed = await build();
    expect(changed.image).not.toBe(first.image);
    expect(readFileSync(changed.image, "utf8")).toContain("another\n");
    expect(existsSync(first.image)).toBe(true);
  });

  test("finds an image whose module does not build, says so again, and tries anew where that is asked for", async () => {
    writeFileSync(join(tree, "Makefile"), `${MAKEFILE}\t@test -z "$(M)" || false\n`);
    writeFileSync(memory, "without a module\n");
    const first = await build();
    expect(first.status).toBe(0);
    expect(first.err).toMatch(/until then its guests run no ops of drivers\n$/);
    const { mtimeMs } = statSync(first.image);
    const again = await build();
    expect([again.image, again.err]).toEqual([first.image, first.err.replace(/^.*KSM.*\n/, "")]);
    expect(statSync(first.image).mtimeMs).toBe(mtimeMs);
    const [, asked = ""] = / then pfndiff (kernel module .*?);/.exec(first.err) ?? [];
    expect((await run(asked.split(" "))).status).toBe(4);
    writeFileSync(join(asked.split(" ").at(-1) ?? "", "Makefile"), MAKEFILE);
    expect((await run(asked.split(" "))).status).toBe(0);
    expect((await build()).err).toBe("");
  });

  test("that fails is one line with the error and the log, and status 4", async () => {
    writeFileSync(
      join(tree, "Makefile"),
      `${MAKEFILE}\t@echo 'mm/memory.c:9: error: no' >&2; false\n`,
    );
    const { status, image, err } = await build();
    expect([status, image]).toEqual([4, ""]);
    expect(err).toMatch(/does not build: mm\/memory\.c:9: error: no; to mend it: see \S+log\n$/);
  });

  test("of what is no tree, or with options that nobody knows, is a usage fault", async () => {
    expect((await run(["kernel", "build", root])).status).toBe(2);
    expect((await build("--config", join(root, "none"))).status).toBe(2);
    const { status, err } = await build("--debug", "kasan,everything");
    expect([status, err]).toEqual([2, expect.stringContaining("Known are kasan, lockdep")]);
  });
});
