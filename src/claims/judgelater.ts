import { counted, plural } from "../counted.ts";
import { CTX_POINTER, MEMTYPE, TRACK_CTX, VMA_BUDGET, VMA_BYTES } from "./bytes.ts";
import type { JudgedClaim } from "./claim.ts";
import {
  comparisonText,
  differsWithin,
  symptomsText,
  witnessAfter,
  witnessOfDifference,
} from "./explored.ts";
import type { Compared, Evidence } from "./gather.ts";
import { kernelsText, orWitness, share, witnessOf } from "./words.ts";

/** Whether anybody cares cannot be counted; what they would notice can. */
export function fewCare(evidence: Evidence): JudgedClaim {
  const { before, after } = evidence;
  const said = ({ facts }: Evidence["before"], when: string) => {
    const { refused, changed, pageOps } = facts.retained;
    return (
      counted`${when}, of ${plural(facts.mmaps, "mmap()")} what stayed reserved refused ${refused} ` +
      counted`(${share(refused, facts.mmaps)}) and silently changed the cache mode of ${changed} ` +
      counted`(${share(changed, facts.mmaps)}); it stayed for ${pageOps} page-ops.`
    );
  };
  return {
    number: 4,
    claim: "Nobody is likely to care that a partial unmap leaves the rest reserved.",
    judgement: "open",
    evidence: [
      said(before, "Before"),
      said(after, "After"),
      "Both numbers are of random traces that map the same few pages over and over: they say what " +
        "can happen and how the designs compare, not how often a real program meets it.",
      ...kernelsText(
        evidence,
        "after",
        ({ mmaps, retained }) =>
          counted`${retained.refused} refused and ${retained.changed} changed of ${mmaps}`,
      ),
    ],
    ...witnessOf(evidence, "retention-matters"),
  };
}

function comparedText({ base, variant, steps, differing }: Compared): string {
  return counted`${variant} against ${base}: ${plural(differing, "step")} of ${steps} differ in result, list or log.`;
}

/** The clean-ups that followed, each as a variant that goes without it. */
export function cleanUps(evidence: Evidence): JudgedClaim {
  const { eraseByEnd, laxFork, explored } = evidence;
  const eraseSame = eraseByEnd.differing === 0 && !differsWithin(explored["erase-by-end"]);
  const forkSame = laxFork.differing === 0 && !differsWithin(explored["lax-fork"]);
  return {
    number: 7,
    claim:
      "The clean-ups that followed, no erase by end and no strict reservation on fork, change nothing.",
    judgement: eraseSame && forkSame ? "holds" : eraseSame ? "partly" : "fails",
    evidence: [
      comparedText(eraseByEnd),
      `${plural(eraseByEnd.freed, "reservation")} went in those traces, each by an equal match.`,
      ...comparisonText(explored["erase-by-end"]),
      comparedText(laxFork),
      `${plural(laxFork.forks, "fork")} succeeded in those traces. After the series fork reserves ` +
        "nothing, so strictness has no caller left.",
      ...comparisonText(explored["lax-fork"]),
    ],
    ...orWitness(
      witnessOfDifference(explored["erase-by-end"], "erase-by-end") ??
        witnessOfDifference(explored["lax-fork"], "lax-fork"),
      witnessOf(evidence, "erase-by-end-differs", "lax-fork-differs"),
    ),
  };
}

/** How often the line about an invalid free came. */
export function louder(evidence: Evidence): JudgedClaim {
  const { before, after } = evidence;
  const { series } = evidence.explored;
  const against = witnessAfter(series, ["double-untrack"]);
  const never = after.facts.invalidFrees === 0 && against === undefined;
  const [was, is] = [before.facts.invalidFrees, after.facts.invalidFrees];
  return {
    number: 8,
    claim:
      'The line "freeing invalid memtype" is now much harder to trigger, so that it could be louder.',
    judgement: never && was > 0 ? "holds" : is * 10 < was ? "partly" : "fails",
    evidence: [
      counted`Logged ${was} times in ${plural(before.facts.ops, "op")} before, ${is} times after.`,
      ...symptomsText(series, ["double-untrack"]),
      ...kernelsText(evidence, "before", (facts) => counted`${facts.invalidFrees} lines`),
      ...kernelsText(evidence, "after", (facts) => counted`${facts.invalidFrees} lines`),
    ],
    ...orWitness(against, witnessOf(evidence, "invalid-free-after", "invalid-free")),
  };
}

/** What each design costs in memory. */
export function cost(evidence: Evidence): JudgedClaim {
  const { before, after } = evidence;
  const fits = VMA_BYTES.after <= VMA_BUDGET;
  return {
    number: 9,
    claim: `It fits: the tracking costs no memory that matters, and vm_area_struct stays within ${VMA_BUDGET} bytes.`,
    judgement: fits ? "holds" : "fails",
    evidence: [
      `A VMA: before, one bit of its flags; after, a pointer of ${CTX_POINTER} bytes. The fields of ` +
        `vm_area_struct take ${VMA_BYTES.before} bytes without it and ${VMA_BYTES.after} with it; cache ` +
        `line alignment makes both ${VMA_BUDGET} (include/linux/mm_types.h of 7.2, x86-64, with ` +
        "per-VMA locks, swap, NUMA balancing, VMA names and userfaultfd, without lock debugging).",
      `A mapping: before, one struct memtype of ${MEMTYPE.bytes} bytes (${MEMTYPE.slab} from the slab); after, ` +
        `that and a struct pfnmap_track_ctx of ${TRACK_CTX.bytes} bytes (${TRACK_CTX.slab} from the slab): ` +
        `${MEMTYPE.slab} against ${MEMTYPE.slab + TRACK_CTX.slab} (arch/x86/mm/pat/memtype.h, include/linux/mm_types.h).`,
      `A fork: before, another struct memtype for each tracked VMA that is copied ` +
        counted`(${before.facts.reservedByFork} in ${plural(before.facts.forks, "fork")} of the campaign); after, ` +
        counted`nothing (${after.facts.reservedByFork} in ${after.facts.forks}).`,
    ],
  };
}
