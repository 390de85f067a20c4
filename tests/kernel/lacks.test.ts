import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { traceOfRun } from "../../fuzz/traceofrun.ts";
import { type MeasuredGuest, measureTransports } from "../../kernel/bench.ts";
import { guestSources } from "../../kernel/guestimage.ts";
import {
  type KernelOption,
  lackOf,
  lacksByConsole,
  neededBy,
  OPTIONS,
  optionNamed,
} from "../../kernel/lacks.ts";
import type { Op } from "../../src/trace/op.ts";

const CONSOLES: readonly [says: string, options: readonly KernelOption[]][] = [
  [
    "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    ["CONFIG_BLK_DEV_INITRD"],
  ],
  ["Failed to execute /init (error -8)", ["CONFIG_BINFMT_ELF", "CONFIG_64BIT"]],
  [
    "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
    ["CONFIG_SERIAL_8250"],
  ],
  ["", ["CONFIG_PRINTK", "CONFIG_SERIAL_8250_CONSOLE"]],
  ["Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", []],
];

describe("what a kernel was built without", () => {
  it("is known here by every name that the guest or a silent boot tells it by, and by no other", () => {
    const texts = ["lacks.c", "drivers.c"].map((name) =>
      readFileSync(join(guestSources(), name), "utf8"),
    );
    const told = texts.join("").match(/CONFIG_\w+|(?<="lacks )[\w.]+/g) ?? [];
    const byConsole = CONSOLES.flatMap(([, options]) => options);
    expect([...new Set([...told, ...byConsole])].sort()).toEqual(Object.keys(OPTIONS).sort());
  });

  it("is refused by a name that nobody knows", () => {
    expect(() => optionNamed("CONFIG_NONSENSE")).toThrow("CONFIG_NONSENSE");
    expect(optionNamed("CONFIG_KSM")).toBe("CONFIG_KSM");
  });

  it.each(CONSOLES)("shows on the console of one that never answers: %s", (says, options) => {
    expect(lacksByConsole(says)).toEqual(options);
  });

  it("keeps the ops that need it from traces, and no others", () => {
    const advise = (advice: "mergeable" | "dontfork"): Op => {
      return { op: "madvise", proc: 0, at: 0, pages: 1, advice };
    };
    const lacks: KernelOption[] = ["CONFIG_FAILSLAB", "CONFIG_KSM"];
    expect(neededBy(advise("mergeable"), lacks)).toBe("CONFIG_KSM");
    expect(neededBy(advise("dontfork"), lacks)).toBeNull();
    expect(neededBy(advise("dontfork"), ["CONFIG_ADVISE_SYSCALLS"])).toBe("CONFIG_ADVISE_SYSCALLS");
    for (const op of ["revoke", "claim", "release"] as const) {
      expect(neededBy({ op, proc: 0 }, ["CONFIG_IO_STRICT_DEVMEM"])).not.toBeNull();
    }
    const failing: Op = { op: "exit", proc: 0, fault: { at: "vma", nth: 1 } };
    expect(neededBy(failing, lacks)).toBe("CONFIG_FAILSLAB");
    expect(neededBy({ op: "exit", proc: 0 }, lacks)).toBeNull();
  });

  it("is measured without the ops that need it, all others of the same traces, and named", async () => {
    const traces = Array.from({ length: 60 }, (_, run) => traceOfRun(1, run));
    const opsWithout = async (lacks: readonly KernelOption[]) => {
      let ran = 0;
      let seconds = 0;
      const taking =
        (share: number): MeasuredGuest["run"] =>
        async (batch) => {
          seconds += share;
          const ops = batch.flatMap(({ trace }) => trace.ops);
          expect(ops.filter((op) => neededBy(op, lacks) !== null)).toEqual([]);
          ran = ops.length;
          return [];
        };
      const region = { address: 0, pages: 65536 };
      const figures = await measureTransports(
        {
          kernel: { release: "6.12.117", design: "vm-pat" },
          regions: { bar: region, low: region, "write-back-bar": region },
          lacks,
          run: taking(1000),
          runSlowly: taking(9000),
          processorSeconds: () => seconds,
        },
        traces,
      );
      expect(figures).toMatchObject({ lacks, ops: ran });
      expect(figures.processor.ratio).toBeCloseTo(9, 1);
      return ran;
    };
    const isNeeded = (op: Op) => op.op === "madvise" || op.op === "revoke";
    const whole = traces.filter(({ world }) => world.mtrr === "uncached").flatMap(({ ops }) => ops);
    expect(whole.filter(isNeeded).length).toBeGreaterThan(10);
    expect(await opsWithout([])).toBe(whole.length);
    expect(await opsWithout(["CONFIG_ADVISE_SYSCALLS", "CONFIG_BLK_DEV_NVME"])).toBe(
      whole.filter((op) => !isNeeded(op)).length,
    );
  });

  it("is set in the kernels that are built for guests, but for what --debug adds", () => {
    const config = readFileSync(join(guestSources(), "../config/guest.config"), "utf8");
    const faults = readFileSync(join(guestSources(), "../config/faults.config"), "utf8");
    for (const option of Object.keys(OPTIONS).map(optionNamed)) {
      if (!option.startsWith("CONFIG_")) continue;
      expect(`${config}${faults}`).toContain(`${option}=y\n`);
      if (!config.includes(`${option}=y\n`)) expect(lackOf(option).spoilsFaults).toBe(true);
    }
  });
});
