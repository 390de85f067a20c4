import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assemble } from "../../kernel/assemble.ts";
import { guestSources } from "../../kernel/guestimage.ts";
import { ALLOCATORS, failedSite } from "../../kernel/parse/site.ts";
import type { Op } from "../../src/trace/op.ts";

/** As a kernel of 6.12 logs what it fails for a split. */
const SPLIT = [
  "FAULT_INJECTION: forcing a failure.\\x0aname failslab, interval 1, probability 0, space 0, times -1",
  "CPU: 0 UID: 0 PID: 60 Comm: init Not tainted 6.12.117 #1",
  "Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014",
  "Call Trace:",
  " <TASK>",
  " dump_stack_lvl+0x49/0x60",
  " should_fail_ex+0x165/0x190",
  " should_failslab+0x3e/0x60",
  " kmem_cache_alloc_noprof+0x2e/0x1a0",
  " ? __pfx_vm_area_dup+0x10/0x10",
  " vm_area_dup+0x1e/0xc0",
  " __split_vma+0x90/0x2a0",
  " vms_gather_munmap_vmas+0x47/0x2a0",
  " do_vmi_align_munmap+0x120/0x1d0",
  " __x64_sys_munmap+0x10/0x20",
  " do_syscall_64+0x58/0x110",
  " </TASK>",
];

const step = (log: readonly string[], hasFailed: boolean) => {
  const none = Buffer.alloc(0);
  const rows = { calls: none, kernelMaps: none, ram: none };
  return { errno: 12, hasFailed, memtype: "", vmas: [], log: [...log], ...rows };
};
const ofMunmap = (fault: Op["fault"], log: readonly string[], hasFailed = true) =>
  assemble(
    {
      format: "pfndiff/trace@1",
      name: "t",
      world: { pfns: 4, vpages: 4, mtrr: "uncached" },
      ops: [{ op: "munmap", proc: 0, at: 0, pages: 1, fault }],
    },
    { id: 1, steps: [step(log, hasFailed)], late: [] },
    { address: 0, pages: 4 },
    { kernel: { release: "6.12.117", design: "vm-pat" }, module: null },
  );

describe("an allocation that a kernel failed on request", () => {
  test("is that of the innermost function that has a site", () => {
    expect(failedSite(SPLIT)).toBe("vma");
    const behind = SPLIT.filter((line) => !line.includes("vm_area_dup"));
    expect(failedSite(behind)).toBe("vma-setup");
  });

  test("without a stack of such a function is unreadable, and is no answer", () => {
    const elsewhere = SPLIT.filter((line) => !/vm_area_dup|__split_vma/.test(line));
    expect(() => failedSite(elsewhere)).toThrow("no site of traces allocates in should_fail_ex");
    expect(() => failedSite([])).toThrow("no stack");
  });

  test("is the step's, where it is the one that the op names, and no event", () => {
    const fault = { at: "vma", nth: 1 } as const;
    const { steps, unshown } = ofMunmap(fault, SPLIT);
    expect(steps).toEqual([
      { result: { errno: "ENOMEM" }, memtype: [], vmas: {}, events: [], failed: fault },
    ]);
    expect(unshown).toEqual(["modes", "faults"]);
    expect(() => ofMunmap({ at: "memtype", nth: 1 }, SPLIT)).toThrow("site vma failed in munmap");
  });

  test("is none where the guest says that it came to none", () => {
    expect(ofMunmap({ at: "vma", nth: 3 }, [], false).steps[0]).not.toHaveProperty("failed");
  });

  test("is aimed at by the functions that it is told by", () => {
    const text = readFileSync(join(guestSources(), "faults.c"), "utf8");
    const [, names = ""] = /NAMES\[FUNCTIONS\] = \{([^}]*)\}/.exec(text) ?? [];
    const aimed = [...names.matchAll(/"(\w+)"/g)].map(([, name]) => name);
    const told = ALLOCATORS.map(([name]) => name).filter((name) => !name.startsWith("do_"));
    expect(aimed).toEqual(told);
  });
});
