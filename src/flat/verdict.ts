/** Verdicts of a trace's findings, as src/oracle/verdict.ts gives them. */
import { causeName } from "../oracle/causes.ts";
import {
  type JudgedFinding,
  type Side,
  SIDES,
  type Symptom,
  SYMPTOMS,
  type Verdict,
  VERDICTS,
} from "../oracle/finding.ts";
import { CACHE_MODES, SHORT_MODE } from "../pat/cachemode.ts";
import { outcomeOf } from "./errno.ts";
import { FIRST_FREE_CAUSE, freeCauseName } from "./errnocauses.ts";
import {
  ERRNO,
  FINDING_CAUSE,
  FINDING_COUNT,
  FINDING_KIND,
  FINDING_PARTED,
  FINDING_SHIFT,
  FINDING_STEP,
  FINDING_SYMPTOM,
  MODE_KIND,
  MOST_FINDINGS,
} from "./findings.ts";

const SYMPTOM_BITS = 4;
const MOST_KEYS = 1 << 14;
/** By symptom and cause: the kinds that it occurred in, one bit each, before and after. */
const WAS = new Int32Array(MOST_KEYS);
const IS = new Int32Array(MOST_KEYS);

const FIXED = VERDICTS.indexOf("fixed");
const KEPT = VERDICTS.indexOf("kept");
const INTRODUCED = VERDICTS.indexOf("introduced");
const CHANGED = VERDICTS.indexOf("changed");

/** The names that belong to a symptom, a cause and a verdict: the same few come up again and again. */
interface Names {
  readonly symptom: Symptom;
  readonly cause: string;
  readonly verdict: Verdict;
  readonly signature: string;
}
const NAMES: (Names | undefined)[] = [];

/** Puts a finding into words: whoever reads one of millions pays for it. */
type Teller = (finding: FlatFinding) => string;

/** A finding of the flat engine; its sentence is asked for when somebody reads it. */
export class FlatFinding implements JudgedFinding {
  constructor(
    private readonly names: Names,
    readonly side: Side,
    readonly step: number,
    readonly parted: boolean,
    private readonly kindNumber: number,
    private readonly teller: Teller,
  ) {}

  get symptom(): Symptom {
    return this.names.symptom;
  }

  get cause(): string {
    return this.names.cause;
  }

  get verdict(): Verdict {
    return this.names.verdict;
  }

  get signature(): string {
    return this.names.signature;
  }

  /** The errno or cache mode, as the readable oracle names it; empty where there is none. */
  get kind(): string {
    const mode = CACHE_MODES[this.kindNumber - MODE_KIND];
    if (mode !== undefined) return SHORT_MODE[mode];
    return outcomeOf(this.kindNumber) ?? "";
  }

  get detail(): string {
    return this.teller(this);
  }
}

/** The sentence that the readable path has for one of a trace's findings: of equal ones in order. */
function sentenceOf(
  finding: FlatFinding,
  all: readonly FlatFinding[],
  told: readonly JudgedFinding[],
): string {
  const { step, side, signature, kind } = finding;
  const isEqual = (other: JudgedFinding) =>
    other.step === step &&
    other.side === side &&
    other.signature === signature &&
    (other.kind ?? "") === kind;
  const nth = all.filter(isEqual).indexOf(finding);
  const equal = told.filter(isEqual)[nth];
  if (equal === undefined) throw new Error(`flat: only the fast path shows ${signature}`);
  return equal.detail;
}

function keyAt(at: number): number {
  return ((FINDING_CAUSE[at] as number) << SYMPTOM_BITS) | (FINDING_SYMPTOM[at] as number);
}

function namesOf(key: number, verdict: number): Names {
  const at = key * VERDICTS.length + verdict;
  return (NAMES[at] ??= newNames(key, VERDICTS[verdict] as Verdict));
}

function newNames(key: number, verdict: Verdict): Names {
  const symptom = SYMPTOMS[key & ((1 << SYMPTOM_BITS) - 1)] as Symptom;
  const id = key >> SYMPTOM_BITS;
  const cause = id < FIRST_FREE_CAUSE ? causeName(id) : freeCauseName(id);
  return { symptom, cause, verdict, signature: `${verdict}:${symptom}:${cause}` };
}

/** The kinds of a side's findings are noted, or forgotten again. */
function noteKinds(s: number, kinds: Int32Array, isNoted: boolean): void {
  const base = s << FINDING_SHIFT;
  for (let at = base; at < base + (FINDING_COUNT[s] as number); at++) {
    const key = keyAt(at);
    kinds[key] = isNoted ? (kinds[key] as number) | (1 << (FINDING_KIND[at] as number)) : 0;
  }
}

/** On both sides it is kept, unless it shows at one step in two kinds and nowhere in the same. */
function verdictOf(at: number): number {
  if (FINDING_SYMPTOM[at] === ERRNO) return CHANGED;
  const key = keyAt(at);
  const [before, after] = [WAS[key] as number, IS[key] as number];
  if (before === 0) return INTRODUCED;
  if (after === 0) return FIXED;
  return (before & after) === 0 && meets(key) ? CHANGED : KEPT;
}

/** Whether both sides show it at one and the same step; seldom asked. */
function meets(key: number): boolean {
  for (let at = 0; at < (FINDING_COUNT[0] as number); at++) {
    if (keyAt(at) !== key) continue;
    for (let n = 0; n < (FINDING_COUNT[1] as number); n++) {
      const other = MOST_FINDINGS + n;
      if (keyAt(other) === key && FINDING_STEP[other] === FINDING_STEP[at]) return true;
    }
  }
  return false;
}

/**
 * The findings of the trace in the order of their steps, the before side's first. `readable` runs the
 * trace the readable way, for their sentences.
 */
export function judgedFindings(readable: () => readonly JudgedFinding[]): FlatFinding[] {
  noteKinds(0, WAS, true);
  noteKinds(1, IS, true);
  const findings: FlatFinding[] = [];
  const teller: Teller = (finding) => sentenceOf(finding, findings, readable());
  const [count, others] = [FINDING_COUNT[0] as number, FINDING_COUNT[1] as number];
  for (let at = 0, other = 0; at < count || other < others; ) {
    const isFirst =
      at < count &&
      (other === others ||
        (FINDING_STEP[at] as number) <= (FINDING_STEP[MOST_FINDINGS + other] as number));
    const place = isFirst ? at++ : MOST_FINDINGS + other++;
    findings.push(findingAt(place, isFirst ? SIDES[0] : SIDES[1], teller));
  }
  noteKinds(0, WAS, false);
  noteKinds(1, IS, false);
  return findings;
}

function findingAt(at: number, side: Side, teller: Teller): FlatFinding {
  return new FlatFinding(
    namesOf(keyAt(at), verdictOf(at)),
    side,
    FINDING_STEP[at] as number,
    FINDING_PARTED[at] === 1,
    FINDING_KIND[at] as number,
    teller,
  );
}
