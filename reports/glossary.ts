/** The words that a newcomer meets first, in the order in which they build on each other. */
export const GLOSSARY: Readonly<Record<string, string>> = {
  pfn: "number of a physical page; here of a page that is no RAM, such as device memory",
  "cache mode":
    "how the CPU caches a page: WB (write-back), WC (write-combining), UC- (uncached-minus), ...; two mappings of a page must agree on it",
  reservation:
    "an entry of the kernel's memtype list: a range of pfns that is to be mapped with one cache mode",
  track:
    "to reserve the range of a mapping when it is made, and to untrack: to give it back when it goes",
  before:
    "the side that is compared with; unless --before says other, the design of kernels up to 6.15: each VMA has a flag, VM_PAT, and untracking finds the range again from page tables",
  after:
    "the side that is asked about; unless --after says other, the design from 6.16 on: a counted context, shared by split, mremap and fork, holds the range until its last VMA goes",
  trace: "a world and a list of operations (pfndiff help ops): all that a finding needs",
  finding:
    "a symptom (pfndiff help symptoms) at a step of a trace on one side, with its cause; verdict:symptom:cause is its signature",
  verdict:
    "what became of it from before to after: fixed, kept, introduced, changed; parted says nothing of the designs",
  root: "the fault from which a group of findings follows",
};
