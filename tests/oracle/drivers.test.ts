import { describe, expect, test } from "vitest";
import type { DriverCallRecord } from "../../src/trace/driverop.ts";
import type { Op } from "../../src/trace/op.ts";
import {
  driver,
  exit,
  fork,
  map,
  move,
  mprotect,
  munmap,
  remap,
  scene,
  shown,
  shrink,
  spawn,
  write,
} from "./scenes.ts";

const FAIL: DriverCallRecord = { call: "fail", errno: "EIO" };
const ON_FAULT: DriverCallRecord = { call: "fault-handler", does: "remap", pfn: 0, mode: "wc" };
const run = (at: number, call: DriverCallRecord): Op => ({
  op: "drv-run",
  proc: 0,
  at,
  calls: [call],
});
const zap = (off: number, pages: number): Op => ({ op: "drv-zap", proc: 0, off, pages });
const four = driver(0, 4);

interface Case {
  readonly title: string;
  readonly ops: readonly Op[];
  /** `step signature (side)` of 6.12 against 7.2. */
  readonly found: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: "moved whole is tracked at its new place",
    ops: [four, move(0, 4, 8), munmap(8, 4)],
    found: [],
  },
  {
    title: "moved onto another takes its place, and its reservation goes",
    ops: [four, driver(8, 4, { calls: [remap(4)] }), move(0, 4, 8)],
    found: [],
  },
  {
    title: "moved in part leaves the rest untracked where VM_PAT goes with the part",
    ops: [four, move(1, 2, 8), munmap(8, 2)],
    found: [
      "3 fixed:double-untrack:move-middle (before)",
      "3 kept:over-retention:unmap-middle (before)",
      "3 kept:over-retention:unmap-middle (after)",
      "4 fixed:leak:move-middle (before)",
    ],
  },
  {
    title: "moved and then shrunk loses its tail",
    ops: [four, move(0, 4, 8), shrink(8, 4, 2), munmap(8, 1)],
    found: [
      "3 introduced:over-retention:shrink (after)",
      "4 fixed:double-untrack:unmap-head (before)",
      "4 kept:over-retention:unmap-head (before)",
      "4 kept:over-retention:unmap-head (after)",
      "5 fixed:leak:unmap-head (before)",
    ],
  },
  {
    title: "zapped in part and then moved takes the hole along",
    ops: [four, zap(0, 2), move(0, 4, 8), munmap(8, 4)],
    found: [
      "2 fixed:untracked-mapping:drv-zap (before)",
      "2 introduced:over-retention:drv-zap (after)",
    ],
  },
  {
    title: "zapped and moved in part takes its part of the hole along",
    ops: [four, zap(1, 1), move(0, 2, 8), munmap(8, 2), munmap(2, 2)],
    found: [
      "2 fixed:untracked-mapping:drv-zap (before)",
      "2 introduced:over-retention:drv-zap (after)",
      "4 introduced:over-retention:unmap-head (after)",
    ],
  },
  {
    title: "written to is copied there, and moves with the copy",
    ops: [driver(0, 4, { private: true }), write(1), move(0, 4, 8), munmap(8, 4)],
    found: ["2 kept:over-retention:cow (before)", "2 kept:over-retention:cow (after)"],
  },
  {
    title: "written to is copied in its child too, which VM_PAT reserves for anew",
    ops: [driver(0, 4, { private: true }), write(1), fork(1), exit(1), munmap(0, 4)],
    found: [
      "2 kept:over-retention:cow (before)",
      "2 kept:over-retention:cow (after)",
      "3 kept:over-retention:cow (before)",
    ],
  },
  {
    title: "zapped and mapped again is refused where it is reserved still",
    ops: [four, zap(0, 4), run(0, remap(0))],
    found: [
      "2 introduced:over-retention:drv-zap (after)",
      "3 changed:errno:remap-ok-to-EINVAL (after)",
    ],
  },
  {
    title: "zapped and mapped again in part has lost its mode where nothing is reserved any more",
    ops: [four, zap(0, 4), run(0, remap(1, { off: 1, pages: 2 }))],
    found: [
      "2 introduced:over-retention:drv-zap (after)",
      "3 fixed:stale-memtype:drv-zap (before)",
    ],
  },
  {
    title: "zapped keeps others from their mode, and is refused its pages on a fault",
    ops: [
      driver(0, 4, { calls: [remap(0), ON_FAULT] }),
      zap(0, 4),
      map(8, 4, 0),
      munmap(8, 4),
      write(1),
    ],
    found: [
      "2 introduced:over-retention:drv-zap (after)",
      "3 introduced:stale-memtype:retained (after)",
      "5 fixed:warning:touch (before)",
      "5 fixed:warning:touch (before)",
      "5 changed:errno:touch-ok-to-EIO (after)",
    ],
  },
  {
    title: "in a parent and a child is zapped in both",
    ops: [four, fork(1), zap(0, 4), munmap(0, 4, 1), run(0, remap(0)), exit(1)],
    found: [
      "3 introduced:over-retention:drv-zap (after)",
      "5 changed:errno:remap-ok-to-EINVAL (after)",
    ],
  },
  {
    title: "of two remaps has two reservations, which a child shares",
    ops: [
      driver(0, 4, {
        calls: [remap(0, { pages: 2 }), remap(8, { off: 2, pages: 2, mode: "uc-" })],
      }),
      fork(1),
      munmap(0, 1, 1),
      exit(1),
    ],
    found: [],
  },
  {
    title: "whose handler fails has unmapped what was there",
    ops: [map(0, 4, 4), driver(2, 2, { calls: [remap(0), FAIL] })],
    found: ["2 introduced:over-retention:unmap-tail (after)"],
  },
  {
    title: "cut by mprotect() is in pieces, and VM_PAT untracks none of them",
    ops: [four, mprotect(1, 1), munmap(1, 1)],
    found: [
      "3 fixed:double-untrack:unmap-middle (before)",
      "3 kept:over-retention:unmap-middle (before)",
      "3 kept:over-retention:unmap-middle (after)",
      "4 fixed:double-untrack:unmap-middle (before)",
      "4 fixed:leak:unmap-middle (before)",
    ],
  },
];

describe("a driver's mapping", () => {
  test.each(CASES)("$title", ({ ops, found }) => {
    expect(shown("6.12", "7.2", scene([spawn(), ...ops, exit()]))).toEqual(found);
  });

  test("that asks for write-back gets it where the MTRRs have it, and loses it with its reservation", () => {
    const ops = [driver(0, 4, { calls: [remap(0, { mode: "wb" })] }), zap(0, 4)];
    const again = run(0, remap(1, { off: 1, pages: 2, mode: "wb" }));
    const scenes = (["write-back", "uncached"] as const).map((mtrr) =>
      scene([spawn(), ...ops, again, exit()], mtrr),
    );
    const [wb, uc] = scenes.map((trace) => shown("6.12", "7.2", trace));
    expect(wb).toEqual([
      "2 introduced:over-retention:drv-zap (after)",
      "3 fixed:stale-memtype:drv-zap (before)",
    ]);
    expect(uc).toEqual([
      "2 introduced:over-retention:drv-zap (after)",
      "3 fixed:untracked-mapping:remap (before)",
    ]);
  });
});
