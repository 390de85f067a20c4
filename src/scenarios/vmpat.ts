import {
  apertureTrace,
  exit,
  fork,
  lowMemoryTrace,
  madvise,
  mmap,
  move,
  mprotect,
  munmap,
  resize,
  type Scenario,
  spawn,
  write,
} from "./build.ts";

const clean = { findings: [], memtype: [] };

/** Faults of the VM_PAT design in the unmapping and splitting of one mapping. */
const UNMAPPING: readonly Scenario[] = [
  {
    name: "munmap-head",
    title: "a mapping is unmapped in two parts, head first",
    ref: "L1",
    trace: apertureTrace("munmap-head", [
      spawn(0),
      mmap(0, 0, 2, 0),
      munmap(0, 0, 1),
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
    name: "munmap-middle",
    title: "the middle page is unmapped, then the process exits",
    ref: "L2",
    trace: apertureTrace("munmap-middle", [spawn(0), mmap(0, 0, 3, 0), munmap(0, 1, 1), exit(0)]),
    before: {
      findings: ["double-untrack:unmap-middle", "leak:unmap-middle", "over-retention:unmap-middle"],
      memtype: ["[0,2) UC-"],
    },
    after: { findings: ["over-retention:unmap-middle"], memtype: [] },
  },
  {
    name: "split-munmap",
    title: "a mapping split by mprotect is unmapped at once",
    ref: "L3",
    trace: apertureTrace("split-munmap", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mprotect(0, 0, 1, "r"),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { findings: ["double-untrack:split", "leak:split"], memtype: ["[0,1) UC-"] },
    after: clean,
  },
  {
    name: "split-munmap-twice",
    title: "the second time the leaked entry equals the head, and no message tells",
    ref: "L4",
    trace: apertureTrace("split-munmap-twice", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mprotect(0, 0, 1, "r"),
      munmap(0, 0, 2),
      mmap(0, 0, 2, 0),
      mprotect(0, 0, 1, "r"),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { findings: ["double-untrack:split", "leak:split"], memtype: ["[0,1) UC-"] },
    after: clean,
  },
  {
    name: "shrink-other-owner",
    title: "unmapping B's head shrinks A, whose entry ends where the head ends",
    ref: "L5",
    trace: apertureTrace("shrink-other-owner", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mmap(0, 4, 2, 1),
      munmap(0, 4, 1),
      munmap(0, 0, 2),
      munmap(0, 5, 1),
      exit(0),
    ]),
    before: {
      findings: [
        "double-untrack:end-match",
        "leak:end-match",
        "over-retention:unmap-head",
        "wrong-owner-untrack:end-match",
      ],
      memtype: ["[0,1) UC-", "[1,2) UC-"],
    },
    after: { findings: ["over-retention:unmap-head"], memtype: [] },
  },
  {
    name: "shrink-other-process",
    title: "unmapping B's tail shrinks A's entry, in another process",
    ref: "L6",
    trace: apertureTrace("shrink-other-process", [
      spawn(0),
      spawn(1),
      mmap(0, 0, 4, 0),
      mmap(1, 0, 3, 1),
      munmap(1, 2, 1),
      exit(0),
      exit(1),
    ]),
    before: {
      findings: [
        "double-untrack:end-match",
        "leak:end-match",
        "over-retention:unmap-tail",
        "wrong-owner-untrack:end-match",
      ],
      memtype: ["[0,1) UC-", "[1,4) UC-"],
    },
    after: { findings: ["over-retention:unmap-tail"], memtype: [] },
  },
  {
    name: "equal-entry-other-owner",
    title: "unmapping a tail takes the equal entry of another mapping; coverage stays right",
    ref: "L7",
    trace: apertureTrace("equal-entry-other-owner", [
      spawn(0),
      mmap(0, 0, 4, 0),
      mmap(0, 4, 2, 2),
      munmap(0, 2, 2),
      munmap(0, 4, 2),
      munmap(0, 0, 2),
      exit(0),
    ]),
    before: { findings: ["wrong-owner-untrack:equal-match"], memtype: [] },
    after: { findings: ["over-retention:unmap-tail"], memtype: [] },
  },
  {
    name: "leak-refuses",
    title: "a leaked write-back entry refuses an uncached-minus mapping until reboot",
    ref: "L32",
    trace: lowMemoryTrace("leak-refuses", [
      spawn(0),
      mmap(0, 0, 2, 0, { via: "devmem" }),
      munmap(0, 0, 1),
      munmap(0, 1, 1),
      mmap(0, 4, 1, 0, { via: "devmem_sync" }),
      exit(0),
    ]),
    before: {
      findings: [
        "double-untrack:unmap-head",
        "leak:unmap-head",
        "over-retention:unmap-head",
        "refused:unmap-head",
      ],
      errnos: { 4: "EAGAIN" },
      memtype: ["[0,1) WB"],
    },
    after: { findings: ["over-retention:unmap-head"], memtype: [] },
  },
];

/** Faults of the VM_PAT design in the moving of a piece. */
const MOVING: readonly Scenario[] = [
  {
    name: "move-tail",
    title: "moving the tail strips the rest of its tracking; nothing is logged",
    ref: "L10",
    trace: apertureTrace("move-tail", [spawn(0), mmap(0, 0, 2, 0), move(0, 1, 1, 4), exit(0)]),
    before: { findings: ["leak:move-tail"], memtype: ["[0,1) UC-"] },
    after: clean,
  },
  {
    name: "move-head",
    title: "moving the head strips the rest, and the head's range matches no entry",
    ref: "L11",
    trace: apertureTrace("move-head", [spawn(0), mmap(0, 0, 2, 0), move(0, 0, 1, 4), exit(0)]),
    before: { findings: ["double-untrack:move-head", "leak:move-head"], memtype: ["[0,2) UC-"] },
    after: clean,
  },
  {
    name: "move-head-fork",
    title: "a piece is moved, then the process forks",
    ref: "L12",
    trace: apertureTrace("move-head-fork", [
      spawn(0),
      mmap(0, 0, 2, 0),
      move(0, 0, 1, 4),
      fork(0, 1),
      exit(1),
      exit(0),
    ]),
    before: { findings: ["double-untrack:move-head", "leak:move-head"], memtype: ["[0,2) UC-"] },
    after: clean,
  },
  {
    name: "mremap-shrink",
    title: "the tail is given back by a shrinking mremap",
    ref: "L8",
    trace: apertureTrace("mremap-shrink", [
      spawn(0),
      mmap(0, 0, 2, 0),
      resize(0, 0, 2, 1),
      exit(0),
    ]),
    before: clean,
    after: { findings: ["over-retention:shrink"], memtype: [] },
  },
];

/** Faults of the VM_PAT design in fork and copy-on-write. */
const FORKING: readonly Scenario[] = [
  {
    name: "cow-fork-refused",
    title: "fork fails once the first page of a private mapping has been copied",
    ref: "L19",
    trace: apertureTrace("cow-fork-refused", [
      spawn(0),
      mmap(0, 0, 1, 0, { private: true }),
      write(0, 0),
      fork(0, 1),
      exit(1),
      exit(0),
    ]),
    before: {
      findings: ["over-retention:cow", "refused:cow-head"],
      errnos: { 3: "ENOMEM", 4: "ESRCH" },
      memtype: [],
    },
    after: { findings: ["over-retention:cow"], memtype: [] },
  },
  {
    name: "cow-split-exit",
    title: "a split private mapping whose first page has been copied",
    ref: "L20",
    trace: apertureTrace("cow-split-exit", [
      spawn(0),
      mmap(0, 0, 2, 0, { private: true }),
      mprotect(0, 1, 1, "r"),
      write(0, 0),
      exit(0),
    ]),
    before: {
      findings: ["double-untrack:split", "leak:split", "over-retention:cow"],
      memtype: ["[0,1) UC-"],
    },
    after: { findings: ["over-retention:cow"], memtype: [] },
  },
  {
    name: "split-fork",
    title: "a split mapping is forked: the child is right, the original leaks",
    ref: "L29",
    trace: apertureTrace("split-fork", [
      spawn(0),
      mmap(0, 0, 2, 0),
      mprotect(0, 0, 1, "r"),
      fork(0, 1),
      exit(1),
      exit(0),
    ]),
    before: { findings: ["double-untrack:split", "leak:split"], memtype: ["[0,1) UC-"] },
    after: clean,
  },
  {
    name: "dontfork-head",
    title: "the head is not inherited: the split alone makes the original leak",
    ref: "L30",
    trace: apertureTrace("dontfork-head", [
      spawn(0),
      mmap(0, 0, 2, 0),
      madvise(0, 0, 1, "dontfork"),
      fork(0, 1),
      exit(1),
      exit(0),
    ]),
    before: { findings: ["double-untrack:split", "leak:split"], memtype: ["[0,1) UC-"] },
    after: clean,
  },
];

/** Known faults of the VM_PAT design, by the number of the project's catalogue. */
export const VM_PAT_SCENARIOS: readonly Scenario[] = [...UNMAPPING, ...MOVING, ...FORKING];
