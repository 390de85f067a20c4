import { apertureTrace, exit, mlock, mmap, munmap, type Scenario, spawn } from "./build.ts";

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
];
