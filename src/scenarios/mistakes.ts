import type { DriverCallRecord } from "../trace/driverop.ts";
import type { OpOf } from "../trace/op.ts";
import { apertureTrace, munmap, read, type Scenario, spawn } from "./build.ts";

/** A driver's shared mapping at a page, made by these calls, of which it says no more than `flags`. */
function drvMmap(
  at: number,
  pages: number,
  flags: NonNullable<OpOf<"drv-mmap">["flags"]>,
  ...calls: DriverCallRecord[]
): OpOf<"drv-mmap"> {
  const op = { op: "drv-mmap", proc: 0, at, pages, off: at, prot: "rw", private: false } as const;
  return { ...op, calls, ...(flags === "pfnmap" ? {} : { flags }) };
}

const PAST: DriverCallRecord = { call: "remap", off: 0, pages: 0, pfn: 0, mode: "uc-", past: 1 };
const WHOLE: DriverCallRecord = { call: "remap", off: 0, pages: 0, pfn: 2, mode: "uc-" };
const COPY: DriverCallRecord = { call: "remap-copy", off: 0, pages: 0, pfn: 0, mode: "wc" };
const INSERT: DriverCallRecord = { call: "insert-page", off: 0, pages: 1, pfn: 0, ram: true };
const ON_FAULT: DriverCallRecord = {
  call: "fault-handler",
  does: "insert",
  pfn: 0,
  mode: "uc-",
};

/** What comes of each is the same on both sides. */
const COPIED = { findings: ["leak:remap-copy", "warning:remap-copy"], memtype: ["[0,2) WC"] };
const PASSED = { findings: ["warning:remap"], memtype: [] };
const MET = {
  findings: ["leak:unmap-whole", "warning:remap"],
  errnos: { 2: "ESRCH" },
  memtype: ["[2,4) UC-"],
};
const INSERTED = { findings: ["warning:insert-page"], errnos: { 1: "ESRCH" }, memtype: [] };
const MIXED = { findings: ["warning:touch"], errnos: { 3: "ESRCH" }, memtype: [] };

/** Mistakes of drivers, and what kernels of both designs say to them. */
export const MISTAKE_SCENARIOS: readonly Scenario[] = [
  {
    name: "driver-maps-through-copy",
    title:
      "an mmap handler remaps a copy of the VMA: a bad page map when it goes, and nobody frees the reservation",
    ref: "a VMA copied on the stack",
    trace: apertureTrace("driver-maps-through-copy", [
      spawn(0),
      drvMmap(0, 2, "io", COPY),
      munmap(0, 0, 2),
    ]),
    before: COPIED,
    after: COPIED,
  },
  {
    name: "driver-maps-past",
    title: "a remap is longer than its VMA, and the next mapping of the driver is empty",
    ref: "a remap past its VMA",
    trace: apertureTrace("driver-maps-past", [
      spawn(0),
      drvMmap(2, 2, "io"),
      drvMmap(0, 2, "pfnmap", PAST),
      munmap(0, 0, 4),
    ]),
    before: PASSED,
    after: PASSED,
  },
  {
    name: "driver-maps-past-onto-pages",
    title: "the same where the next mapping has pages: a kernel BUG",
    ref: "a remap past its VMA",
    trace: apertureTrace("driver-maps-past-onto-pages", [
      spawn(0),
      drvMmap(2, 2, "pfnmap", WHOLE),
      drvMmap(0, 2, "pfnmap", PAST),
    ]),
    before: MET,
    after: MET,
  },
  {
    name: "driver-inserts-into-pfnmap",
    title: "vm_insert_page() into a mapping that is VM_PFNMAP: a kernel BUG",
    ref: "vm_insert_page()",
    trace: apertureTrace("driver-inserts-into-pfnmap", [spawn(0), drvMmap(0, 2, "pfnmap", INSERT)]),
    before: INSERTED,
    after: INSERTED,
  },
  {
    name: "driver-mixes-and-remaps",
    title: "a VM_MIXEDMAP that is remapped is VM_PFNMAP as well: the next fault is a kernel BUG",
    ref: "vm_insert_page()",
    trace: apertureTrace("driver-mixes-and-remaps", [
      spawn(0),
      drvMmap(0, 3, "mixed", INSERT, { ...WHOLE, off: 1, pages: 1 }, ON_FAULT),
      read(0, 0),
      read(0, 2),
    ]),
    before: MIXED,
    after: MIXED,
  },
];
