import { exit, fork, isaTrace, mmap, mprotect, munmap, type Scenario, spawn } from "./build.ts";

const clean = { findings: [], memtype: [] };
const devmem = { via: "devmem" } as const;
const sync = { via: "devmem_sync" } as const;

/** The ISA window, in which nothing is reserved, and mappings across its edges. */
export const ISA_SCENARIOS: readonly Scenario[] = [
  {
    name: "isa-inside",
    title:
      "mappings that lie in the ISA window reserve nothing, whatever they ask for and however they go",
    ref: "arch/x86/mm/pat/memtype.c: is_untracked_pat_range()",
    trace: isaTrace("isa-inside", 2, [
      spawn(0),
      mmap(0, 0, 3, 2, devmem),
      mmap(0, 3, 3, 3, sync),
      mprotect(0, 1, 1, "r"),
      fork(0, 1),
      munmap(0, 0, 2),
      exit(1),
      exit(0),
    ]),
    before: clean,
    after: clean,
  },
  {
    name: "isa-edge",
    title: "the tail in the ISA window is unmapped and cuts nothing, so the head is freed in vain",
    ref: "arch/x86/mm/pat/memtype.c: memtype_free()",
    trace: isaTrace("isa-edge", 2, [
      spawn(0),
      mmap(0, 0, 4, 0, devmem),
      munmap(0, 2, 2),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:isa-window", "leak:isa-window", "over-retention:isa-window"],
      memtype: ["[0,4) UC-"],
    },
    after: { ...clean, findings: ["over-retention:isa-window"] },
  },
  {
    name: "isa-far-edge",
    title: "the tail past the ISA window is cut off, and what is left in it is freed by nobody",
    ref: "arch/x86/mm/pat/memtype.c: memtype_free()",
    trace: isaTrace("isa-far-edge", -92, [
      spawn(0),
      mmap(0, 0, 4, 2, devmem),
      munmap(0, 2, 2),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { findings: ["leak:isa-window"], memtype: ["[2,4) UC-"] },
    after: { ...clean, findings: ["over-retention:unmap-tail"] },
  },
  {
    name: "isa-fork",
    title:
      "what is left of a mapping in the ISA window cannot be forked: its mode is not that of the window",
    ref: "arch/x86/mm/pat/memtype.c: track_pfn_copy(), strict",
    trace: isaTrace("isa-fork", 2, [
      spawn(0),
      mmap(0, 0, 4, 0, devmem),
      munmap(0, 0, 2),
      fork(0, 1),
      exit(1),
      exit(0),
    ]),
    before: {
      findings: [
        "double-untrack:unmap-head",
        "leak:unmap-head",
        "over-retention:unmap-head",
        "refused:isa-window",
      ],
      errnos: { 3: "ENOMEM", 4: "ESRCH" },
      memtype: ["[0,4) UC-"],
    },
    after: { ...clean, findings: ["over-retention:unmap-head"] },
  },
];
