/**
 * The memory of the flat engine: both models and the oracle of both sides, for worlds so small that
 * a set of pages is one integer. It belongs to the module, once for each thread, because V8 folds
 * constants into the code: arrays, and functions, which are constants here for that reason. Every
 * trace empties it first.
 *
 * Index names: `s` a side (0 before, 1 after), `p` a process of a side (placeOf()), `v` a virtual
 * page of a process (p * 32 + page), `u` a unit, `r` a reservation. A mask has a bit per page.
 */

/** Worlds and process ids that fit: a mask is a 32-bit integer that must stay positive. */
export const MOST_PAGES = 30;
export const PROC_SHIFT = 5;
export const MOST_PROCS = 1 << PROC_SHIFT;
const PLACES = 2 * MOST_PROCS;
export const PAGE_SHIFT = 5;
const PAGES = PLACES << PAGE_SHIFT;

/** The place of a process among those of both sides. */
export const placeOf = (s: number, proc: number): number => {
  return (s << PROC_SHIFT) | proc;
};

/** Pages [from, to). */
export const maskOf = (from: number, to: number): number => {
  return ((1 << (to - from)) - 1) << from;
};

/** The lowest page of a mask that is not empty. */
export const lowestOf = (mask: number): number => {
  return 31 - Math.clz32(mask & -mask);
};

/** The highest page of a mask, or -1. */
export const highestOf = (mask: number): number => {
  return 31 - Math.clz32(mask);
};

/** How many pages a mask has. */
export const countOf = (mask: number): number => {
  const pairs = mask - ((mask >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

/**
 * The same number, known to be an integer: what comes in as a parameter V8 would take for a number
 * with a fraction when it is stored.
 */
export const int = (number: number): number => number | 0;

/** Why a trace was given up and goes the readable way instead; 0 while it has not been. */
export const GAVE_UP = new Int32Array(32);

/** Gives the trace up: it does what the flat engine does not hold. */
export const giveUp = (): void => {
  GAVE_UP[0] = 1;
};

/** The op at hand, as numbers; `to` is -1 without MREMAP_FIXED. */
export const OP = new Int32Array(32);
export const KIND = 0;
export const PROC = 1;
export const AT = 2;
export const LENGTH = 3;
export const NEW_LENGTH = 4;
export const TO = 5;
export const PFN = 6;
export const VIA = 7;
export const PROT = 8;
/** Private for mmap, write for touch, late for fork. */
export const FLAG = 9;
export const ADVICE = 10;
export const CHILD = 11;

/** The world: pfns, vpages, room for VMAs (0: no limit), and whether the region is write-back. */
export const WORLD = new Int32Array(32);
export const WORLD_PFNS = 0;
export const WORLD_VPAGES = 1;
export const WORLD_MAPS = 2;
export const WORLD_WB = 3;

/** What the releases do, as bits of MmProfile's facts, by side. */
export const FACTS = new Int32Array(32);
export const EARLY_ROOM = new Int32Array(32);
export const MOVE_ROOM = new Int32Array(32);
/** The side's design: VM_PAT, else the refcounted one. */
export const IS_VM_PAT = new Int32Array(32);

/** Processes: alive, and by page whether it is in a VMA, begins one, and what its VMA has. */
export const ALIVE = new Int32Array(PLACES);
export const MAPPED = new Int32Array(PLACES);
export const BEGINS = new Int32Array(PLACES);
export const PRIVATE = new Int32Array(PLACES);
export const READ = new Int32Array(PLACES);
export const WRITE = new Int32Array(PLACES);
export const DONTFORK = new Int32Array(PLACES);
export const SEALED = new Int32Array(PLACES);
/** VM_PAT, and the page table: a pfn, or a page copied on write. */
export const TRACKED = new Int32Array(PLACES);
export const PRESENT = new Int32Array(PLACES);
export const ANON = new Int32Array(PLACES);

/** At the page where a VMA begins: its first pfn, cache mode, context (0: none), place in a file's tree. */
export const VMA_PFN = new Int32Array(PAGES);
export const VMA_MODE = new Int32Array(PAGES);
export const VMA_CONTEXT = new Int32Array(PAGES);
export const VMA_ORDER = new Float64Array(PAGES);

/** By side: VMAs linked and forks since boot, contexts made. */
export const LINKS = new Int32Array(32);
export const FORKS = new Int32Array(32);
export const CONTEXTS = new Int32Array(32);
export const CONTEXT_SHIFT = 12;
export const MOST_CONTEXTS = 1 << CONTEXT_SHIFT;
/** The contexts of the refcounted sides, by s * MOST_CONTEXTS + number from 1 on. */
export const CONTEXT_KREF = new Int32Array(2 * MOST_CONTEXTS);
export const CONTEXT_START = new Int32Array(2 * MOST_CONTEXTS);
export const CONTEXT_END = new Int32Array(2 * MOST_CONTEXTS);

/** Processes in order of birth, by side, and how many. */
export const BORN = new Int32Array(PLACES);
export const BORN_COUNT = new Int32Array(32);

/** Reservations of the models in the kernel's order, by s * MOST_ENTRIES, and how many. */
export const ENTRY_SHIFT = 7;
export const MOST_ENTRIES = 1 << ENTRY_SHIFT;
export const ENTRY_START = new Int32Array(2 * MOST_ENTRIES);
export const ENTRY_END = new Int32Array(2 * MOST_ENTRIES);
export const ENTRY_MODE = new Int32Array(2 * MOST_ENTRIES);
export const ENTRY_COUNT = new Int32Array(32);

/** What became of the op, by side: an errno's number (0: success). */
export const OUTCOME = new Int32Array(32);
/** Untracks that found no reservation in this op, by s * MOST_CHANGES, and how many. */
export const INVALID_START = new Int32Array(256);
export const INVALID_END = new Int32Array(256);
export const INVALID_COUNT = new Int32Array(32);
/** Whether a reservation was refused in this op, by side. */
export const REFUSED = new Int32Array(32);

/**
 * How the list changed in this op, by s * MOST_CHANGES, and how many changes. `came`: 1 came, 0
 * went, USED has found its owner. `home`: for one that came, the one that went and became this.
 */
export const CHANGE_SHIFT = 7;
export const MOST_CHANGES = 1 << CHANGE_SHIFT;
export const CHANGE_START = new Int32Array(2 * MOST_CHANGES);
export const CHANGE_END = new Int32Array(2 * MOST_CHANGES);
export const CHANGE_MODE = new Int32Array(2 * MOST_CHANGES);
export const CHANGE_CAME = new Int32Array(2 * MOST_CHANGES);
export const CHANGE_HOME = new Int32Array(2 * MOST_CHANGES);
export const CHANGE_COUNT = new Int32Array(32);
