import { apertureTrace, exit, mlock, mmap, mseal, munmap, type Scenario, spawn } from "./build.ts";

const clean = { findings: [], memtype: [] };

/** What else a process can do to its mappings on a stock kernel, and what fails for lack of room. */
export const SYSCALL_SCENARIOS: readonly Scenario[] = [
  {
    name: "mlock-splits-nothing",
    title: "mlock of the first page leaves one VMA, which is unmapped at once",
    ref: "mm/mlock.c: VM_SPECIAL",
    trace: apertureTrace("mlock-splits-nothing", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mlock(0, 0, 1),
      mlock(0, 1, 2),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { ...clean, errnos: { 3: "ENOMEM" } },
    after: { ...clean, errnos: { 3: "ENOMEM" } },
  },
  {
    name: "seal-cuts-and-stays",
    title: "an munmap that meets a sealed page is refused, but has cut the mapping in two",
    ref: "mm/vma.c: vms_gather_munmap_vmas()",
    trace: apertureTrace("seal-cuts-and-stays", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mmap(0, 2, 1, 4),
      mseal(0, 2, 1),
      munmap(0, 1, 2),
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:split", "leak:split"],
      errnos: { 4: "EPERM" },
      memtype: ["[0,1) UC-"],
    },
    after: { ...clean, errnos: { 4: "EPERM" } },
  },
];
