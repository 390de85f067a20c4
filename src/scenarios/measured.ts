import type { DriverMode } from "../trace/driverop.ts";
import type { Advice, Op } from "../trace/op.ts";
import { apertureTrace, exit, madvise, mmap, munmap, type Scenario, spawn } from "./build.ts";

const clean = { findings: [], memtype: [] };

/** A driver's mapping of `pages` pages at file offset `at`, from pfn `pfn` on. */
function driver(at: number, pages: number, pfn: number, mode: DriverMode, isPrepared = false): Op {
  const op = { op: "drv-mmap", proc: 0, at, pages, off: at, prot: "rw", private: false } as const;
  const calls = [{ call: "remap", off: 0, pages: 0, pfn, mode } as const];
  return { ...op, calls, ...(isPrepared ? { hook: "prepare" as const } : {}) };
}

/** Two mappings of a driver, the one in the other's place, which both stand at the end. */
function replaced(name: string, title: string, first: boolean, second: boolean, after: string) {
  return {
    name,
    title,
    ref: "6.1",
    trace: apertureTrace(name, [
      spawn(0),
      driver(0, 4, 0, "wc", first),
      driver(0, 4, 0, "uc-", second),
    ]),
    before: { ...clean, memtype: ["[0,4) UC-"] },
    after: { ...clean, memtype: [after] },
  };
}

/** Advice for a page in the middle of a mapping, which then goes at once. */
function cut(advice: Advice): Scenario {
  const name = `${advice}-cuts`;
  return {
    name,
    title: `madvise(${advice}) of the page in the middle cuts a mapping in three`,
    ref: "6.3",
    trace: apertureTrace(name, [
      spawn(0),
      mmap(0, 0, 4, 0),
      madvise(0, 1, 1, advice),
      munmap(0, 0, 4),
      exit(0),
    ]),
    before: { findings: ["double-untrack:split", "leak:split"], memtype: ["[0,2) UC-"] },
    after: clean,
  };
}

const REFUSED: readonly Advice[] = [
  "free",
  "cold",
  "pageout",
  "populate_read",
  "dontneed_locked",
  "collapse",
  "dodump",
];

/** What was measured on kernels of both sides, where no other scenario has it. */
export const MEASURED_SCENARIOS: readonly Scenario[] = [
  replaced(
    "driver-keeps-the-mode",
    "through ->mmap the mapping that is replaced still decides the mode of the new one",
    false,
    false,
    "[0,4) WC",
  ),
  replaced(
    "driver-prepares-the-mode",
    "through ->mmap_prepare the new one has the mode that it asks for",
    true,
    true,
    "[0,4) UC-",
  ),
  replaced(
    "driver-mapped-over-prepared",
    "what was mapped through ->mmap_prepare decides for what is mapped over it through ->mmap",
    true,
    false,
    "[0,4) WC",
  ),
  {
    name: "driver-refused-over-live",
    title:
      "a driver's mapping that is refused has taken the one that was there, and what it reserved",
    ref: "6.1",
    trace: apertureTrace("driver-refused-over-live", [
      spawn(0),
      { op: "ioremap", proc: 0, slot: 0, mode: "wc", pfn: 0, pages: 2 },
      { op: "ioremap", proc: 0, slot: 1, mode: "plain", pfn: 2, pages: 2 },
      driver(0, 4, 4, "wc"),
      driver(0, 4, 0, "wc"),
    ]),
    before: { findings: [], errnos: { 4: "EINVAL" }, memtype: ["[0,2) WC", "[2,4) UC-"] },
    after: { findings: [], errnos: { 4: "EINVAL" }, memtype: ["[0,2) WC", "[2,4) UC-"] },
  },
  {
    name: "driver-second-behind",
    title: "a driver's mapping right behind another of it has a reservation of its own",
    ref: "6.1",
    trace: apertureTrace("driver-second-behind", [
      spawn(0),
      driver(0, 2, 0, "wc"),
      driver(2, 2, 2, "wc"),
    ]),
    before: { findings: [], memtype: ["[0,2) WC", "[2,4) WC"] },
    after: { findings: [], memtype: ["[0,2) WC", "[2,4) WC"] },
  },
  cut("sequential"),
  cut("hugepage"),
  cut("nohugepage"),
  {
    name: "advice-that-is-refused",
    title: "advice for memory that is not a device's is refused, and cuts nothing",
    ref: "6.3",
    trace: apertureTrace("advice-that-is-refused", [
      spawn(0),
      mmap(0, 0, 4, 0),
      madvise(0, 1, 1, "keeponfork"),
      ...REFUSED.map((advice) => madvise(0, 1, 1, advice)),
      munmap(0, 0, 4),
      exit(0),
    ]),
    before: { ...clean, errnos: Object.fromEntries(REFUSED.map((_, at) => [at + 3, "EINVAL"])) },
    after: { ...clean, errnos: Object.fromEntries(REFUSED.map((_, at) => [at + 3, "EINVAL"])) },
  },
  {
    name: "mremap-of-nothing",
    title: "a duplicate by mremap() of length 0 is refused",
    ref: "6.4",
    trace: apertureTrace("mremap-of-nothing", [
      spawn(0),
      mmap(0, 0, 2, 0),
      { op: "mremap", proc: 0, at: 0, pages: 0, newPages: 2, maymove: true },
      exit(0),
    ]),
    before: { ...clean, errnos: { 2: "EFAULT" } },
    after: { ...clean, errnos: { 2: "EFAULT" } },
  },
  {
    name: "bridge",
    title: "a mapping over an unmapped tail and a neighbour of another mode can adopt neither",
    ref: "6.8",
    trace: apertureTrace("bridge", [
      spawn(0),
      mmap(0, 0, 4, 0),
      munmap(0, 2, 2),
      mmap(0, 4, 2, 4, { via: "resource_wc" }),
      spawn(1),
      mmap(1, 0, 4, 2, { via: "resource_wc" }),
      exit(1),
      exit(0),
    ]),
    before: clean,
    after: {
      ...clean,
      findings: ["over-retention:unmap-tail", "refused:bridge"],
      errnos: { 5: "EINVAL" },
    },
  },
];
