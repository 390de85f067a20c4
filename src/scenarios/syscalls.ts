import {
  apertureTrace,
  exit,
  lateFork,
  limitedTrace,
  mlock,
  mmap,
  move,
  mprotect,
  mseal,
  munmap,
  read,
  revoke,
  type Scenario,
  spawn,
} from "./build.ts";

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
  {
    name: "limit-cuts-once",
    title: "a protection change cuts a mapping once, and has no VMA left for the second cut",
    ref: "mm/vma.c: split_vma(), vm.max_map_count",
    trace: limitedTrace("limit-cuts-once", 2, [
      spawn(0),
      mmap(0, 0, 3, 0),
      mprotect(0, 1, 1, "r"),
      munmap(0, 0, 3),
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:split", "leak:split"],
      errnos: { 2: "ENOMEM" },
      memtype: ["[0,1) UC-"],
    },
    after: { ...clean, errnos: { 2: "ENOMEM" } },
  },
  {
    name: "limit-moves-less-often",
    title: "a move that 6.12 refuses for fear of the limit, 7.2 makes",
    ref: "mm/mremap.c: vm.max_map_count",
    trace: limitedTrace("limit-moves-less-often", 6, [
      spawn(0),
      mmap(0, 0, 1, 0),
      move(0, 0, 1, 4),
      exit(0),
    ]),
    before: { ...clean, errnos: { 2: "ENOMEM" } },
    after: { findings: ["errno:mremap-ENOMEM-to-ok"], memtype: [] },
  },
  {
    name: "late-fork-undone",
    title: "a fork that fails after the pieces of a mapping were copied leaves nothing behind",
    ref: "kernel/fork.c: dup_mmap(), overcommit_memory=2",
    trace: apertureTrace("late-fork-undone", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mmap(0, 4, 2, 4, { private: true }),
      lateFork(0, 1),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { ...clean, errnos: { 3: "ENOMEM" } },
    after: { ...clean, errnos: { 3: "ENOMEM" } },
  },
  {
    name: "revoke-keeps-the-context",
    title:
      "a driver claims the device: the mappings stay without pages, and only 7.2 keeps them reserved",
    ref: "kernel/resource.c: revoke_iomem()",
    trace: apertureTrace("revoke-keeps-the-context", [
      spawn(0),
      mmap(0, 0, 2, 0, { via: "resource_wc" }),
      revoke(0),
      read(0, 0),
      mmap(0, 4, 2, 0),
      exit(0),
    ]),
    before: { ...clean, errnos: { 3: "EIO" } },
    after: {
      findings: ["over-retention:revoke", "stale-memtype:retained"],
      errnos: { 3: "EIO" },
      memtype: [],
    },
  },
];
