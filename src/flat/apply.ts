/** Brings the ledger to the state after an op: src/oracle/apply.ts and mapping.ts. */
import { isNewMemtypeAllowed, type PageCacheMode, UC_MINUS, WB, WC } from "../pat/cachemode.ts";
import { NO_CAUSE, UNMAP } from "../oracle/causes.ts";
import { claimChange, findTwin } from "./attribution.ts";
import { blame } from "./blame.ts";
import { EAGAIN, EINVAL, OK } from "./errno.ts";
import { causeOfOp, REFUSED_MAPPING, STALE_MEMTYPE } from "./findings.ts";
import { applyFork } from "./applyfork.ts";
import { applyMremap } from "./applymremap.ts";
import {
  EXIT,
  FORK,
  MADVISE,
  MLOCK,
  MMAP,
  MPROTECT,
  MREMAP,
  MSEAL,
  MUNLOCK,
  MUNMAP,
  REVOKE,
  SPAWN,
  TOUCH,
} from "./kinds.ts";
import {
  born,
  COPIED,
  HELD,
  IS_PRIVATE,
  IS_REVOKED,
  KNOWN,
  KNOWN_COUNT,
  LIVING,
  mappedMask,
  modeMask,
  newUnit,
  PAGE_UNIT,
  TAKEN,
  touchUnit,
  UNIT_FACTS,
  UNIT_MARK,
} from "./ledger.ts";
import {
  AT,
  BEGINS,
  CHANGE_MODE,
  FLAG,
  giveUp,
  KIND,
  LENGTH,
  lowestOf,
  MAPPED,
  maskOf,
  OP,
  OUTCOME,
  PAGE_SHIFT,
  PFN,
  placeOf,
  PROC,
  PROC_SHIFT,
  VIA,
  VMA_PFN,
  WORLD,
  WORLD_WB,
} from "./memory.ts";
import { noteChange } from "./memtype.ts";
import { confirm, losePages, mapPages, missing, noteSplit, putOff } from "./pages.ts";
import { addRow, ROW_MODE } from "./reservations.ts";

/** Brings the page ledger of a side to the state after the op at hand. */
export const applyOp = (s: number): void => {
  const p = placeOf(s, OP[PROC] as number);
  const kind = OP[KIND] as number;
  const ok = OUTCOME[s] === OK;
  if (kind === SPAWN) return born(s, p);
  if (LIVING[p] === 0) return;
  switch (kind) {
    case MMAP:
      return applyMmap(s, p, ok);
    case MUNMAP:
      return applyMunmap(s, p, ok);
    case EXIT:
      losePages(s, p, HELD[p] as number, UNMAP);
      LIVING[p] = 0;
      return;
    case TOUCH:
      if (ok && OP[FLAG] === 1) applyWrite(s, p);
      return;
    case MPROTECT:
    case MADVISE:
    case MSEAL:
      noteSplit(p, OP[AT] as number);
      return noteSplit(p, (OP[AT] as number) + (OP[LENGTH] as number));
    case MREMAP:
      return applyMremap(s, p, ok);
    case FORK:
      return applyFork(s, p, ok);
    case REVOKE:
      return applyRevoke(s);
    case MLOCK:
    case MUNLOCK:
      return;
    default:
      throw new Error(`flat: there is no op ${kind}`);
  }
};

const applyMunmap = (s: number, p: number, ok: boolean): void => {
  const at = OP[AT] as number;
  const range = maskOf(at, at + (OP[LENGTH] as number));
  losePages(s, p, ok ? (HELD[p] as number) & range : missing(p, range), UNMAP);
  if (!ok || ((MAPPED[p] as number) & range) !== 0) confirm(p, range);
  if (!ok) noteSplit(p, at);
};

const applyWrite = (s: number, p: number): void => {
  const at = OP[AT] as number;
  if ((((HELD[p] as number) >>> at) & 1) === 0) return;
  const facts = UNIT_FACTS[PAGE_UNIT[(p << PAGE_SHIFT) | at] as number] as number;
  if ((facts & IS_PRIVATE) !== 0) putOff(s, p, 1 << at, COPIED);
};

