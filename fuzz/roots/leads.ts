import { isBetweenSides } from "../../src/oracle/verdict.ts";
import { type JudgedFinding, type Symptom, SYMPTOMS } from "../../src/oracle/finding.ts";
import { isOfKernel } from "../../src/oracle/severity.ts";
import { type Op, rowOf } from "../../src/trace/op.ts";

/**
 * What a side shows on the way to a finding. A `bridge` is a request that would have been granted in
 * another mode, and is refused since a page still reserved lies beside one of yet another. `untied` is
 * a VMA that has lost its flag and maps pages still; `answer` is an errno between the sides of an op
 * that asks for a reservation, so that what was reserved may explain it, as it cannot explain any other
 * `errno`.
 */
export type Sign = Symptom | "bridge" | "untied" | "answer";

/** The signs as they come up within one op: on its way, in its answer, in what it leaves. */
const SIGNS = [
  "errno",
  "untied",
  "warning",
  "wrong-owner-untrack",
  "double-untrack",
  "bug",
  "crash",
  "hang",
  "answer",
  "bridge",
  "refused",
  "missed-conflict",
  "stale-memtype",
  "refcount",
  "untracked-mapping",
  "mode-mismatch",
  "leak",
  "over-retention",
  "alias",
  "kernel-leak",
] as const satisfies readonly Sign[];

const FOLLOWING = SYMPTOMS.filter((symptom) => !isOfKernel(symptom));

const REQUESTS: readonly Sign[] = ["answer", "refused", "stale-memtype", "missed-conflict"];
const HELD_TOO_LONG: readonly Sign[] = ["leak", "over-retention", "bridge", ...REQUESTS];
const GONE_TOO_SOON: readonly Sign[] = ["untracked-mapping", "mode-mismatch", "alias", ...REQUESTS];

/**
 * What each sign may lead to on its side. An errno parts the sides, and then anything may follow; a
 * reservation that is kept never makes another one vanish. Over-retention alone refuses no bridge: what
 * lies beside it has to be there too, so that is a beginning of its own.
 */
const LEADS: Readonly<Record<Sign, readonly Sign[]>> = {
  errno: FOLLOWING,
  crash: [],
  bug: [],
  hang: [],
  "kernel-leak": [],
  untied: ["warning", "wrong-owner-untrack", "double-untrack", ...HELD_TOO_LONG],
  warning: ["double-untrack", "refcount", ...HELD_TOO_LONG],
  "wrong-owner-untrack": ["double-untrack", ...HELD_TOO_LONG, ...GONE_TOO_SOON],
  "double-untrack": ["wrong-owner-untrack", ...HELD_TOO_LONG],
  answer: FOLLOWING.filter((symptom) => symptom !== "errno"),
  bridge: ["over-retention"],
  refused: ["over-retention"],
  "missed-conflict": ["mode-mismatch", "alias"],
  "stale-memtype": [],
  refcount: [
    "warning",
    "wrong-owner-untrack",
    "double-untrack",
    ...HELD_TOO_LONG,
    ...GONE_TOO_SOON,
  ],
  "untracked-mapping": ["double-untrack", "leak", ...GONE_TOO_SOON],
  "mode-mismatch": ["alias", ...REQUESTS],
  leak: ["wrong-owner-untrack", ...REQUESTS],
  "over-retention": REQUESTS,
  alias: [],
};

/** What a sign comes to: a request that went wrong, a reservation kept too long or gone too soon, or itself. */
export function comesTo(sign: Sign): string {
  if (sign === "bridge" || REQUESTS.includes(sign)) return "request";
  if (HELD_TOO_LONG.includes(sign)) return "held-too-long";
  return GONE_TOO_SOON.includes(sign) ? "gone-too-soon" : sign;
}

/** The place of a sign among those of one op. */
export function placeOf(sign: Sign): number {
  return SIGNS.findIndex((one) => one === sign);
}

/** Whether one sign may have led to another of the same side, at a later step or within one op. */
export function mayLead(from: Sign, to: Sign, atOnce: boolean): boolean {
  if (from === to || (atOnce && placeOf(from) >= placeOf(to))) return false;
  return LEADS[from].includes(to);
}

/** What a finding is a sign of, found at an op. */
export function signOf(finding: JudgedFinding, op: Op): Sign {
  if (finding.symptom === "refused" && finding.cause === "bridge") return "bridge";
  if (!isBetweenSides(finding)) return finding.symptom;
  return rowOf(op.op).allocates.includes("memtype") ? "answer" : "errno";
}
