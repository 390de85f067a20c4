/** What an op did to the pages of a process: src/oracle/ranges.ts and pages.ts on the flat ledger. */
import type { Removal } from "../oracle/causes.ts";
import {
  COPIED,
  drop,
  HELD,
  hold,
  IS_SPLIT,
  PAGE_PFN,
  PAGE_UNIT,
  TAKEN,
  takeOff,
  touchUnit,
  UNIT_FACTS,
} from "./ledger.ts";
import {
  BEGINS,
  giveUp,
  int,
  IS_VM_PAT,
  lowestOf,
  MAPPED,
  PAGE_SHIFT,
  TRACKED,
  WORLD,
  WORLD_VPAGES,
} from "./memory.ts";
import { pfnAt } from "./vmas.ts";

/** Pages in VMAs that show VM_PAT off; the other design has no such flag. */
export const untrackedMask = (s: number, p: number): number => {
  return IS_VM_PAT[s] === 1 ? (MAPPED[p] as number) & ~(TRACKED[p] as number) : 0;
};

/** Takes pages out of their VMAs; the process holds all of them. */
export const losePages = (s: number, p: number, pages: number, removal: Removal): void => {
  if (pages === 0) return;
  const off = (COPIED[p] as number) | (TAKEN[p] as number);
  HELD[p] = (HELD[p] as number) & ~pages;
  for (let left = pages; left !== 0; ) {
    const u = PAGE_UNIT[(p << PAGE_SHIFT) | lowestOf(left)] as number;
    let pfns = 0;
    let on = 0;
    while (left !== 0) {
      const page = lowestOf(left);
      const v = (p << PAGE_SHIFT) | page;
      if (PAGE_UNIT[v] !== u) break;
      const pfn = 1 << (PAGE_PFN[v] as number);
      pfns |= pfn;
      if (((off >>> page) & 1) === 0) on |= pfn;
      left &= left - 1;
    }
    touchUnit(s, u, removal);
    drop(s, u, pfns, on);
  }
};

/** Pages of one unit from `pfn` on come into a VMA at `at`. */
export const mapPages = (
  s: number,
  p: number,
  at: number,
  end: number,
  pfn: number,
  u: number,
): void => {
  const range = ((1 << (end - at)) - 1) << at;
  HELD[p] = (HELD[p] as number) | range;
  COPIED[p] = (COPIED[p] as number) & ~range;
  TAKEN[p] = (TAKEN[p] as number) & ~range;
  for (let page = at; page < end; page++) {
    const v = (p << PAGE_SHIFT) | page;
    PAGE_UNIT[v] = int(u);
    PAGE_PFN[v] = pfn + page - at;
  }
  hold(s, u, ((1 << (end - at)) - 1) << pfn);
};

/** Pages that are off their pfn now are in `how`, and in no other way; those of `pages` were on. */
export const putOff = (s: number, p: number, pages: number, how: Int32Array): void => {
  const off = (COPIED[p] as number) | (TAKEN[p] as number);
  COPIED[p] = (COPIED[p] as number) & ~pages;
  TAKEN[p] = (TAKEN[p] as number) & ~pages;
  how[p] = (how[p] as number) | pages;
  for (let on = pages & ~off; on !== 0; on &= on - 1) {
    const v = (p << PAGE_SHIFT) | lowestOf(on);
    takeOff(s, PAGE_UNIT[v] as number, PAGE_PFN[v] as number);
  }
};

/** Of the pages of a range that the process holds, those not seen any more, or with another pfn. */
export const missing = (p: number, range: number): number => {
  const held = (HELD[p] as number) & range;
  const seen = MAPPED[p] as number;
  let gone = held & ~seen;
  for (let pages = held & seen; pages !== 0; pages &= pages - 1) {
    const page = lowestOf(pages);
    if (pfnAt(p, page) !== PAGE_PFN[(p << PAGE_SHIFT) | page]) gone |= 1 << page;
  }
  return gone;
};

/** Makes sure that a range of the ledger is what is seen; a trace where it is not is given up. */
export const confirm = (p: number, range: number): void => {
  const more = ((MAPPED[p] as number) ^ (HELD[p] as number)) & range;
  if (more !== 0 || missing(p, range) !== 0) giveUp();
};

/** A unit that has a VMA boundary inside is split; special VMAs never merge again. */
export const noteSplit = (p: number, page: number): void => {
  if (page === 0 || page >= (WORLD[WORLD_VPAGES] as number)) return;
  const held = (HELD[p] as number) >>> (page - 1);
  if ((held & 3) !== 3) return;
  const v = (p << PAGE_SHIFT) | page;
  const u = PAGE_UNIT[v] as number;
  if (u !== PAGE_UNIT[v - 1]) return;
  if ((((BEGINS[p] as number) >>> page) & 1) === 1) {
    UNIT_FACTS[u] = (UNIT_FACTS[u] as number) | IS_SPLIT;
  }
};
