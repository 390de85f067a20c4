import { type CauseId, causeName } from "./causes.ts";
import {
  type Finding,
  type JudgedFinding,
  type Side,
  type Symptom,
  SYMPTOMS,
  type Verdict,
} from "./finding.ts";

/** Numbers for names, given out as names come up; there are few and they stay. */
class Names {
  private readonly ids = new Map<string, number>();

  idOf(name: string): number {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    this.ids.set(name, this.ids.size);
    return this.ids.size - 1;
  }
}

/** Causes of findings between the sides are made of what happened; all others are of the list. */
const FREE_CAUSES = 128;
const freeCauses = new Names();
const symptoms = new Names();
const kinds = new Names();
/** A set of kinds is one number of 32 bits. */
const MOST_KINDS = 32;
const NO_KIND = kindBit("");

/** The number of a symptom and cause, equal for both sides. */
function keyOf(symptom: Symptom, cause: CauseId | string): number {
  const id = typeof cause === "string" ? FREE_CAUSES + freeCauses.idOf(cause) : cause;
  return id * SYMPTOMS.length + symptoms.idOf(symptom);
}

/** The bit of a kind. */
function kindBit(kind: string): number {
  const id = kinds.idOf(kind);
  if (id >= MOST_KINDS) throw new Error(`oracle: there is no room for kind ${kind}`);
  return 1 << id;
}

/**
 * A finding as the oracle holds it: its sentence is put together only when somebody reads it,
 * and its verdict is filled in once both sides are known. A campaign counts millions of these
 * and shows a few.
 */
export class SideFinding implements JudgedFinding {
  verdict: Verdict = "kept";
  signature = "";
  readonly cause: string;
  /** Stands for the symptom and the cause. */
  readonly key: number;
  readonly kindBit: number;

  constructor(
    readonly symptom: Symptom,
    private readonly of: CauseId | string,
    readonly side: Side,
    readonly step: number,
    public parted: boolean,
    readonly kind: string,
    private readonly tell: () => string,
  ) {
    this.cause = typeof of === "string" ? of : causeName(of);
    this.key = keyOf(symptom, of);
    this.kindBit = kind === "" ? NO_KIND : kindBit(kind);
  }

  get detail(): string {
    return this.tell();
  }

  /** The same finding of another side. */
  onSide(side: Side): SideFinding {
    const { symptom, of, step, parted, kind, tell } = this;
    return new SideFinding(symptom, of, side, step, parted, kind, tell);
  }

  /** The finding of one side as plain data. */
  plainFinding(): Finding {
    const { symptom, cause, side, step, parted, detail, kind } = this;
    const plain = { symptom, cause, side, step, parted, detail };
    return kind === "" ? plain : { ...plain, kind };
  }

  /** The judged finding as plain data. */
  plain(): JudgedFinding {
    return { ...this.plainFinding(), verdict: this.verdict, signature: this.signature };
  }
}
