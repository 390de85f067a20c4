import { grouped, plural } from "../numbers.ts";
import type { FindingStatus, ReportClaim, ReportData, ReportFinding } from "../data.ts";
import type { Design } from "../../src/trace/recording.ts";
import type { Side } from "../../src/oracle/finding.ts";
import type { Symptom, Verdict } from "../../src/oracle/severity.ts";

/** What a symptom is called, and what it means to someone who meets it for the first time. */
export const SYMPTOM_TEXT: Readonly<Record<Symptom, { name: string; meaning: string }>> = {
  crash: {
    name: "Crash",
    meaning: "the kernel's code reads or writes where no memory is, and dies",
  },
  bug: {
    name: "BUG",
    meaning: "the kernel meets a BUG, corrupts a list, or takes a lock that it holds",
  },
  hang: {
    name: "Hang",
    meaning: "a call never comes to its end",
  },
  "kernel-leak": {
    name: "Kernel leak",
    meaning: "memory of the kernel's own is still in use once no process is left",
  },
  leak: {
    name: "Leak",
    meaning: "a reservation that no mapping owns any more and that nothing will ever free",
  },
  "over-retention": {
    name: "Over-retention",
    meaning: "pages that stay reserved for a while after their last mapping is gone",
  },
  "double-untrack": {
    name: "Double untrack",
    meaning: "the kernel frees a range for which there is no reservation",
  },
  "wrong-owner-untrack": {
    name: "Wrong-owner untrack",
    meaning: "freeing one mapping's range takes another mapping's reservation",
  },
  "untracked-mapping": {
    name: "Untracked mapping",
    meaning: "pages are mapped, and no reservation guards their cache mode",
  },
  refused: {
    name: "Refused",
    meaning: "a call fails for a conflict that exact tracking would not see",
  },
  "stale-memtype": {
    name: "Stale memtype",
    meaning: "a mapping silently gets another cache mode than it asked for",
  },
  alias: {
    name: "Alias",
    meaning: "one physical page is mapped with two cache modes at the same time",
  },
  "missed-conflict": {
    name: "Missed conflict",
    meaning: "a mapping is granted although a live one uses another cache mode",
  },
  "mode-mismatch": {
    name: "Mode mismatch",
    meaning: "a page is mapped with another cache mode than its reservation has",
  },
  errno: { name: "Different result", meaning: "the two sides return different results" },
  refcount: {
    name: "Reference count",
    meaning: "a context's count is not the number of mappings that hold it",
  },
  warning: { name: "Kernel warning", meaning: "the kernel warns" },
};

/** What became of a symptom, as a word, a mark that needs no colour, and a sentence. */
export const VERDICT_TEXT: Readonly<
  Record<Verdict, { name: string; mark: string; meaning: string }>
> = {
  introduced: { name: "introduced", mark: "+", meaning: "only after" },
  changed: { name: "changed", mark: "~", meaning: "on both sides, in different ways" },
  kept: { name: "kept", mark: "=", meaning: "on both sides" },
  fixed: { name: "fixed", mark: "−", meaning: "only before" },
  parted: {
    name: "parted",
    mark: "≠",
    meaning: "only where the sides had parted: no statement about either design",
  },
};

export const STATUS_TEXT: Readonly<
  Record<FindingStatus, { name: string; mark: string; meaning: string }>
> = {
  new: { name: "not accepted", mark: "▲", meaning: "the baseline does not have it" },
  changed: {
    name: "other verdict",
    mark: "↔",
    meaning: "the baseline accepts it with another verdict",
  },
  vanished: {
    name: "vanished",
    mark: "∅",
    meaning: "accepted, and its own trace shows it no more",
  },
  known: { name: "accepted", mark: "•", meaning: "in the baseline, with a reason" },
};

export const JUDGEMENT_TEXT: Readonly<
  Record<ReportClaim["judgement"], { name: string; mark: string }>
> = {
  holds: { name: "holds", mark: "✓" },
  partly: { name: "holds with exceptions", mark: "◐" },
  fails: { name: "does not hold", mark: "✗" },
  open: { name: "not decided here", mark: "–" },
};

export const SIDE_NAME: Readonly<Record<Side, string>> = { before: "Before", after: "After" };

/** `Before, legacy@6.12`: the side and what ran there. */
export function sideName(campaign: Pick<ReportData["campaign"], Side>, side: Side): string {
  return `${SIDE_NAME[side]}, ${campaign[side]}`;
}

/** The design that a side shows, by any finding that tells. */
export function designOf({ findings }: ReportData, side: Side): Design | undefined {
  return findings.find((finding) => isMet(finding) && finding[side].design !== undefined)?.[side]
    .design;
}

