/** A fault to plant in a kernel tree's source: what stands in a function becomes something else. */
export interface TreeFault {
  readonly release: string;
  readonly file: string;
  /** The function that it stands in. */
  readonly within: string;
  readonly from: RegExp;
  readonly to: string;
  /** What is forgotten, in words. */
  readonly words: string;
}

const PAT = "arch/x86/mm/pat/memtype.c";
const LIST = "arch/x86/mm/pat/memtype_interval.c";

/** Ten faults, as a patch could bring them. */
export const TREE_FAULTS: readonly TreeFault[] = [
  {
    release: "7.2",
    file: "mm/vma_init.c",
    within: "vma_pfnmap_track_ctx_dup",
    from: /\bkref_get\([^;]*;/,
    to: ";",
    words: "a VMA that is split or copied takes no reference to the tracking",
  },
  {
    release: "7.2",
    file: "mm/vma_init.c",
    within: "vma_pfnmap_track_ctx_release",
    from: /\bkref_put\([^;]*;/,
    to: ";",
    words: "a VMA that goes away does not put its reference",
  },
  {
    release: "7.2",
    file: "mm/memory.c",
    within: "pfnmap_track_ctx_release",
    from: /(\bpfnmap_untrack\([^;]*;)(\s*)(kfree\([^;]*;)/,
    to: "$3$2$1",
    words: "the tracking is used after the last put",
  },
  {
    release: "7.2",
    file: "mm/memory.c",
    within: "pfnmap_track_ctx_release",
    from: /->size\)/,
    to: "->size - PAGE_SIZE)",
    words: "a range is freed a page short",
  },
  {
    release: "7.2",
    file: "mm/memory.c",
    within: "pfnmap_track_ctx_alloc",
    from: /\bpfnmap_untrack\([^;]*;/,
    to: ";",
    words: "no memory for the tracking, and the reservation stays",
  },
  {
    release: "6.12",
    file: LIST,
    within: "memtype_erase",
    from: /\bmemtype_match\(start, end, MEMTYPE_END_MATCH\)/,
    to: "NULL",
    words: "the erase by end is skipped",
  },
  {
    release: "6.12",
    file: "mm/mremap.c",
    within: "",
    from: /\buntrack_pfn_clear\([^;]*;/,
    to: ";",
    words: "mremap() leaves the flag on the VMA that it moves away from",
  },
  {
    release: "6.12",
    file: "mm/memory.c",
    within: "",
    from: /\buntrack_pfn_copy\([^;]*;/,
    to: ";",
    words: "a fork that fails does not undo what it reserved",
  },
  {
    release: "6.12",
    file: PAT,
    within: "track_pfn_remap",
    from: /\bvm_flags_set\(vma, VM_PAT\)/,
    to: "(void)0",
    words: "a mapping is not told that it is tracked",
  },
  {
    release: "6.12",
    file: PAT,
    within: "memtype_free",
    from: /\bkfree\(entry_old\);/,
    to: ";",
    words: "an entry that leaves the list is not given back",
  },
];

/** A change that means nothing, which nothing may be said of. */
export const NO_FAULT: readonly TreeFault[] = ["7.2", "6.12"].map((release) => ({
  release,
  file: PAT,
  within: "memtype_free",
  from: /\bkfree\(entry_old\);/,
  to: "kfree(entry_old); (void)0;",
  words: "nothing: a statement without effect",
}));

/** A file's text with the fault in it; throws where it does not stand there just once. */
export function withFault(text: string, { file, within, from, to, words }: TreeFault): string {
  const start =
    within === "" ? 0 : text.search(new RegExp(`^[\\w *]*\\b${within}\\([^;]*?\\)\\s*\\{`, "m"));
  const end = within === "" ? text.length : text.indexOf("\n}", start);
  const body = text.slice(start, end);
  const places = body.match(new RegExp(from, "g"))?.length ?? 0;
  if (start < 0 || places !== 1) {
    throw new Error(`${file}: ${places} places for a fault (${words})`);
  }
  return text.slice(0, start) + body.replace(from, to) + text.slice(end);
}