/** The device was taken away: every page is still in its VMA, and none maps its pfn any more. */
const applyRevoke = (s: number): void => {
  for (let at = 0; at < (KNOWN_COUNT[s] as number); at++) {
    const p = KNOWN[(s << PROC_SHIFT) + at] as number;
    if (LIVING[p] === 0) continue;
    const held = HELD[p] as number;
    for (let pages = held; pages !== 0; pages &= pages - 1) {
      const u = PAGE_UNIT[(p << PAGE_SHIFT) | lowestOf(pages)] as number;
      touchUnit(s, u, UNMAP);
      UNIT_FACTS[u] = (UNIT_FACTS[u] as number) | IS_REVOKED;
    }
    putOff(s, p, held, TAKEN);
  }
};

/** The cache mode that a way of mapping asks for, by its place in VIAS. */
const askedMode = (via: number): number => {
  if (via === 1) return WC;
  return via === 2 && WORLD[WORLD_WB] === 1 ? WB : UC_MINUS;
};

const REFUSAL = -1;

/** What exact tracking gives a request for these pages: a cache mode, or REFUSAL. */
const exactMode = (s: number, pages: number, asked: number): number => {
  if ((mappedMask(s) & pages) === 0) return asked;
  let found = asked;
  let others = 0;
  for (let mode = WB; mode <= UC_MINUS; mode++) {
    if ((modeMask(s, mode) & pages) === 0) continue;
    found = mode;
    others++;
  }
  if (others > 1) return REFUSAL;
  if (found === asked) return asked;
  const allowed = isNewMemtypeAllowed(asked as PageCacheMode, found as PageCacheMode);
  return allowed ? found : REFUSAL;
};

/** mmap() with MAP_FIXED: what was there goes, also when the new mapping is then refused. */
const applyMmap = (s: number, p: number, ok: boolean): void => {
  const at = OP[AT] as number;
  const end = at + (OP[LENGTH] as number);
  const range = maskOf(at, end);
  losePages(s, p, ok ? (HELD[p] as number) & range : missing(p, range), UNMAP);
  const first = OP[PFN] as number;
  const last = first + end - at;
  const asked = askedMode(OP[VIA] as number);
  const expected = exactMode(s, maskOf(first, last), asked);
  if (ok) return mapNew(s, p, at, end, asked, expected);
  const outcome = OUTCOME[s];
  if (expected !== REFUSAL && (outcome === EINVAL || outcome === EAGAIN)) {
    blame(s, REFUSED_MAPPING, first, last, expected, REFUSAL);
  }
  confirm(p, range);
  noteSplit(p, at);
};

const mapNew = (
  s: number,
  p: number,
  at: number,
  end: number,
  asked: number,
  expected: number,
): void => {
  const first = OP[PFN] as number;
  const last = first + end - at;
  const claim = claimChange(s, first, last);
  const twin = claim < 0 ? findTwin(s, first, last) : -1;
  const got = claim >= 0 ? CHANGE_MODE[claim] : twin >= 0 ? ROW_MODE[twin] : asked;
  if (got !== expected) {
    // A conflict that was missed is none of the flat engine's findings.
    if (expected === REFUSAL || got === asked) giveUp();
    blame(s, STALE_MEMTYPE, first, last, expected, got as number);
  }
  const mode = got as number;
  const u = newUnit(s, first, maskOf(first, last), mode, OP[FLAG] === 1 ? IS_PRIVATE : 0);
  mapPages(s, p, at, end, first, u);
  if (claim < 0 && twin < 0) {
    UNIT_MARK[u] = causeOfOp();
  } else {
    addRow(s, first, last, mode, u, NO_CAUSE);
    if (claim < 0) noteChange(s, first, last, mode, 0);
  }
  confirmVma(p, at, maskOf(at, end), first);
};

/** Makes sure that one VMA maps a range to pfns from `pfn` on. */
const confirmVma = (p: number, at: number, range: number, pfn: number): void => {
  const isOne =
    ((MAPPED[p] as number) & range) === range && ((BEGINS[p] as number) & range) === 1 << at;
  if (!isOne || VMA_PFN[(p << PAGE_SHIFT) | at] !== pfn) giveUp();
};
