import { describe, expect, test } from "vitest";
import { endedWith } from "../../kernel/assemble.ts";
import { complaintsIn, endIn, splatsIn } from "../../kernel/parse/splat.ts";
import { modernBackend } from "../../modern/index.ts";
import { judge } from "../../src/oracle/judge.ts";
import type { Trace } from "../../src/trace/trace.ts";

const TRACE: Trace = {
  format: "pfndiff/trace@1",
  name: "whole",
  world: { pfns: 4, vpages: 4, mtrr: "uncached" },
  ops: [
    { op: "spawn", proc: 0 },
    { op: "mmap", proc: 0, at: 0, pages: 2, pfn: 0, via: "resource", prot: "rw", private: false },
    { op: "munmap", proc: 0, at: 0, pages: 2 },
    { op: "exit", proc: 0 },
  ],
};

/** As a kernel of 7.2 with KASAN writes it, the stamps of /dev/kmsg and of a console before the lines. */
const KASAN = [
  "==================================================================",
  "[   12.345678] BUG: KASAN: slab-use-after-free in pfnmap_track_ctx_release+0x5e/0x70",
  "Read of size 8 at addr ffff8880008da050 by task init/1",
  "",
  "CPU: 0 UID: 0 PID: 1 Comm: init Not tainted 7.2.12 #1 PREEMPTLAZY",
  "Call Trace:",
  " <TASK>",
  " dump_stack_lvl+0x3f/0x50",
  " print_report+0xcd/0x600",
  " ? pfnmap_track_ctx_release+0x5e/0x70",
  " kasan_report+0xc0/0xf0",
  " pfnmap_track_ctx_release+0x5e/0x70",
  " vm_area_free+0x93/0xc0",
  " __x64_sys_munmap+0x54/0x80",
  " </TASK>",
  "",
  "Allocated by task 1:",
  " remap_pfn_range_track+0x859/0x1230",
];

const END = [
  "kernel BUG at mm/memory.c:2345!",
  "Oops: invalid opcode: 0000 [#1] SMP",
  "RIP: 0010:zap_pte_range+0x12/0x40",
  "Call Trace:",
  " unmap_page_range+0x1/0x2",
  "Kernel panic - not syncing: Fatal exception",
];

const STALL = ["rcu: INFO: rcu_preempt self-detected stall on CPU"];

describe("a kernel's splat", () => {
  test("of a stall that it came out of is no complaint, and ends only what hung", () => {
    expect(complaintsIn([...STALL, ...KASAN])).toEqual(splatsIn(KASAN));
    expect(endIn(STALL.join("\n"), "died")).toBeNull();
    expect(endIn(STALL.join("\n"), "hang")).toMatchObject({ kind: "hang" });
  });

  test("of KASAN is a bug that the kernel went on from, with the functions of its first backtrace", () => {
    expect(splatsIn([...KASAN, ...KASAN])).toEqual([
      {
        kind: "bug",
        goesOn: true,
        text: "KASAN: slab-use-after-free in pfnmap_track_ctx_release",
        backtrace: ["pfnmap_track_ctx_release", "vm_area_free"],
      },
    ]);
    expect(endIn(KASAN.join("\n"), "died")).toBeNull();
  });

  test("that ends the kernel is told by its first line, not by the panic it leads to", () => {
    expect(endIn([...STALL, ...KASAN, ...END].join("\n"), "died")).toEqual({
      kind: "bug",
      text: "kernel BUG at mm/memory.c",
      backtrace: ["zap_pte_range", "unmap_page_range"],
    });
  });

  test.each([
    [
      "BUG: Bad rss-counter state mm:00000000c0ffee type:MM_FILEPAGES val:1",
      "bug",
      "Bad rss-counter state",
    ],
    ["BUG: Bad page map in process init  pte:8000 pmd:9000", "bug", "Bad page map"],
    [
      "BUG: sleeping function called from invalid context at mm/slab.h:310",
      "bug",
      "sleeping function called from invalid context at",
    ],
    ["BUG kmalloc-32 (Not tainted): Poison overwritten", "bug", "Poison overwritten in kmalloc-32"],
    [
      "list_del corruption. prev->next should be ffff888, but was dead",
      "bug",
      "list_del corruption",
    ],
    ["refcount_t: underflow; use-after-free.", "bug", "refcount_t: underflow; use-after-free"],
    [
      "UBSAN: array-index-out-of-bounds in mm/vma.c:12:3",
      "bug",
      "UBSAN: array-index-out-of-bounds in mm/vma.c",
    ],
    ["watchdog: BUG: soft lockup - CPU#0 stuck for 26s!", "hang", "watchdog: BUG: soft lockup"],
    [
      "BUG: unable to handle page fault for address: ffff",
      "crash",
      "BUG: unable to handle page fault for address",
    ],
    [
      "BUG: kernel NULL pointer dereference, address: 0000",
      "crash",
      "BUG: kernel NULL pointer dereference",
    ],
    [
      "general protection fault, probably for non-canonical address 0xdead: 0000",
      "crash",
      "general protection fault",
    ],
    [
      "Kernel panic - not syncing: Attempted to kill init! exitcode=0x7f",
      "crash",
      "Kernel panic - not syncing: Attempted to kill init",
    ],
  ])("%j is a %s, told without what differs from run to run", (line, kind, text) => {
    expect(splatsIn([`[    1.5] ${line}`])).toMatchObject([{ kind, text }]);
  });

  test.each([
    "x86/PAT: init:7 freeing invalid memtype [mem 0x1000-0x1fff]",
    "WARNING: CPU: 0 PID: 1 at mm/memory.c:1 f+0x1/0x2",
  ])("%j is none", (line) => expect(splatsIn([line])).toEqual([]));
});

test("a kernel that went on from a splat is judged on, and one that ended is a finding at the op", async () => {
  const fine = await modernBackend("7.2").record(TRACE);
  const steps = structuredClone(fine.steps);
  steps[2]?.events.push(...splatsIn(KASAN));
  const went = judge(fine, { ...fine, steps });
  expect(went.findings.map(({ signature, step }) => [signature, step])).toEqual([
    ["introduced:bug:munmap", 2],
  ]);
  const cut = { ...fine, steps: fine.steps.slice(0, 2) };
  const end = endIn(END.join("\n"), "died");
  const dead = end === null ? [] : judge(fine, endedWith(cut, TRACE, end)).findings;
  expect(dead.map(({ verdict, symptom, step }) => `${verdict}:${symptom} at ${step}`)).toContain(
    "introduced:bug at 2",
  );
});
