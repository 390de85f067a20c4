import { type DriverCallRecord, PIECE_PAGES } from "../trace/driverop.ts";
import type { Op, OpOf } from "../trace/op.ts";
import { exit, fork, mmap, mprotect, piecesTrace, read, type Scenario, spawn } from "./build.ts";

const wc = { via: "resource_wc" } as const;
const ON_FAULT: DriverCallRecord = {
  call: "fault-handler",
  does: "insert-pmd",
  pfn: 0,
  mode: "uc-",
};

/** A driver's mapping of all that it has from pfn 0 on, which is filled by pieces as it is touched. */
function drvMmap(pages: number): OpOf<"drv-mmap"> {
  const op = { op: "drv-mmap", proc: 0, at: 0, pages, off: 0, prot: "rw", private: false } as const;
  return { ...op, calls: [ON_FAULT] };
}

/** A whole mapping behind a piece, which reserves one page: VM_PAT then marks all of the VMA. */
const WINDOW: Op = {
  op: "drv-run",
  proc: 0,
  at: 0,
  calls: [{ call: "remap-window", off: PIECE_PAGES, pages: 1, pfn: 600, mode: "wc" }],
};

const ALIASED = { findings: ["alias:insert-pmd"], memtype: [] };
const OUTGROWN = {
  findings: ["alias:mmap", "missed-conflict:mmap", "untracked-mapping:insert-pmd"],
  memtype: [],
};
const CUT = { findings: [], memtype: [] };

/** Drivers that insert 2 MiB at once (vfio-pci): the mode is what the list says of the first pfn. */
export const PIECE_SCENARIOS: readonly Scenario[] = [
  {
    name: "piece-over-two-memtypes",
    title:
      "a driver inserts 2 MiB over pages that another process has write-combining: an alias, silently",
    ref: "vmf_insert_pfn_pmd()",
    trace: piecesTrace("piece-over-two-memtypes", [
      spawn(0),
      spawn(1),
      mmap(1, 0, 4, 100, wc),
      drvMmap(PIECE_PAGES),
      read(0, 300),
      exit(0),
      exit(1),
    ]),
    before: ALIASED,
    after: ALIASED,
  },
  {
    name: "piece-outgrows-reservation",
    title:
      "one page that is write-combining makes a whole piece so: whoever maps the rest of it meets no conflict",
    ref: "vmf_insert_pfn_pmd()",
    trace: piecesTrace("piece-outgrows-reservation", [
      spawn(0),
      spawn(1),
      mmap(1, 0, 1, 0, wc),
      drvMmap(PIECE_PAGES),
      read(0, 300),
      mmap(1, 8, 1, 7),
      exit(0),
      exit(1),
    ]),
    before: OUTGROWN,
    after: OUTGROWN,
  },
  {
    name: "piece-is-cut",
    title:
      "a change of protection inside a piece drops all of it, and what is touched comes back page by page",
    ref: "__split_huge_pmd()",
    trace: piecesTrace("piece-is-cut", [
      spawn(0),
      drvMmap(PIECE_PAGES),
      read(0, 300),
      mprotect(0, 10, 1, "r"),
      read(0, 300),
      exit(0),
    ]),
    before: CUT,
    after: CUT,
  },
  {
    name: "fork-of-a-piece",
    title:
      "VM_PAT takes the mode of a write-combining piece for write-protected, so that a fork of its VMA is refused",
    ref: "pmd_pgprot()",
    trace: piecesTrace("fork-of-a-piece", [
      spawn(0),
      spawn(1),
      mmap(1, 0, 4, 0, wc),
      drvMmap(2 * PIECE_PAGES),
      read(0, 3),
      WINDOW,
      fork(0, 2),
      exit(0),
      exit(2),
      exit(1),
    ]),
    before: {
      findings: [
        "double-untrack:exit",
        "leak:unmap-whole",
        "refused:fork",
        "untracked-mapping:insert-pmd",
      ],
      errnos: { 6: "ENOMEM", 8: "ESRCH" },
      memtype: ["[600,601) WC"],
    },
    after: { findings: ["untracked-mapping:insert-pmd"], memtype: [] },
  },
];
