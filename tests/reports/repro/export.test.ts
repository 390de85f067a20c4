import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { cProgram } from "../../../reports/repro/c.ts";
import { kselftestProgram } from "../../../reports/repro/kselftest.ts";
import { mailText } from "../../../reports/repro/mail.ts";
import type { ReproInput } from "../../../reports/repro/input.ts";
import { reproProgram } from "../../../reports/repro/program.ts";
import { closedTrace } from "../../../src/trace/closed.ts";
import { syzCalls } from "../../../reports/repro/calls.ts";
import { type SyzTarget, syzProgram } from "../../../reports/repro/syz.ts";
import { type Op, SYSCALL_KINDS } from "../../../src/trace/op.ts";
import { UserError } from "../../../src/usererror.ts";
import { MODELS } from "../../models.ts";
import { hasGcc, withCompiled } from "./compile.ts";
import { inputOf, MADE_UP, MODELLED } from "./findings.ts";
import { HARNESS } from "./harness.ts";

const ALL = [...MODELLED, ...MADE_UP];
const named = ALL.map((input) => [input.finding.signature, input] as const);
/** Those that map a file; the others take no arguments, and run anywhere. */
const needing = named.filter(([, input]) => reproProgram(input).vias.length > 0);
const [leak] = MODELLED;
if (leak === undefined) throw new Error("there is a leak to export");

const target = { file: "/dev/mem", base: 0, offset: 0xfe000000 };
const options = { command: "pfndiff replay x.json", references: ["2024@x.org"] };