/** Causes by what a person did; any other cause names an operation, and what it returned. */
const CAUSE_TEXT: Readonly<Record<string, string>> = {
  none: "",
  "unmap-head": "after unmapping the head of a mapping",
  "unmap-middle": "after unmapping the middle of a mapping",
  "unmap-tail": "after unmapping the tail of a mapping",
  "unmap-whole": "after unmapping a mapping",
  replace: "after replacing pages by MAP_FIXED",
  shrink: "after shrinking a mapping by mremap()",
  split: "after splitting a mapping",
  "move-head": "after moving the head of a mapping",
  "move-middle": "after moving the middle of a mapping",
  "move-tail": "after moving the tail of a mapping",
  cow: "after copy-on-write of a page",
  "cow-head": "after copy-on-write of the first page",
  "end-match": "after freeing by end address",
  "equal-match": "after freeing an equal range of another owner",
  retained: "because of a page still reserved",
  bridge: "between a page still reserved and another mode",
  leaked: "because of a leaked reservation",
};

/** Goals of a campaign by what a person reads for them. */
export const GOAL_TEXT: Readonly<Record<string, string>> = {
  split: "split while tracked",
  "munmap-head": "partial munmap of the head",
  "munmap-middle": "partial munmap of the middle",
  "munmap-tail": "partial munmap of the tail",
  "mremap-shrink": "shrink by mremap",
  "move-whole": "move of a whole mapping",
  "move-piece": "move of a piece",
  "fork-split": "fork of a split mapping",
  "fork-fails": "failing fork",
  "mmap-refused": "refused mapping",
  "mmap-replaces": "MAP_FIXED replacement",
  "cow-first": "copy-on-write of a first page",
};

/** A finding's headline: `Leak after unmapping the head of a mapping`. */
export function headline(finding: Pick<ReportFinding, "symptom" | "cause">): string {
  return `${SYMPTOM_TEXT[finding.symptom].name} ${causeText(finding.cause)}`.trim();
}

/** A cause in words; one that names a call may also name what it returned on either side. */
function causeText(cause: string): string {
  const known = CAUSE_TEXT[cause];
  if (known !== undefined) return known;
  const [call = "", was, to, is] = cause.split("-");
  if (to === "to") return `of ${call}(): ${was} before, ${is} after`;
  if (to === "effect") return `of ${call}(): ${was} on both sides, and yet other mappings`;
  return `of ${call}()`;
}

/** Whether the campaign met a finding, or the gate objects to it: what else the baseline has is folded away. */
export function isMet({ firstRun, status }: Pick<ReportFinding, "firstRun" | "status">): boolean {
  return firstRun !== null || status === "vanished" || status === "changed";
}

/** How many findings that concern this campaign have each status. */
export function statusCounts(report: ReportData): Readonly<Record<FindingStatus, number>> {
  const counts = { new: 0, changed: 0, vanished: 0, known: 0 };
  for (const finding of report.findings) {
    if (finding.status !== null && isMet(finding)) counts[finding.status] += 1;
  }
  return counts;
}

/** The verdict of the whole report, in one line. */
export function verdictLine(report: ReportData): string {
  const counts = statusCounts(report);
  if (report.gate === null) {
    const told = report.findings.filter(({ verdict }) => verdict !== "parted").length;
    const { before, after } = report.campaign;
    return `${plural(told, "finding")}; nothing is accepted for ${before} against ${after}`;
  }
  const missed = report.campaign.goalsMissed.length;
  if (report.gate.passed) {
    return missed === 0
      ? "Nothing unexpected"
      : `Nothing unexpected, yet ${plural(missed, "goal")} missed`;
  }
  const parts = (["new", "changed", "vanished"] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => `${grouped(counts[status])} ${STATUS_TEXT[status].name}`);
  return parts.length === 0 ? "The gate failed" : `Unexpected: ${parts.join(", ")}`;
}

/** Where a reference can be looked up: a commit of Linux, a message of its lists, a web address; else null. */
export function addressOf(ref: string): string | null {
  if (/^https?:\/\/\S+$/.test(ref)) return ref;
  const commit = /^([0-9a-f]{12}) \(".+"\)$/.exec(ref)?.[1];
  if (commit !== undefined) return `https://git.kernel.org/linus/${commit}`;
  return /^[^\s@<>]+@[^\s@<>]+$/.test(ref)
    ? `https://lore.kernel.org/r/${encodeURIComponent(ref)}/`
    : null;
}
