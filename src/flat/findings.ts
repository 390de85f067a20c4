/** The findings of both sides as numbers; a campaign counts millions of them and shows a few. */
import { type CauseId, opCause } from "../oracle/causes.ts";
import { type Symptom, SYMPTOMS } from "../oracle/finding.ts";
import { SYSCALL_KINDS } from "../trace/op.ts";
import { PARTED, STEP } from "./ledger.ts";
import { giveUp, int, KIND, OP } from "./memory.ts";

const symptomNumber = (symptom: Symptom): number => SYMPTOMS.indexOf(symptom);

export const LEAK = symptomNumber("leak");
export const OVER_RETENTION = symptomNumber("over-retention");
export const DOUBLE_UNTRACK = symptomNumber("double-untrack");
export const WRONG_OWNER = symptomNumber("wrong-owner-untrack");
export const REFUSED_MAPPING = symptomNumber("refused");
export const STALE_MEMTYPE = symptomNumber("stale-memtype");
export const ERRNO = symptomNumber("errno");

/** By s * MOST_FINDINGS, and how many. */
export const FINDING_SHIFT = 10;
export const MOST_FINDINGS = 1 << FINDING_SHIFT;
export const FINDING_SYMPTOM = new Int32Array(2 * MOST_FINDINGS);
export const FINDING_CAUSE = new Int32Array(2 * MOST_FINDINGS);
export const FINDING_STEP = new Int32Array(2 * MOST_FINDINGS);
export const FINDING_PARTED = new Int32Array(2 * MOST_FINDINGS);
/** What tells occurrences apart in kind: NO_KIND, an errno's number, or MODE_KIND + a cache mode. */
export const FINDING_KIND = new Int32Array(2 * MOST_FINDINGS);
export const FINDING_COUNT = new Int32Array(32);
export const NO_KIND = 0;
export const MODE_KIND = 24;

/** Adds a finding of a side at this step. */
export const report = (s: number, symptom: number, cause: CauseId, kind = NO_KIND): void => {
  const count = FINDING_COUNT[s] as number;
  const at = (s << FINDING_SHIFT) + count;
  FINDING_SYMPTOM[at] = int(symptom);
  FINDING_CAUSE[at] = int(cause);
  FINDING_STEP[at] = STEP[s] as number;
  FINDING_PARTED[at] = PARTED[s] as number;
  FINDING_KIND[at] = int(kind);
  if (count + 1 === MOST_FINDINGS) giveUp();
  else FINDING_COUNT[s] = count + 1;
};

const OP_CAUSES = Int32Array.from({ length: 32 }, (_, at) => {
  const kind = SYSCALL_KINDS[at];
  return kind === undefined ? 0 : opCause(kind);
});

/** The cause of last resort: the op at hand. */
export const causeOfOp = (): CauseId => {
  return OP_CAUSES[OP[KIND] as number] as number;
};
