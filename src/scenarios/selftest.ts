import {
  apertureTrace,
  exit,
  fork,
  madvise,
  mmap,
  move,
  munmap,
  read,
  resize,
  type Scenario,
  spawn,
} from "./build.ts";

/** The selftest maps two pages read-only and shared. */
const mapped = [spawn(0), mmap(0, 0, 2, 0, { prot: "r" })];
const clean = { findings: [], memtype: [] };

/**
 * The cases of the kernel's tools/testing/selftests/mm/pfnmap.c (7.2), as far as these ops reach:
 * each maps two pages, does one thing, and unmaps what is left. The selftest looks at return
 * values only; here the reservations are looked at too.
 */
export const SELFTEST_SCENARIOS: readonly Scenario[] = [
  {
    name: "pfnmap-madvise-disallowed",
    title: "advice that would drop pages is refused on a PFN mapping",
    ref: "pfnmap selftest: madvise_disallowed",
    trace: apertureTrace("pfnmap-madvise-disallowed", [
      ...mapped,
      madvise(0, 0, 1, "dontneed"),
      madvise(0, 0, 1, "wipeonfork"),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { ...clean, errnos: { 2: "EINVAL", 3: "EINVAL" } },
    after: { ...clean, errnos: { 2: "EINVAL", 3: "EINVAL" } },
  },
  {
    name: "pfnmap-munmap-split",
    title: "the first page is unmapped and mapped again while the second stays",
    ref: "pfnmap selftest: munmap_split",
    trace: apertureTrace("pfnmap-munmap-split", [
      ...mapped,
      munmap(0, 0, 1),
      mmap(0, 4, 1, 0, { prot: "r" }),
      munmap(0, 4, 1),
      munmap(0, 1, 1),
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:unmap-head", "leak:unmap-head", "over-retention:unmap-head"],
      memtype: ["[0,1) UC-"],
    },
    after: { findings: ["over-retention:unmap-head"], memtype: [] },
  },
  {
    name: "pfnmap-mremap-fixed",
    title: "the whole mapping moves",
    ref: "pfnmap selftest: mremap_fixed",
    trace: apertureTrace("pfnmap-mremap-fixed", [
      ...mapped,
      move(0, 0, 2, 4),
      munmap(0, 4, 2),
      exit(0),
    ]),
    before: clean,
    after: clean,
  },
  {
    name: "pfnmap-mremap-shrink",
    title: "the mapping shrinks in place by one page",
    ref: "pfnmap selftest: mremap_shrink",
    trace: apertureTrace("pfnmap-mremap-shrink", [
      ...mapped,
      resize(0, 0, 2, 1),
      munmap(0, 0, 1),
      exit(0),
    ]),
    before: clean,
    after: { findings: ["over-retention:shrink"], memtype: [] },
  },
  {
    name: "pfnmap-mremap-expand",
    title: "a PFN mapping does not grow",
    ref: "pfnmap selftest: mremap_expand",
    trace: apertureTrace("pfnmap-mremap-expand", [
      ...mapped,
      resize(0, 0, 2, 3),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { ...clean, errnos: { 2: "EFAULT" } },
    after: { ...clean, errnos: { 2: "EFAULT" } },
  },
  {
    name: "pfnmap-fork",
    title: "a child can read the pages of its parent's mapping",
    ref: "pfnmap selftest: fork",
    trace: apertureTrace("pfnmap-fork", [
      ...mapped,
      fork(0, 1),
      read(1, 0),
      read(1, 1),
      exit(1),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: clean,
    after: clean,
  },
];
