import type { Op } from "../trace/op.ts";
import { exit, mmap, munmap, type Scenario, spawn, writeBackBarTrace } from "./build.ts";

const clean = { findings: [], memtype: [] };
const WB = { via: "devmem" } as const;
const WC = { via: "resource_wc" } as const;

/** A trace of two processes, both of which exit. */
function twoOf(name: string, ...ops: Op[]) {
  return writeBackBarTrace(name, [spawn(0), spawn(1), ...ops, exit(0), exit(1)]);
}

/** A BAR where the MTRRs say write-back, which every way to map meets (measured on 6.12 and 7.3). */
export const WRITE_BACK_SCENARIOS: readonly Scenario[] = [
  {
    name: "write-back-bar-asked-wc",
    title: "write-back is mapped, and another process asks for write-combining: refused",
    ref: "6.2",
    trace: twoOf("write-back-bar-asked-wc", mmap(0, 0, 2, 0, WB), mmap(1, 0, 2, 0, WC)),
    before: { ...clean, errnos: { 3: "EINVAL" } },
    after: { ...clean, errnos: { 3: "EINVAL" } },
  },
  {
    name: "write-combining-bar-asked-wb",
    title: "write-combining is mapped, and another process asks for write-back: it gets the former",
    ref: "6.2",
    trace: twoOf("write-combining-bar-asked-wb", mmap(0, 0, 2, 0, WC), mmap(1, 0, 2, 0, WB)),
    before: clean,
    after: clean,
  },
  {
    name: "write-back-bar-replaced-by-wc",
    title: "MAP_FIXED of write-combining over write-back: refused, and the old mapping is gone",
    ref: "6.2",
    trace: twoOf("write-back-bar-replaced-by-wc", mmap(0, 0, 2, 0, WB), mmap(0, 0, 2, 0, WC)),
    before: clean,
    after: { findings: ["refused:replace"], errnos: { 3: "EINVAL" }, memtype: [] },
  },
  {
    name: "write-combining-bar-replaced-by-wb",
    title:
      "MAP_FIXED of write-back over write-combining: /dev/mem maps when what was there is freed",
    ref: "6.2",
    trace: twoOf("write-combining-bar-replaced-by-wb", mmap(0, 0, 2, 0, WC), mmap(0, 0, 2, 0, WB)),
    before: clean,
    after: clean,
  },
  {
    name: "write-back-bar-retained-tail",
    title:
      "the tail of a write-back mapping is unmapped, and another process maps it write-combining",
    ref: "6.2",
    trace: twoOf(
      "write-back-bar-retained-tail",
      mmap(0, 0, 4, 0, WB),
      munmap(0, 2, 2),
      mmap(1, 0, 2, 2, WC),
    ),
    before: clean,
    after: {
      findings: ["over-retention:unmap-tail", "refused:retained"],
      errnos: { 4: "EINVAL" },
      memtype: [],
    },
  },
  {
    name: "write-back-bar-zapped-ioremap",
    title: "a driver's write-back mapping is zapped, and the kernel maps its pages write-combining",
    ref: "6.2",
    trace: twoOf(
      "write-back-bar-zapped-ioremap",
      {
        op: "drv-mmap",
        proc: 0,
        at: 0,
        pages: 2,
        off: 0,
        prot: "rw",
        private: false,
        calls: [{ call: "remap", off: 0, pages: 0, pfn: 0, mode: "wb" }],
      },
      { op: "drv-zap", proc: 0, off: 0, pages: 2 },
      { op: "ioremap", proc: 1, slot: 0, mode: "wc", pfn: 0, pages: 2 },
    ),
    before: { ...clean, memtype: ["[0,2) WC"] },
    after: {
      findings: ["errno:ioremap-ok-to-ENOMEM", "over-retention:drv-zap"],
      errnos: { 4: "ENOMEM" },
      memtype: [],
    },
  },
];
