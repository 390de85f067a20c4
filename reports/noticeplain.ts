import type { WitnessStep } from "../fuzz/roots/witness.ts";
import type { Finding, Symptom, Verdict } from "../src/oracle/finding.ts";
import type { Step } from "../src/trace/recording.ts";

/** What a plain clause is made of: a finding, the step at which it shows, and what outlives it. */
export interface Noticed {
  readonly finding: Pick<Finding, "symptom" | "side"> & { readonly verdict: Verdict };
  /** Absent where the witness has no such step. */
  readonly step: WitnessStep | undefined;
  /** There is a leak of the same verdict by the time at which every process has exited. */
  readonly staysForGood: boolean;
}

const WHERE: Readonly<Record<Verdict, string>> = {
  introduced: "Introduced (only after)",
  changed: "Changed (on both sides, in different ways)",
  kept: "Kept (on both sides)",
  fixed: "Fixed (only before)",
  parted: "Not comparable",
};

const WRONG_ORDER = "combined and reordered where they must not be";

const STAYS =
  "the memory type stays set until the next boot, so later mappings of these pages may fail or get another cache mode";

/** Where both a price and a leak show, which may be of different pages. */
const STAYS_LONGER =
  "the memory type stays set after the last mapping of a page is gone, of some pages until the next boot, so later mappings of them may fail or get another cache mode";

type Clause = string | ((noticed: Noticed) => string);

const CLAUSES: Readonly<Record<Symptom, Clause>> = {
  crash: "the kernel crashes",
  bug: "the kernel stops at a BUG, or corrupts what it works on",
  hang: "a call never returns",
  alias: `one page is mapped in two cache modes at once: accesses to it may be ${WRONG_ORDER}, or see stale data`,
  "missed-conflict": `a mapping is granted although another one has the page in another cache mode: accesses to it may be ${WRONG_ORDER}, or see stale data`,
  "untracked-mapping": `pages are mapped and nothing guards their cache mode: another mapping of them may get another one, and accesses may then be ${WRONG_ORDER}`,
  "wrong-owner-untrack":
    "unmapping one mapping takes what guards the cache mode of another, so a third may map the same pages in another mode",
  refcount:
    "a count inside the kernel is wrong: nothing shows yet, but a memory type may be given up too early or never",
  "double-untrack": doubleText,
  leak: STAYS,
  "kernel-leak": "the kernel keeps memory that no process uses any more",
  "mode-mismatch": `a page is mapped in another cache mode than the kernel has noted for it: accesses may be slow, or ${WRONG_ORDER}`,
  "stale-memtype": `a mapping gets another cache mode than it asked for: accesses to the device may be slow, or ${WRONG_ORDER}`,
  refused: refusedText,
  warning: "the kernel warns in its log (and stops, with panic_on_warn)",
  "over-retention":
    "the memory type stays set for a time after the last mapping of the page is gone, so until then new mappings of it may fail or get another cache mode",
  errno: otherResultText,
};

/**
 * What a user of the machine notices, without a pfn or a word of the tracking: where (by the verdict),
 * then what the symptom comes to.
 */
export function plainClause(noticed: Noticed): string {
  const { verdict, symptom } = noticed.finding;
  const where = symptom === "errno" && verdict === "changed" ? "Changed" : WHERE[verdict];
  return `${where}: ${consequence(noticed)}`;
}

/** The same of a root's simplest sequence, behind the clause of a graver finding of the root. */
export function simplestClause(noticed: Noticed, graver: Noticed): string {
  const { verdict } = noticed.finding;
  const where = verdict === graver.finding.verdict ? "" : `, ${WHERE[verdict].toLowerCase()}`;
  // What stays for good is told once.
  const staysForGood = noticed.staysForGood && !graver.staysForGood;
  return `Of its simplest sequence${where}: ${consequence({ ...noticed, staysForGood })}`;
}

function consequence(noticed: Noticed): string {
  const { symptom } = noticed.finding;
  if (noticed.staysForGood && symptom === "over-retention") return STAYS_LONGER;
  const clause = CLAUSES[symptom];
  const told = typeof clause === "string" ? clause : clause(noticed);
  return noticed.staysForGood && symptom !== "leak" ? `${told}; ${STAYS}` : told;
}

function shownBy({ finding, step }: Noticed): Step | undefined {
  return step?.[finding.side];
}

function doubleText(noticed: Noticed): string {
  const isLogged = shownBy(noticed)?.events.some(({ kind }) => kind === "invalid-free") === true;
  return isLogged
    ? "the kernel logs an error (freeing invalid memtype)"
    : "the kernel frees a memory type that is not set, and logs nothing";
}

function refusedText(noticed: Noticed): string {
  const step = shownBy(noticed);
  if (step === undefined) return "mapping the device fails";
  const failed = step.calls?.find(({ errno }) => errno !== undefined);
  const errno = "errno" in step.result ? step.result.errno : failed?.errno;
  const what = REFUSED[noticed.step?.op.op ?? ""] ?? "a request for a cache mode fails";
  return errno === undefined ? what : `${what} (${errno})`;
}

/** What fails, by the kind of op that is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  mmap: "mapping the device fails",
  "drv-mmap": "mapping the device fails",
  fork: "fork() of a process that maps the device fails",
  mremap: "moving or growing a mapping of the device fails",
};

/** An op that ends alike on both sides and differs all the same did so in its calls, or in what it left. */
function otherResultText({ step }: Noticed): string {
  if (step === undefined) return "the same call returns another result";
  const errnoOf = ({ result }: Step) => ("errno" in result ? result.errno : null);
  const [was, is] = [errnoOf(step.before), errnoOf(step.after)];
  if (was !== is) {
    if (was === null) return `a call that works before fails after (${is})`;
    if (is === null) return `a call that fails before works after (${was})`;
    return `a call fails on both sides, with another error (${was} before, ${is} after)`;
  }
  const callsOf = ({ calls = [] }: Step) => calls.map(({ errno }) => errno ?? "ok").join();
  return callsOf(step.before) === callsOf(step.after)
    ? "a call returns the same on both sides and has another effect"
    : "calls of the driver return other results";
}
