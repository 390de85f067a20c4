import { exit, mmap, munmap, regionsTrace, type Scenario, spawn } from "./build.ts";

const wc = { via: "resource_wc" } as const;

/** Several regions in one trace, which share a memtype list and nothing else. */
export const REGION_SCENARIOS: readonly Scenario[] = [
  {
    name: "regions-apart",
    title:
      "what leaked in one region makes write-combining uncached-minus there, and not at the same pfns of another",
    ref: "docs/OPS.md: several regions",
    trace: regionsTrace("regions-apart", [
      spawn(0),
      mmap(0, 0, 4, 0),
      munmap(0, 0, 2),
      munmap(0, 2, 2),
      mmap(0, 0, 4, 0, { ...wc, region: 1 }),
      mmap(0, 4, 4, 0, wc),
      exit(0),
    ]),
    before: {
      findings: [
        "double-untrack:unmap-head",
        "leak:unmap-head",
        "over-retention:unmap-head",
        "stale-memtype:leaked",
      ],
      memtype: ["[0,2) UC-"],
    },
    after: { findings: ["over-retention:unmap-head"], memtype: [] },
  },
];