describe("an exported C program", () => {
  it("shows a head unmapped before its tail as it is on file", async () => {
    await expect(cProgram(leak)).toMatchFileSnapshot("../../data/repro/leak-unmap-head.c");
  });

  it("covers every op between the test inputs", () => {
    const kinds = new Set(ALL.flatMap((input) => input.finding.trace.ops.map(({ op }) => op)));
    const possible = SYSCALL_KINDS.filter((kind) => kind !== "revoke");
    expect([...kinds].sort()).toEqual([...possible].sort());
  });

  it("refuses what only a driver, or an allocation that fails, can show", () => {
    const { finding } = leak;
    const zap = { op: "drv-zap", proc: 0, off: 0, pages: 1 } as const;
    const fork = { op: "fork", proc: 0, child: 1, fault: { at: "vma", nth: 1 } } as const;
    const late = { op: "fork", proc: 0, child: 1, late: true } as const;
    for (const [op, words] of [
      [late, "must fail late"],
      [{ op: "revoke", proc: 0 }, "a driver that claims the device"],
      [zap, "is a driver's work"],
      [fork, "allocation 1 at vma to fail"],
    ] as const) {
      const ops = [...finding.trace.ops.slice(0, -1), op, { op: "exit", proc: 0 } as const];
      const input = inputOf(finding.signature, "before", finding.step, ops);
      expect(() => cProgram(input)).toThrow(words);
    }
  });

  it("keeps what a signature or detail says inside its comment and strings", () => {
    const finding = { ...leak.finding, detail: 'ends */ int main" \\ \n #error' };
    const text = cProgram({ ...leak, finding });
    expect(text.match(/^ \* ends \* \/ int main/m)).not.toBeNull();
    expect(text).not.toMatch(/^\s*#error/m);
  });

  it.skipIf(!hasGcc).each(needing)(
    "compiles without a warning and skips without a device: %s",
    (_, input) => {
      withCompiled(cProgram(input), (program) => {
        const { status, stdout } = spawnSync(program, ["/nowhere/resource2", "0"], {
          encoding: "utf8",
        });
        expect(stdout).toMatch(/^SKIP: /);
        expect(status).toBe(4);
      });
    },
  );
});

describe("a program of what no file is mapped for", () => {
  const free = named.filter(([, input]) => reproProgram(input).vias.length === 0);

  it.skipIf(!hasGcc).each(free)("takes no arguments, and passes or fails here: %s", (_, input) => {
    for (const source of [cProgram(input), kselftestProgram(input)]) {
      const headers = { "kselftest_harness.h": HARNESS };
      withCompiled(
        source,
        (program) => expect([0, 1]).toContain(spawnSync(program).status),
        headers,
      );
    }
  });

  it("is straight lines where one process does all of it, and lockstep where several do", () => {
    for (const [, input] of named) {
      const births = input.finding.trace.ops.filter(({ op }) => op === "spawn" || op === "fork");
      const isLockstep = cProgram(input).includes("act in lockstep");
      expect(isLockstep, input.finding.signature).toBe(births.length > 1);
    }
    expect(named.some(([, input]) => cProgram(input).includes("act in lockstep"))).toBe(true);
  });
});

describe("an exported kselftest", () => {
  it.skipIf(!hasGcc).each(needing)(
    "compiles against a harness and skips without a device: %s",
    (_, input) => {
      withCompiled(
        kselftestProgram(input),
        (program) => {
          const ran = (...args: string[]) => {
            const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
            return `${status} ${stdout.split("\n")[1]}`;
          };
          expect(ran("--", "/nowhere/resource2", "0x1000")).toMatch(/^4 1\.\.0 # SKIP /);
          expect(ran()).toMatch(/^4 1\.\.0 # SKIP usage: TEST -- /);
          expect(ran("--", "/dev/mem", "4097")).toMatch(/^4 .*no multiple of 4096$/);
        },
        { "kselftest_harness.h": HARNESS },
      );
    },
  );

  it("asserts the list where the symptom is in the list, and the log where it is in the log", () => {
    const texts = Object.fromEntries(named.map(([name, input]) => [name, kselftestProgram(input)]));
    expect(texts["fixed:leak:unmap-head"]).toContain("EXPECT_FALSE(reserved(0, 8, NULL));");
    expect(texts["fixed:double-untrack:unmap-head"]).toContain(
      "EXPECT_FALSE(logged_invalid_free());",
    );
    expect(texts["introduced:stale-memtype:unmap-tail"]).toContain(
      'EXPECT_FALSE(!reserved(1, 2, "uncached-minus"));',
    );
  });
});

describe("an exported syzkaller program", () => {
  /** The program, or null where it is refused in a line. */
  const made = (input: ReproInput, window: SyzTarget = target): string | null => {
    try {
      return syzProgram(input, window);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return null;
    }
  };
  /** A call of syzkaller's text format: a result, a name, balanced arguments. */
  const CALL = /^(r\d+ = )?[a-z_]+\([^()]*(\([^()]*\)[^()]*)*\)$/;

  it("is one call a line, with the ops in their order", () => {
    const text = syzProgram(leak, target);
    const calls = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(calls.every((line) => CALL.test(line))).toBe(true);
    expect(calls).toEqual([
      "r0 = openat(0xffffffffffffff9c, &(0x7f0000000200)='/dev/mem\\x00', 0x101002, 0x0)",
      "mmap(&(0x7f0000010000/0x2000)=nil, 0x2000, 0x3, 0x11, r0, 0xfe000000)",
      "munmap(&(0x7f0000010000/0x1000)=nil, 0x1000)",
      "munmap(&(0x7f0000011000/0x1000)=nil, 0x1000)",
    ]);
  });

  it("says that a path takes -unsafe, and calls mseal() as syzkaller knows it", () => {
    const bar = { ...target, file: "/sys/bus/pci/devices/x/resource0" };
    for (const window of [target, bar]) {
      const text = syzProgram(leak, window);
      expect(text).toContain("# An absolute path escapes the sandbox: syz-execprog -unsafe");
    }
    const places = {
      vma: () => "",
      address: (page: number) => `0x${(page * 4096).toString(16)}`,
      file: () => ({ fd: "r0", offset: "0x0" }),
      zero: "r1",
      pipe: "r2",
      memory: "r3",
      byte: '&(0x0)=""/1',
      key: "r4",
    };
    const keyed: Op = { op: "mprotect", proc: 0, at: 2, pages: 1, prot: "r", pkey: "own" };
    expect(syzCalls(keyed, places)).toEqual(["pkey_mprotect(, 0x1000, 0x1, r4)"]);
    expect(syzCalls({ op: "peek", proc: 0, at: 2 }, places)).toEqual([
      'pread64(r3, &(0x0)=""/1, 0x1, 0x2000)',
    ]);
    expect(syzCalls({ op: "mseal", proc: 0, at: 2, pages: 1 }, places)).toEqual([
      "mseal$auto(0x2000, 0x1000, 0x0)",
    ]);
  });

  it("opens its memory by a path, for syzkaller's table of names in /proc has no mem", () => {
    const texts = named.flatMap(([, input]) => {
      const { ops } = input.finding.trace;
      return ops.some(({ op }) => op === "peek") ? [made(input)] : [];
    });
    const peeking = texts.filter((text) => text !== null);
    expect(peeking.length).toBeGreaterThan(0);
    for (const text of peeking) expect(text).toContain("'/proc/self/mem\\x00'");
    expect(peeking.join("\n")).not.toContain("syz_open_procfs");
  });

  it("maps write-combining through a BAR's twin alone: /dev/mem has none", () => {
    const bar = { file: "/sys/bus/pci/devices/x/resource0", base: 0xfd000000, offset: 0 };
    const combining = named.filter(([, { finding }]) =>
      finding.trace.ops.some((op) => op.op === "mmap" && op.via === "resource_wc"),
    );
    const texts = combining.flatMap(([, input]) => made(input, bar) ?? []);
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).toContain("'/sys/bus/pci/devices/x/resource0_wc\\x00'");
    for (const [, input] of combining) expect(made(input)).toBeNull();
  });

  it("maps no /dev/mem at 0 for a BAR whose address it is not told", () => {
    const bar = { file: "/sys/bus/pci/devices/x/resource0", base: 0, offset: 0 };
    const { finding } = leak;
    const ops = finding.trace.ops.map((op) =>
      op.op === "mmap" ? { ...op, via: "devmem" as const } : op,
    );
    const input = inputOf(finding.signature, "before", finding.step, ops);
    expect(() => syzProgram(input, bar)).toThrow(/maps \/dev\/mem too: .* by --base$/);
    expect(made(input, { ...bar, base: 0xfd000000 })).toContain(", 0xfd000000)");
  });

  it("is refused in one line when a second process has to act", () => {
    const finding = {
      ...leak.finding,
      trace: {
        ...leak.finding.trace,
        ops: [
          ...leak.finding.trace.ops.slice(0, 2),
          { op: "fork" as const, proc: 0, child: 1 },
          { op: "munmap" as const, proc: 0, at: 0, pages: 1 },
          { op: "munmap" as const, proc: 1, at: 0, pages: 1 },
        ],
      },
    };
    const record = (release: "6.12" | "7.2") =>
      MODELS[release]?.recordSync(closedTrace(finding.trace));
    const [before, after] = [record("6.12"), record("7.2")];
    if (before === undefined || after === undefined) throw new Error("both models are there");
    expect(() => syzProgram({ finding, before, after }, target)).toThrow(
      /^fixed:leak:unmap-head: a syzkaller program has one process that acts, but step 4 is .+$/,
    );
  });

  it.each(named)("is made or refused plainly: %s", (_, input) => {
    expect(made(input) ?? "# refused").toMatch(/^# /);
  });
});

describe("an exported mail", () => {
  /** Tags may be longer: they must not be broken. */
  const bodyOf = (text: string) =>
    text.split("\n").filter((line) => !/^(Subject|Link|Fixes): /.test(line));

  it.each(named)("has a subject with its subsystem and no line over 75 columns: %s", (_, input) => {
    const long = { ...options, command: `pfndiff replay ${"x".repeat(200)} --before legacy` };
    for (const text of [mailText(input, options), mailText(input, long)]) {
      expect(text).toMatch(/^Subject: (x86\/mm\/pat|mm\/[a-z]+): [a-z]/);
      expect(Math.max(...bodyOf(text).map((line) => line.length))).toBeLessThanOrEqual(75);
    }
  });

  it("has every step, who was asked, the log's line, and the program behind its tags", () => {
    const text = mailText(leak, options);
    expect(text.match(/^[! ] [ \d]\d {2}\w/gm)).toHaveLength(leak.before.steps.length);
    expect(text.match(/^! /gm)?.length).toBeGreaterThan(0);
    expect(text).toContain("Tested: the model legacy@6.12: it does not.");
    expect(text.replaceAll(/\n +/g, " ")).toContain(
      "log: x86/PAT: repro:PID freeing invalid memtype [mem +0x0-+0xfff]",
    );
    const [said = "", program = ""] = text.split("\n---\n");
    expect(said.endsWith("Link: https://lore.kernel.org/r/2024%40x.org/")).toBe(true);
    expect(program).toContain("int main(int argc, char **argv)");
  });

  it("names the kernel that ran by its uname, and a commit as the kernel's log does", () => {
    const kernel = { release: "6.12.117+deb13-amd64", design: "vm-pat" } as const;
    const { backend: _backend, ...before } = leak.before;
    const commit =
      'f8e97613fed2 ("mm: convert VM_PFNMAP tracking to pfnmap_track() + pfnmap_untrack()")';
    const mail = { ...options, references: [commit] };
    const text = mailText({ ...leak, before: { ...before, kernel } }, mail).replaceAll("\n", " ");
    expect(text).toContain("Tested: Linux 6.12.117+deb13-amd64: it does not.");
    expect(text).toContain(`See commit ${commit}.`);
    const finding = { ...leak.finding, verdict: "introduced" } as const;
    expect(mailText({ ...leak, finding }, mail)).toContain(`\nFixes: ${commit}\n`);
  });
});
