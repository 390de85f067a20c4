import {
  apertureTrace,
  exit,
  lowMemoryTrace,
  mmap,
  move,
  munmap,
  resize,
  type Scenario,
  spawn,
} from "./build.ts";

const clean = { findings: [], memtype: [] };

/** What the refcounted design introduced or kept. */
const RETENTION: readonly Scenario[] = [
  {
    name: "retained-tail-refuses",
    title: "an unmapped tail keeps its type, and a mapping of another type is refused",
    ref: "N1",
    trace: lowMemoryTrace("retained-tail-refuses", [
      spawn(0),
      mmap(0, 0, 2, 0, { via: "devmem" }),
      munmap(0, 1, 1),
      mmap(0, 4, 1, 1, { via: "devmem_sync" }),
      exit(0),
    ]),
    before: clean,
    after: {
      findings: ["over-retention:unmap-tail", "refused:unmap-tail"],
      errnos: { 3: "EAGAIN" },
      memtype: [],
    },
  },
  {
    name: "retained-tail-substitutes",
    title: "an unmapped tail keeps its type, and a later mapping silently gets it",
    ref: "N1",
    trace: apertureTrace("retained-tail-substitutes", [
      spawn(0),
      mmap(0, 0, 2, 0, { via: "resource_wc" }),
      munmap(0, 1, 1),
      mmap(0, 4, 1, 1),
      exit(0),
    ]),
    before: clean,
    after: { findings: ["over-retention:unmap-tail", "stale-memtype:unmap-tail"], memtype: [] },
  },
  {
    name: "retained-shrunk",
    title: "a shrinking mremap gives back the pages but not the reservation",
    ref: "N1",
    trace: apertureTrace("retained-shrunk", [
      spawn(0),
      mmap(0, 0, 2, 0, { via: "resource_wc" }),
      resize(0, 0, 2, 1),
      mmap(0, 4, 1, 1),
      exit(0),
    ]),
    before: clean,
    after: { findings: ["over-retention:shrink", "stale-memtype:shrink"], memtype: [] },
  },
  {
    name: "first-overlap-uncached",
    title: "the first to come decides: write-combining after uncached-minus",
    ref: "N16",
    trace: apertureTrace("first-overlap-uncached", [
      spawn(0),
      mmap(0, 0, 1, 0),
      mmap(0, 4, 1, 0, { via: "resource_wc" }),
      munmap(0, 0, 1),
    ]),
    before: { findings: [], memtype: ["[0,1) UC-"] },
    after: { findings: [], memtype: ["[0,1) UC-"] },
  },
  {
    name: "first-overlap-combining",
    title: "the first to come decides: uncached-minus after write-combining",
    ref: "N16",
    trace: apertureTrace("first-overlap-combining", [
      spawn(0),
      mmap(0, 0, 1, 0, { via: "resource_wc" }),
      mmap(0, 4, 1, 0),
      munmap(0, 0, 1),
    ]),
    before: { findings: [], memtype: ["[0,1) WC"] },
    after: { findings: [], memtype: ["[0,1) WC"] },
  },
];

/** Where releases of one design differ. */
const RELEASES: readonly Scenario[] = [
  {
    name: "failed-move-keeps-destination",
    title: "a refused move no longer costs the mapping at its destination (6.16 against 6.18)",
    ref: "6.16 and 6.18: when MREMAP_FIXED unmaps its destination",
    sides: { before: "modern@6.16", after: "modern@6.18" },
    trace: apertureTrace("failed-move-keeps-destination", [
      spawn(0),
      mmap(0, 0, 1, 0),
      mmap(0, 4, 2, 4),
      move(0, 0, 1, 4, 2),
      exit(0),
    ]),
    before: { ...clean, errnos: { 3: "EFAULT" } },
    after: { ...clean, findings: ["errno:mremap-EFAULT-effect"], errnos: { 3: "EFAULT" } },
  },
  {
    name: "move-several",
    title: "one mremap moves several VMAs (6.16 against 6.18)",
    ref: "6.16 and 6.18: same-size move across VMAs",
    sides: { before: "modern@6.16", after: "modern@6.18" },
    trace: apertureTrace("move-several", [
      spawn(0),
      mmap(0, 0, 1, 0),
      mmap(0, 1, 1, 4),
      move(0, 0, 2, 4),
      exit(0),
    ]),
    before: { ...clean, errnos: { 3: "EFAULT" } },
    after: { findings: ["errno:mremap-EFAULT-to-ok"], memtype: [] },
  },
  {
    name: "replace-itself",
    title: "MAP_FIXED over itself with another type: who lets go first (6.18 against 7.2)",
    ref: "7.2: /dev/mem maps after the old VMAs were freed",
    sides: { before: "modern@6.18", after: "modern@7.2" },
    trace: lowMemoryTrace("replace-itself", [
      spawn(0),
      mmap(0, 0, 1, 0, { via: "devmem" }),
      mmap(0, 0, 1, 0, { via: "devmem_sync" }),
      exit(0),
    ]),
    before: { ...clean, findings: ["refused:replace"], errnos: { 2: "EAGAIN" } },
    after: clean,
  },
];

/** What the refcounted design introduced, kept, or changed from release to release. */
export const KREF_SCENARIOS: readonly Scenario[] = [...RETENTION, ...RELEASES];
