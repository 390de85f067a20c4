import { madvise, mlock, mmap, mprotect, mseal, touch } from "./calls.ts";
import { ESRCH, OK } from "./errno.ts";
import {
  ADVICE,
  ALIVE,
  AT,
  BORN,
  BORN_COUNT,
  CHANGE_COUNT,
  CHILD,
  CONTEXTS,
  ENTRY_COUNT,
  FORKS,
  INVALID_COUNT,
  KIND,
  LENGTH,
  LINKS,
  OP,
  OUTCOME,
  placeOf,
  PROC,
  PROC_SHIFT,
  REFUSED,
} from "./memory.ts";
import { mremap } from "./mremap.ts";
import { exitMmap, fork, revoke, spawn } from "./processes.ts";
import { munmap } from "./vmas.ts";
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

/** A fresh boot of a side: no process, no reservation. */
export const boot = (s: number): void => {
  for (let at = 0; at < (BORN_COUNT[s] as number); at++) {
    const p = BORN[(s << PROC_SHIFT) + at] as number;
    ALIVE[p] = 0;
  }
  BORN_COUNT[s] = 0;
  ENTRY_COUNT[s] = 0;
  LINKS[s] = 0;
  FORKS[s] = 0;
  CONTEXTS[s] = 0;
};

/** Performs the op at hand on one side (Machine.apply()). */
export const perform = (s: number): void => {
  CHANGE_COUNT[s] = 0;
  INVALID_COUNT[s] = 0;
  REFUSED[s] = 0;
  const p = placeOf(s, OP[PROC] as number);
  if (OP[KIND] === SPAWN) {
    spawn(s, p);
    OUTCOME[s] = OK;
  } else {
    OUTCOME[s] = ALIVE[p] === 1 ? call(s, p) : ESRCH;
  }
};

const call = (s: number, p: number): number => {
  switch (OP[KIND]) {
    case MMAP:
      return mmap(s, p);
    case MUNMAP:
      return munmap(s, p, OP[AT] as number, OP[LENGTH] as number);
    case MREMAP:
      return mremap(s, p);
    case MPROTECT:
      return mprotect(s, p);
    case MADVISE:
      return madvise(s, p, OP[ADVICE] as number);
    case TOUCH:
      return touch(p);
    case FORK:
      return fork(s, p, placeOf(s, OP[CHILD] as number));
    case EXIT:
      exitMmap(s, p);
      ALIVE[p] = 0;
      return OK;
    case MLOCK:
    case MUNLOCK:
      return mlock(p);
    case MSEAL:
      return mseal(s, p);
    case REVOKE:
      revoke(s);
      return OK;
    default:
      throw new Error(`flat: there is no op ${OP[KIND]}`);
  }
};
