import type { Op } from "../../src/trace/op.ts";
import {
  r,
  w,
  ram,
  z,
  d,
  n,
  fail,
  ignore,
  handler,
  map,
  run,
  zap,
  unmap,
  move,
  fork,
  exit,
  touch,
  protect,
  ioremap,
  iounmap,
  memremap,
  memremapPages,
  PRIVATE,
} from "./driverforms.ts";

/** What drivers, their users and the kernel itself may do to each other, beyond the experiments. */
export const COMBINATIONS: readonly (readonly [name: string, ops: readonly Op[]])[] = [
  [
    "halves inserted at fault, zap, whole run",
    [
      map(4, [handler("insert", 0, "wc")]),
      touch(0),
      touch(1),
      zap(0, 4),
      run(0, [r(0, 0, 0, "wc")]),
      unmap(0, 4),
    ],
  ],
  [
    "halves inserted at fault, whole run without zap",
    [map(4, [handler("insert", 0, "wc")]), touch(1), run(0, [r(0, 0, 0, "wc")]), exit(0)],
  ],
  [
    "two parts that are not adjacent, fork, move, zap",
    [
      map(4, [r(0, 1, 0, "wc"), r(3, 1, 9, "wc")]),
      fork,
      move(0, 4, 8),
      zap(0, 4),
      exit(1),
      exit(0),
    ],
  ],
  ["parts that overlap", [map(4, [r(0, 2, 0, "wc"), r(1, 2, 8, "wc")]), exit(0)]],
  [
    "windows at both ends, middle empty; munmap middle; rest",
    [map(4, [w(0, 1, 0, "wc"), w(3, 1, 8, "wc")]), unmap(1, 2), unmap(0, 4)],
  ],
  ["tail window; move whole; munmap", [map(4, [w(2, 2, 2, "wc")]), move(0, 4, 8), unmap(8, 4)]],
  [
    "tail window; move tail; exits",
    [map(4, [w(2, 2, 2, "wc")]), move(2, 2, 8), unmap(8, 2), unmap(0, 2)],
  ],
  [
    "tail window; shrink",
    [
      map(4, [w(2, 2, 2, "wc")]),
      { op: "mremap", proc: 0, at: 0, pages: 4, newPages: 2 },
      unmap(0, 2),
    ],
  ],
  ["head window private; munmap", [map(4, [w(0, 2, 0, "wc")], PRIVATE), unmap(0, 4)]],
  ["tail window private; fork; munmap", [map(4, [w(2, 2, 2, "wc")], PRIVATE), fork, unmap(0, 4)]],
  ["whole, then part over it", [map(4, [r(0, 0, 0, "wc"), r(0, 2, 8, "wc")]), exit(0)]],
  [
    "whole private, failing part ignored, munmap",
    [
      map(4, [ignore, r(0, 0, 0, "wc"), r(0, 2, 8, "wc")], PRIVATE),
      touch(0),
      touch(3),
      unmap(0, 4),
    ],
  ],
  [
    "whole fails for two modes, part succeeds, munmap",
    [
      ioremap(0, "wc", 2, 1),
      ioremap(1, "plain", 3, 1),
      map(4, [ignore, r(0, 0, 0, "wc"), r(0, 2, 0, "wc")]),
      unmap(0, 4),
      iounmap(0),
      iounmap(1),
    ],
  ],
  [
    "whole, zap part, parts fill it again, munmap",
    [map(4, [r(0, 0, 0, "wc")]), zap(0, 2), run(0, [r(0, 2, 0, "wc")]), unmap(0, 4)],
  ],
  [
    "whole, fork, zap, child remaps whole",
    [map(4, [r(0, 0, 0, "wc")]), fork, zap(0, 4), run(0, [r(0, 0, 0, "wc")], 1), exit(0), exit(1)],
  ],
  [
    "whole, split, zap, remap a half whole",
    [map(4, [r(0, 0, 0, "wc")]), protect(0, 2), zap(0, 4), run(2, [r(0, 0, 2, "wc")]), unmap(0, 4)],
  ],
  [
    "whole, munmap head, run on rest after zap",
    [map(4, [r(0, 0, 0, "wc")]), unmap(0, 1), run(1, [z(0, 0), r(0, 0, 1, "uc-")]), unmap(1, 3)],
  ],
  [
    "segments at fault; zap one page; touch",
    [map(8, [handler("remap-segment", 0, "wc")]), touch(1), touch(6), zap(1, 1), touch(1), exit(0)],
  ],
  [
    "segment handler on a VMA of one segment; zap; touch",
    [map(4, [handler("remap-segment", 0, "wc")]), touch(1), zap(0, 4), touch(0), unmap(0, 4)],
  ],
  [
    "whole handler; fork; child touches; both leave",
    [map(4, [handler("remap", 0, "wc")]), fork, touch(0, false, 1), touch(0), exit(1), exit(0)],
  ],
  [
    "handler insert private",
    [map(4, [handler("insert", 0, "wc")], PRIVATE), touch(0), unmap(0, 4)],
  ],
  [
    "whole WC then EIO, other process holds it",
    [map(4, [r(0, 0, 0, "uc-")], { proc: 1 }), map(4, [r(0, 0, 0, "wc"), fail]), unmap(0, 4, 1)],
  ],
  ["two windows then EIO", [map(4, [w(0, 2, 0, "wc"), w(2, 2, 8, "wc"), fail])]],
  ["window then plain part then EIO", [map(4, [w(0, 2, 0, "wc"), r(2, 2, 8, "wc"), fail])]],
  ["part then whole over it", [map(4, [r(2, 2, 2, "wc"), r(0, 0, 0, "wc")]), exit(0)]],
  [
    "replace by MAP_FIXED, handler fails",
    [map(4, [r(0, 0, 0, "wc")]), map(2, [fail], { at: 1 }), unmap(0, 4)],
  ],
  [
    "replace by MAP_FIXED with another mode",
    [map(4, [r(0, 0, 0, "wc")]), map(4, [r(0, 0, 0, "uc-")]), unmap(0, 4)],
  ],
  ["dma private twice", [map(8, [d(0, 4, 0), d(4, 4, 1)], PRIVATE)]],
  [
    "dma at offset 2",
    [
      map(2, [n(0)], { off: 2 }),
      unmap(0, 2),
      map(4, [n(0)], { off: 2 }),
      map(2, [n(0)], { off: 4 }),
    ],
  ],
  ["dma of a whole VMA, fork, munmap part", [map(4, [n(0)]), fork, unmap(1, 1), exit(1), exit(0)]],
  ["dma windows longer than a buffer", [map(8, [d(0, 5, 0)])]],
  [
    "ioremap wc, cache, uc under whole wc",
    [
      map(4, [r(0, 0, 0, "wc")]),
      ioremap(0, "plain", 0, 4),
      ioremap(1, "cache", 1, 2),
      ioremap(2, "uc", 0, 1),
      unmap(0, 4),
      iounmap(0),
      iounmap(1),
      iounmap(2),
    ],
  ],
  [
    "ioremap uc first, user wc, fork",
    [
      ioremap(0, "uc", 0, 4),
      map(4, [r(0, 0, 0, "wc")]),
      { op: "fork", proc: 0, child: 2 },
      exit(2),
      unmap(0, 4),
      iounmap(0),
    ],
  ],
  [
    "memremap wt first; user wc, uc-; wt under wc",
    [
      memremap(0, "wt", 0, 4),
      map(4, [r(0, 0, 0, "wc")]),
      unmap(0, 4),
      { op: "memunmap", proc: 1, slot: 0 },
      map(4, [r(0, 0, 0, "wc")]),
      memremap(0, "wt", 0, 4),
      memremap(0, "wb", 0, 4),
    ],
  ],
  [
    "ioremap of a part, user munmaps the same part",
    [map(4, [r(0, 0, 0, "wc")]), ioremap(0, "wc", 1, 1), unmap(1, 1), iounmap(0), unmap(0, 4)],
  ],
  [
    "ioremap of the tail, user munmaps tail",
    [map(4, [r(0, 0, 0, "wc")]), ioremap(0, "wc", 2, 2), unmap(2, 2), iounmap(0), unmap(0, 2)],
  ],
  [
    "memremap_pages over a WC mapping; user leaves first",
    [
      map(4, [r(0, 0, 0, "wc")]),
      memremapPages(0, "generic", 0, 512),
      unmap(0, 4),
      { op: "memunmap-pages", proc: 1, slot: 0 },
    ],
  ],
  [
    "memremap_pages misaligned, twice",
    [
      memremapPages(0, "generic", 0, 4),
      memremapPages(0, "p2pdma", 0, 512),
      memremapPages(1, "generic", 0, 512),
      memremapPages(2, "generic", 512, 4),
    ],
  ],
  [
    "set_memory over memremap_pages",
    [
      memremapPages(0, "p2pdma", 0, 512),
      { op: "set-memory", proc: 1, mode: "wc", pfn: 0, pages: 4 },
      { op: "set-memory", proc: 1, mode: "uc", pfn: 0, pages: 4 },
      map(4, [r(0, 0, 0, "wc")]),
      { op: "set-memory", proc: 1, mode: "wb", pfn: 0, pages: 4 },
      unmap(0, 4),
      { op: "memunmap-pages", proc: 1, slot: 0 },
    ],
  ],
  [
    "reserve WC in the way, freed twice",
    [
      { op: "reserve-memtype-wc", proc: 1, pfn: 0, pages: 4 },
      map(4, [r(0, 0, 0, "uc-")]),
      { op: "free-memtype-wc", proc: 1, pfn: 0, pages: 4 },
      unmap(0, 4),
      { op: "free-memtype-wc", proc: 1, pfn: 0, pages: 4 },
    ],
  ],
  [
    "RAM made WC, mapped, forked",
    [
      { op: "set-memory", proc: 1, mode: "wc", pfn: 0, pages: 2, ram: true },
      map(4, [ram(0, 0, 0)]),
      map(4, [ram(0, 2, 0), ram(2, 2, 1)], { at: 8 }),
      { op: "set-memory", proc: 1, mode: "uc", pfn: 1, pages: 1, ram: true },
      exit(0),
    ],
  ],
];
