import type { Finding, JudgedFinding, Side, Symptom, Verdict } from "./finding.ts";

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

const keys = new Names();
const kinds = new Names();
/** A set of kinds is one number of 32 bits. */
const MOST_KINDS = 32;

/** The number of a symptom and cause, equal for both sides. */
function keyOf(symptom: Symptom, cause: string): number {
  return keys.idOf(`${symptom}:${cause}`);
}

/** The bit of a kind. */
function kindBit(kind: string): number {
  const id = kinds.idOf(kind);
  if (id >= MOST_KINDS) throw new Error(`oracle: there is no room for kind ${kind}`);
  return 1 << id;
}

const keyTable = new Map<Symptom, Map<string, number>>();

/** keyOf() without building the joined name each time. */
function quickKey(symptom: Symptom, cause: string): number {
  let causes = keyTable.get(symptom);
  if (causes === undefined) keyTable.set(symptom, (causes = new Map()));
  let key = causes.get(cause);
  if (key === undefined) causes.set(cause, (key = keyOf(symptom, cause)));
  return key;
}

/**
 * A finding as the oracle holds it: its sentence is put together only when somebody reads it,
 * and its verdict is filled in once both sides are known. A campaign counts millions of these
 * and shows a few.
 */
export class ToldFinding implements JudgedFinding {
  verdict: Verdict = "kept";
  signature = "";
  /** Stands for the symptom and the cause. */
  readonly key: number;
  readonly kindBit: number;

  constructor(
    readonly symptom: Symptom,
    readonly cause: string,
    readonly side: Side,
    readonly step: number,
    readonly parted: boolean,
    readonly kind: string,
    private readonly tell: () => string,
  ) {
    this.key = quickKey(symptom, cause);
    this.kindBit = kindBit(kind);
  }

  get detail(): string {
    return this.tell();
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
