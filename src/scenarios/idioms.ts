import type { DriverCallRecord, DriverMode } from "../trace/driverop.ts";
import type { Op, OpOf } from "../trace/op.ts";
import {
  apertureTrace,
  exit,
  fork,
  lowMemoryTrace,
  mmap,
  munmap,
  peek,
  read,
  type Scenario,
  spawn,
  withoutPat,
} from "./build.ts";

const clean = { findings: [], memtype: [] };

/** A driver's mapping of `pages` pages at 0, made by these calls. */
function drvMmap(pages: number, ...calls: DriverCallRecord[]): OpOf<"drv-mmap"> {
  return { op: "drv-mmap", proc: 0, at: 0, pages, off: 0, prot: "rw", private: false, calls };
}

/** remap_pfn_range() of a part; 0 pages are the whole VMA. */
function remap(off: number, pages: number, pfn: number, mode: DriverMode = "wc"): DriverCallRecord {
  return { call: "remap", off, pages, pfn, mode };
}

/** The same with vm_start and vm_end narrowed to the part. */
function inWindow(off: number, pages: number, pfn: number): DriverCallRecord {
  return { call: "remap-window", off, pages, pfn, mode: "wc" };
}

const ZAP_WHOLE: DriverCallRecord = { call: "zap", off: 0, pages: 0 };
const ZAP_FILE: Op = { op: "drv-zap", proc: 0, off: 0, pages: 4 };

