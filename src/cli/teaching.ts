import { knownBackends } from "./backends.ts";
import { exitText, TOPIC_NAMES } from "./topics.ts";

/** What stands below the commands in the help of the whole program. */
export const teaching = (columns: number) => `
pfndiff compares two designs of the tracking of PFN mappings by x86 PAT in
Linux: VM_PAT (up to 6.15, "before") and the refcounted one (from 6.16, "after").
It drives both with the same mmap, munmap, mremap, fork, ... sequences and says
what became of every fault: fixed, kept, introduced or changed.

First commands:
  pfndiff fuzz --runs 3000 --seed 1        look for differences; results go to .pfndiff/
  pfndiff replay scenario:munmap-head      a known bug, step by step, both sides
  pfndiff report --format html > out.html  the last campaign, for a browser
  pfndiff sandbox > s.html                 both designs in a page, to try things out
  pfndiff conform                          do the models still agree with real kernels?
  pfndiff gate                             for CI: fails on what nobody has accepted

Real kernels, under QEMU:
  pfndiff doctor                           what they need, and what of it is missing
  pfndiff kernel fetch 6.12                fetch Debian's kernel of a release
  pfndiff conform --live kernel:6.12       random traces: does the model do what it does?
  pfndiff fuzz --before kernel:6.12 --after kernel:7.2 --runs 100

Backends: ${knownBackends().join(", ")}
  (legacy and modern alone are the newest of each)

Files: a trace is one JSON object, or one per line (JSONL); "-" is standard
input. Data goes to stdout, progress to stderr.

Exit status:
${exitText(columns)}
More: pfndiff help COMMAND, or help ${TOPIC_NAMES.join(", help ")}
`;
