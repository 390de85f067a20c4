/** Both sides of one trace, op by op: src/oracle/differential.ts on the flat ledgers. */
import { applyOp } from "./apply.ts";
import { normaliseChanges } from "./changes.ts";
import { runChecks } from "./checks.ts";
import { TROUBLE } from "./blame.ts";
import { causeOfEffect, causeOfErrno } from "./errnocauses.ts";
import { ERRNO, report } from "./findings.ts";
import { FORK, MADVISE, MMAP, MPROTECT, MSEAL, REVOKE, TOUCH } from "./kinds.ts";
import {
  beginStep,
  COPIED,
  HELD,
  KNOWN,
  KNOWN_COUNT,
  LIVING,
  PAGE_UNIT,
  PARTED,
  TAKEN,
  UNIT_MODE,
} from "./ledger.ts";
import {
  BEGINS,
  CHILD,
  DONTFORK,
  KIND,
  lowestOf,
  MAPPED,
  MOST_PROCS,
  OP,
  OUTCOME,
  PAGE_SHIFT,
  placeOf,
  PRIVATE,
  PROC,
  PROC_SHIFT,
  READ,
  SEALED,
  VMA_PFN,
  WRITE,
} from "./memory.ts";
import { settle } from "./settle.ts";

/** How the sides' ledgers of one process differ. */
const EQUAL = 0;
const MODES_DIFFER = 1;
const VMAS_DIFFER = 2;

/** By process: how its sides differed when last compared; and how many of each kind there are. */
const PARTING = new Int32Array(MOST_PROCS);
const PARTINGS = new Int32Array(32);
/** Steps whose op ran on different states. */
export const NOT_COMPARABLE = new Int32Array(32);

/** Makes the comparison ready for another trace. */
export const clearPartings = (): void => {
  if ((PARTINGS[MODES_DIFFER] as number) + (PARTINGS[VMAS_DIFFER] as number) > 0) {
    PARTING.fill(EQUAL);
    PARTINGS.fill(0);
  }
  NOT_COMPARABLE[0] = 0;
};

/** Judges the op at hand, which both sides have performed. */
export const judgeStep = (): void => {
  const parted = isParted();
  PARTED[0] = Number(parted);
  PARTED[1] = Number(parted);
  judgeSide(0);
  judgeSide(1);
  const alike = OUTCOME[0] === OUTCOME[1];
  if (parted) NOT_COMPARABLE[0] = (NOT_COMPARABLE[0] as number) + 1;
  else if (!alike) reportBetween(causeOfErrno());
  if (!mayPart(alike)) return;
  compare(OP[PROC] as number);
  if (OP[KIND] === REVOKE) compareAll();
  if (OP[KIND] === FORK && OP[CHILD] !== OP[PROC]) compare(OP[CHILD] as number);
  const differ = (PARTINGS[VMAS_DIFFER] as number) > 0;
  if (!parted && differ && alike) reportBetween(causeOfEffect());
};

const judgeSide = (s: number): void => {
  beginStep(s);
  TROUBLE[s] = 0;
  normaliseChanges(s);
  applyOp(s);
  settle(s);
  runChecks(s);
};

/** A finding between the sides; where a mapping went wrong on one of them, that says it. */
const reportBetween = (cause: number): void => {
  if (TROUBLE[0] === 0 && TROUBLE[1] === 0) report(1, ERRNO, cause);
};

/** Cache modes matter only to what reserves; VMAs matter to every op. */
const isParted = (): boolean => {
  if ((PARTINGS[VMAS_DIFFER] as number) > 0) return true;
  return (PARTINGS[MODES_DIFFER] as number) > 0 && (OP[KIND] === MMAP || OP[KIND] === FORK);
};

/** Whether the op can have made equal sides different, or different ones equal. */
const mayPart = (alike: boolean): boolean => {
  const kind = OP[KIND];
  if ((PARTINGS[MODES_DIFFER] as number) + (PARTINGS[VMAS_DIFFER] as number) > 0) return true;
  if (!alike || TROUBLE[0] !== 0 || TROUBLE[1] !== 0) return true;
  if (kind === MPROTECT || kind === MADVISE || kind === MSEAL || kind === FORK) return true;
  return OUTCOME[0] !== 0 && kind !== TOUCH;
};

/** A revoke by a process that lives on one side only takes pages there only, from all. */
const compareAll = (): void => {
  for (let s = 0; s < 2; s++) {
    for (let at = 0; at < (KNOWN_COUNT[s] as number); at++) {
      const p = KNOWN[(s << PROC_SHIFT) + at] as number;
      if (LIVING[p] === 1) compare(p - placeOf(s, 0));
    }
  }
};

const compare = (proc: number): void => {
  const was = PARTING[proc] as number;
  const is = difference(placeOf(0, proc), placeOf(1, proc));
  if (was === is) return;
  PARTING[proc] = is;
  PARTINGS[was] = (PARTINGS[was] as number) - 1;
  PARTINGS[is] = (PARTINGS[is] as number) + 1;
};

const difference = (mine: number, other: number): number => {
  if (LIVING[mine] === 0 || LIVING[other] === 0) {
    return LIVING[mine] === LIVING[other] ? EQUAL : VMAS_DIFFER;
  }
  if (vmasDiffer(mine, other)) return VMAS_DIFFER;
  const held = (HELD[mine] as number) | (HELD[other] as number);
  const off =
    ((COPIED[mine] as number) ^ (COPIED[other] as number)) |
    ((TAKEN[mine] as number) ^ (TAKEN[other] as number));
  if ((off & held) !== 0) return VMAS_DIFFER;
  for (let pages = held; pages !== 0; pages &= pages - 1) {
    const page = lowestOf(pages);
    if (modeOf(mine, page) !== modeOf(other, page)) return MODES_DIFFER;
  }
  return EQUAL;
};

/** The mode that a page's unit has, or -1 where the page is in none. */
const modeOf = (p: number, page: number): number => {
  if ((((HELD[p] as number) >>> page) & 1) === 0) return -1;
  return UNIT_MODE[PAGE_UNIT[(p << PAGE_SHIFT) | page] as number] as number;
};

/** Compares what is seen of a process, VM_PAT aside. */
const vmasDiffer = (mine: number, other: number): boolean => {
  const mapped = MAPPED[mine] as number;
  if (mapped !== MAPPED[other] || BEGINS[mine] !== BEGINS[other]) return true;
  const bits =
    ((PRIVATE[mine] as number) ^ (PRIVATE[other] as number)) |
    ((READ[mine] as number) ^ (READ[other] as number)) |
    ((WRITE[mine] as number) ^ (WRITE[other] as number)) |
    ((DONTFORK[mine] as number) ^ (DONTFORK[other] as number)) |
    ((SEALED[mine] as number) ^ (SEALED[other] as number));
  if ((bits & mapped) !== 0) return true;
  for (let starts = BEGINS[mine] as number; starts !== 0; starts &= starts - 1) {
    const start = lowestOf(starts);
    if (VMA_PFN[(mine << PAGE_SHIFT) | start] !== VMA_PFN[(other << PAGE_SHIFT) | start])
      return true;
  }
  return false;
};