/** How drivers map, and what each way of it meets on both sides. */
export const IDIOM_SCENARIOS: readonly Scenario[] = [
  {
    name: "driver-replaced-by-mmap",
    title:
      "MAP_FIXED over a driver's mapping asks for another mode, through ->mmap: the old one decides",
    ref: "6.1",
    trace: apertureTrace("driver-replaced-by-mmap", [
      spawn(0),
      drvMmap(4, remap(0, 0, 0, "wc")),
      drvMmap(4, remap(0, 0, 0, "uc-")),
      exit(0),
    ]),
    before: clean,
    after: clean,
  },
  {
    name: "driver-replaced-by-prepare",
    title: "the same through ->mmap_prepare, which maps when what was there is freed",
    ref: "6.1",
    trace: apertureTrace("driver-replaced-by-prepare", [
      spawn(0),
      { ...drvMmap(4, remap(0, 0, 0, "wc")), hook: "prepare" },
      { ...drvMmap(4, remap(0, 0, 0, "uc-")), hook: "prepare" },
      { ...drvMmap(4, remap(0, 2, 0, "uc-")), hook: "prepare", private: true },
      exit(0),
    ]),
    before: { ...clean, errnos: { 3: "EINVAL" } },
    after: { ...clean, errnos: { 3: "EINVAL" } },
  },
  {
    name: "driver-windows",
    title: "an mmap handler narrows the VMA around each of two remaps (hfi1)",
    ref: "N5, L33",
    trace: apertureTrace("driver-windows", [
      spawn(0),
      drvMmap(4, inWindow(0, 2, 0), inWindow(2, 2, 4)),
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:exit", "leak:unmap-whole"],
      memtype: ["[0,2) WC", "[4,6) WC"],
    },
    after: {
      findings: ["errno:remap-window-ok-to-EINVAL"],
      errnos: { 1: "EINVAL" },
      memtype: [],
    },
  },
  {
    name: "driver-window-at-tail",
    title: "only the tail is remapped, and the first page is not there when the VMA goes",
    ref: "L33",
    trace: apertureTrace("driver-window-at-tail", [
      spawn(0),
      drvMmap(4, inWindow(2, 2, 2)),
      munmap(0, 0, 4),
      exit(0),
    ]),
    before: { findings: ["leak:unmap-whole", "warning:munmap"], memtype: ["[2,4) WC"] },
    after: clean,
  },
  {
    name: "driver-remaps-twice",
    title: "the whole VMA is remapped again over pages that are there: a kernel BUG, now refused",
    ref: "second whole-VMA remap",
    trace: apertureTrace("driver-remaps-twice", [
      spawn(0),
      drvMmap(4, remap(0, 0, 0), remap(0, 0, 0)),
    ]),
    before: {
      findings: ["leak:remap", "warning:remap"],
      errnos: { 1: "ESRCH" },
      memtype: ["[0,4) WC", "[0,4) WC"],
    },
    after: {
      findings: ["errno:remap-BUG-to-EINVAL"],
      errnos: { 1: "EINVAL" },
      memtype: [],
    },
  },
  {
    name: "driver-remaps-after-zap",
    title: "the whole VMA is remapped after its pages were zapped",
    ref: "N6",
    trace: apertureTrace("driver-remaps-after-zap", [
      spawn(0),
      drvMmap(4, remap(0, 0, 0), ZAP_WHOLE, remap(0, 0, 0)),
      exit(0),
    ]),
    before: clean,
    after: { findings: ["errno:zap-ok-to-EINVAL"], errnos: { 1: "EINVAL" }, memtype: [] },
  },
  {
    name: "nopat-driver-remaps-after-zap",
    title:
      "the same without PAT: nothing is reserved, and the second remap is refused all the same",
    ref: "N6",
    trace: withoutPat(
      apertureTrace("nopat-driver-remaps-after-zap", [
        spawn(0),
        drvMmap(4, remap(0, 0, 0), ZAP_WHOLE, remap(0, 0, 0)),
        exit(0),
      ]),
    ),
    before: clean,
    after: { findings: ["errno:zap-ok-to-EINVAL"], errnos: { 1: "EINVAL" }, memtype: [] },
  },
  {
    name: "driver-fills-by-parts",
    title: "parts fill a VMA: nothing is tracked, and write-combining becomes uncached-minus",
    ref: "N11",
    trace: apertureTrace("driver-fills-by-parts", [
      spawn(0),
      drvMmap(4, remap(0, 2, 0), remap(2, 2, 2)),
      fork(0, 1),
      exit(0),
      exit(1),
    ]),
    before: clean,
    after: clean,
  },
  {
    name: "driver-revokes-a-page",
    title: "one page is zapped by file offset, and the rest of the mapping lives on",
    ref: "L23",
    trace: apertureTrace("driver-revokes-a-page", [
      spawn(0),
      drvMmap(4, remap(0, 0, 0)),
      { ...ZAP_FILE, off: 1, pages: 1 },
      exit(0),
    ]),
    before: { findings: ["untracked-mapping:drv-zap"], memtype: [] },
    after: { findings: ["over-retention:drv-zap"], memtype: [] },
  },
  {
    name: "driver-faults-back-in",
    title: "after a revoke the fault handler remaps the whole VMA: refused while it is tracked",
    ref: "N6",
    trace: apertureTrace("driver-faults-back-in", [
      spawn(0),
      drvMmap(4, { call: "fault-handler", does: "remap", pfn: 0, mode: "wc" }),
      read(0, 0),
      ZAP_FILE,
      read(0, 2),
      exit(0),
    ]),
    before: { findings: ["warning:touch"], memtype: [] },
    after: {
      findings: ["errno:touch-ok-to-EIO", "over-retention:drv-zap"],
      errnos: { 4: "EIO" },
      memtype: [],
    },
  },
  {
    name: "peek-in-a-stale-mode",
    title:
      "a debugger reads a page whose reservation is gone, after another mode was reserved for it",
    ref: "generic_access_phys",
    trace: lowMemoryTrace("peek-in-a-stale-mode", [
      spawn(0),
      spawn(1),
      drvMmap(2, remap(0, 0, 0, "uc-")),
      peek(0, 0),
      { ...ZAP_FILE, off: 1, pages: 1 },
      mmap(1, 0, 1, 0, { via: "devmem" }),
      peek(0, 0),
      exit(0),
      exit(1),
    ]),
    before: {
      findings: ["alias:mmap", "missed-conflict:mmap", "refused:peek", "untracked-mapping:drv-zap"],
      errnos: { 6: "EIO" },
      memtype: [],
    },
    after: { findings: ["over-retention:drv-zap"], memtype: [] },
  },
  {
    name: "driver-fails-after-remap",
    title: "the handler remaps a part as if it were the whole, then returns an error",
    ref: "L33",
    trace: apertureTrace("driver-fails-after-remap", [
      spawn(0),
      drvMmap(4, inWindow(2, 2, 2), { call: "fail", errno: "EIO" }),
      exit(0),
    ]),
    before: {
      findings: ["leak:remap-window", "warning:remap-window"],
      errnos: { 1: "EIO" },
      memtype: ["[2,4) WC"],
    },
    after: { ...clean, errnos: { 1: "EIO" } },
  },
  {
    name: "driver-short-buffer",
    title: "a coherent buffer of one page is mapped where it fits and where the VMA is longer",
    ref: "dma_mmap_coherent",
    trace: apertureTrace("driver-short-buffer", [
      spawn(0),
      drvMmap(4, { call: "dma", buffer: 0, bufferPages: 1 }),
      drvMmap(1, { call: "dma", buffer: 0, bufferPages: 1 }),
      drvMmap(8, { call: "dma", buffer: 1, bufferPages: 8 }),
      exit(0),
    ]),
    before: { ...clean, errnos: { 1: "ENXIO" } },
    after: { ...clean, errnos: { 1: "ENXIO" } },
  },
  {
    name: "ioremap-of-an-unmapped-head",
    title: "the kernel maps pages that a process has unmapped, and gets their old cache mode",
    ref: "L1, N1",
    trace: apertureTrace("ioremap-of-an-unmapped-head", [
      spawn(0),
      spawn(1),
      drvMmap(4, remap(0, 0, 0)),
      munmap(0, 0, 1),
      { op: "ioremap", proc: 1, slot: 0, mode: "plain", pfn: 0, pages: 1 },
      { op: "iounmap", proc: 1, slot: 0 },
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:unmap-head", "leak:unmap-head", "over-retention:unmap-head"],
      memtype: ["[0,1) WC"],
    },
    after: { findings: ["over-retention:unmap-head"], memtype: [] },
  },
  {
    name: "driver-inserts-into-private",
    title: "vmf_insert_pfn() into a private mapping: a kernel BUG, which a driver has to prevent",
    ref: "vmf_insert_pfn_prot",
    trace: apertureTrace("driver-inserts-into-private", [
      spawn(0),
      {
        ...drvMmap(2, { call: "fault-handler", does: "insert", pfn: 0, mode: "wc" }),
        private: true,
      },
      read(0, 0),
    ]),
    before: { findings: ["warning:touch"], errnos: { 2: "ESRCH" }, memtype: [] },
    after: { findings: ["warning:touch"], errnos: { 2: "ESRCH" }, memtype: [] },
  },
];
