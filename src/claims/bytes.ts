/**
 * What tracking costs in memory, on x86-64, by the layouts of 7.2: struct memtype in
 * arch/x86/mm/pat/memtype.h, struct pfnmap_track_ctx and vm_area_struct in include/linux/mm_types.h.
 */

const WORD = 8;
const RB_NODE = 3 * WORD;
const CACHE_LINE = 64;

/** start, end, subtree_max_end, type (padded) and the tree's node; kmalloc() gives 64. */
export const MEMTYPE = { bytes: 4 * WORD + RB_NODE, slab: 64 } as const;

/** kref (padded), pfn and size; kmalloc() gives 32. */
export const TRACK_CTX = { bytes: 3 * WORD, slab: 32 } as const;

/** Three cache lines, which vm_area_struct must not outgrow. */
export const VMA_BUDGET = 3 * CACHE_LINE;

/** From vm_start to numab_state, with per-VMA locks, swap and NUMA balancing. */
const FIRST_LINES = 16 * WORD;

/** vm_refcnt (padded), the shared tree's node and last, anon_name, vm_userfaultfd_ctx. */
const THIRD_LINE = WORD + RB_NODE + WORD + WORD + WORD;

/** The pointer to the context; VM_PAT was one bit of vm_flags. */
export const CTX_POINTER = WORD;

/** What the fields of vm_area_struct take, before and after the series. */
export const VMA_BYTES = {
  before: FIRST_LINES + THIRD_LINE,
  after: FIRST_LINES + THIRD_LINE + CTX_POINTER,
} as const;
